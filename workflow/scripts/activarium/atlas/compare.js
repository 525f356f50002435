"use strict";
// Two activations side by side, from the data in the page; the address names the pair.

const data = JSON.parse(document.getElementById("data").textContent);
const first = document.getElementById("first");
const second = document.getElementById("second");
const result = document.getElementById("result");
const numbers = new Map(data.activations.map(([address], k) => [address, k]));
const SIGNS = { better: "▲", worse: "▼", equivalent: "≈", "not shown": "·" };
const HEADS = ["Setting", "Verdict", "Difference, pp", "Interval, pp", "Pairs", "First, %", "Second, %"];

const percent = (v) => (v === null ? "–" : (100 * v).toFixed(2));
const points = (v) => (v === null ? "–" : (v > 0 ? "+" : "") + (100 * v).toFixed(2)).replace("-", "−");

function add(parent, tag, text = "", attributes = {}) {
  const element = parent.appendChild(document.createElement(tag));
  element.textContent = text;
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}

// What setting k says of a against b: of a control its verdict, turned where a is the control.
function found(k, a, b) {
  const control = data.settings[k].control;
  const other = control === b ? a : control === a ? b : null;
  const contrast = data.contrasts.find((c) => c[0] === k && c[1] === other);
  if (other !== null && contrast) {
    const [, , diff, low, high, verdict, pairs] = contrast;
    const turned = { better: "worse", worse: "better" }[verdict] ?? verdict;
    return control === b ? { diff, low, high, verdict, pairs }
      : { diff: -diff, low: high === null ? null : -high, high: low === null ? null : -low, verdict: turned, pairs };
  }
  const pair = data.pairs.find((p) => p[0] === k && ((p[1] === a && p[2] === b) || (p[1] === b && p[2] === a)));
  if (!pair) return null;
  const [, one, , diff, low, high, p, pairs] = pair;
  const sign = one === a ? 1 : -1;
  const ends = low === null ? [null, null] : [sign * low, sign * high].sort((x, y) => x - y);
  return { diff: sign * diff, low: ends[0], high: ends[1], p, pairs };
}

function verdictText(of) {
  if (of.verdict) return `${SIGNS[of.verdict] ?? "="} ${of.verdict}`;
  if (of.p === null) return "· not tested";
  const shown = of.p < LEVEL;
  const word = shown ? (of.diff > 0 ? "▲ higher" : "▼ lower") : "· not shown";
  return `${word}, exploratory, p ${of.p < 0.001 ? "< 0.001" : of.p.toFixed(3)}`;
}

function kind(of) {
  if (of.verdict) return of.verdict.replace(" ", "-");
  return of.p !== null && of.p < LEVEL ? (of.diff > 0 ? "better" : "worse") : "not-shown";
}

function line(body, k, a, b) {
  const of = found(k, a, b);
  const setting = data.settings[k];
  const cell = (n) => data.cells.find((c) => c[0] === k && c[1] === n);
  const row = add(body, "tr");
  const head = add(row, "th", "", { scope: "row" });
  add(head, "a", `${setting.dataset}; ${setting.what}`, { href: setting.report });
  add(head, "small", ` ${setting.study}`);
  if (of) {
    add(row, "td", verdictText(of), { class: `words ${kind(of)}` });
    add(row, "td", points(of.diff));
    add(row, "td", of.low === null ? "–" : `${points(of.low)} to ${points(of.high)}`);
    add(row, "td", String(of.pairs));
  } else {
    add(row, "td", "not compared", { class: "words" });
    for (let n = 0; n < 3; n++) add(row, "td", "–");
  }
  for (const n of [a, b]) add(row, "td", percent(cell(n)[2]));
  return of;
}

function show() {
  const [a, b] = [first.value, second.value].map((address) => numbers.get(address));
  const [one, two] = [a, b].map((n) => data.activations[n][1]);
  history.replaceState(null, "", `#${encodeURIComponent(first.value)}~${encodeURIComponent(second.value)}`);
  const ran = (n) => new Set(data.cells.filter((c) => c[1] === n).map((c) => c[0]));
  const both = [...ran(a)].filter((k) => a !== b && ran(b).has(k));
  result.replaceChildren();
  if (!both.length) {
    summary.textContent = a === b ? "Choose two different activations." : `No study trained both ${one} and ${two}.`;
    return;
  }
  const box = add(result, "div", "", { class: "wide", tabindex: "0", role: "group", "aria-label": `${one} against ${two}` });
  const table = add(box, "table", "", { class: "settings" });
  const head = add(add(table, "thead"), "tr");
  const names = HEADS.map((text) => text.replace("First", one).replace("Second", two));
  names.forEach((text, k) => add(head, "th", text, { scope: "col", class: k === 1 ? "words" : "" }));
  const body = add(table, "tbody");
  const runs = (k) => [a, b].map((n) => data.cells.find((c) => c[0] === k && c[1] === n)[6]).join();
  const differences = [];
  const kinds = new Map(); // by their runs: those that several studies share count once
  for (const k of both) {
    const of = line(body, k, a, b);
    if (of) differences.push(of.diff);
    if (of && !kinds.has(runs(k))) kinds.set(runs(k), kind(of));
  }
  const count = (word) => [...kinds.values()].filter((k) => k === word).length;
  summary.textContent = `${one} against ${two}: of ${kinds.size} comparisons, runs that studies share counted once, ${one} is better in ` +
    `${count("better")} and worse in ${count("worse")}; ${count("equivalent") ? `in ${count("equivalent")} they are equivalent; ` : ""}` +
    `in ${count("not-shown")} no difference is shown. ` +
    (differences.length ? `Differences run from ${points(Math.min(...differences))} to ${points(Math.max(...differences))} pp.` : "");
}

const summary = document.getElementById("summary");
const LEVEL = Number(document.getElementById("data").dataset.level);

function namedPair() {
  try {
    return location.hash.slice(1).split("~").map(decodeURIComponent);
  } catch {
    return []; // no address of ours
  }
}

function read() {
  const named = namedPair();
  const [one, two] = named.length === 2 && named.every((name) => numbers.has(name)) ? named : ["silu", "relu"];
  if (numbers.has(one)) first.value = one;
  if (numbers.has(two)) second.value = two;
  show();
}

for (const select of [first, second]) select.addEventListener("change", show);
document.getElementById("swap").addEventListener("click", () => {
  [first.value, second.value] = [second.value, first.value];
  show();
});
addEventListener("hashchange", read);
read();
