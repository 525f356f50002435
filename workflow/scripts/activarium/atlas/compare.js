"use strict";
// Two activations side by side, from the data in the page; the address names the pair.

const data = JSON.parse(document.getElementById("data").textContent);
const first = document.getElementById("first");
const second = document.getElementById("second");
const result = document.getElementById("result");
const numbers = new Map(data.activations.map(([address], k) => [address, k]));
const SIGNS = { better: "▲", worse: "▼", equivalent: "≈", "not shown": "·" };
const HEADS = ["Setting", "Verdict", "Difference, pp", "", "Interval, pp", "Pairs", "First, %", "Second, %"];

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
    const [, , diff, low, high, verdict, pairs, , , repeated] = contrast;
    const turned = { better: "worse", worse: "better" }[verdict] ?? verdict;
    return control === b ? { diff, low, high, verdict, pairs, repeated }
      : { diff: -diff, low: high === null ? null : -high, high: low === null ? null : -low, verdict: turned, pairs, repeated };
  }
  const pair = data.pairs.find((p) => p[0] === k && ((p[1] === a && p[2] === b) || (p[1] === b && p[2] === a)));
  if (!pair) return null;
  const [, one, , diff, low, high, p, pairs, repeated] = pair;
  const sign = one === a ? 1 : -1;
  const ends = low === null ? [null, null] : [sign * low, sign * high].sort((x, y) => x - y);
  return { diff: sign * diff, low: ends[0], high: ends[1], p, pairs, repeated };
}

function verdictText(of) {
  if (of.verdict) return `${SIGNS[of.verdict] ?? "="} ${of.verdict}`;
  if (of.p === null) return "· not tested";
  const shown = of.p < LEVEL;
  const word = shown ? (of.diff > 0 ? "▲ higher" : "▼ lower") : "· not shown";
  return `${word}, exploratory, p ${of.p < 0.001 ? "< 0.001" : of.p.toFixed(3)}`;
}

function kind(of) {
  if (of.verdict) return of.verdict.replaceAll(" ", "-");
  return of.p !== null && of.p < LEVEL ? (of.diff > 0 ? "better" : "worse") : "not-shown";
}

// How far the scale of all rows reaches: one far row flattens no other, as on the cards.
function scale(said) {
  const far = said.filter(([, of]) => of)
    .map(([, of]) => Math.max(...[of.diff, of.low ?? 0, of.high ?? 0].map(Math.abs))).sort((x, y) => x - y);
  const middle = (far[(far.length - 1) >> 1] + far[far.length >> 1]) / 2;
  return far.length ? Math.max(0.01, Math.min(far[far.length - 1], 4 * middle)) : 0.01;
}

// A strip on that scale: 0, the interval and the difference, beyond the scale an arrow at its end.
function strip(cell, of, limit) {
  const add = (parent, tag, attributes) => {
    const element = parent.appendChild(document.createElementNS("http://www.w3.org/2000/svg", tag));
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    return element;
  };
  const x = (v) => (120 + (114 * Math.max(-limit, Math.min(limit, v))) / limit).toFixed(1);
  const svg = add(cell, "svg", { class: "strip", viewBox: "0 0 240 18", "aria-hidden": "true" });
  add(svg, "path", { class: "zero", d: "M120 0V18" });
  if (of.low !== null) add(svg, "path", { d: `M${x(of.low)} 9H${x(of.high)}` });
  const end = Number(x(of.diff)), back = end - 6 * Math.sign(of.diff);
  if (Math.abs(of.diff) > limit) add(svg, "path", { d: `M${back} 4L${end} 9L${back} 14z` });
  else add(svg, "circle", { cx: end, cy: 9, r: 4 });
}

function line(body, of, k, a, b, limit) {
  const setting = data.settings[k];
  const cell = (n) => data.cells.find((c) => c[0] === k && c[1] === n);
  const row = add(body, "tr");
  const head = add(row, "th", "", { scope: "row" });
  add(head, "a", `${setting.dataset}; ${setting.what}`, { href: setting.report });
  add(head, "small", ` ${setting.study}`);
  if (of) {
    add(row, "td", verdictText(of), { class: `words ${kind(of)}` });
    add(row, "td", points(of.diff));
    strip(add(row, "td", "", { class: kind(of) }), of, limit);
    add(row, "td", of.low === null ? "–" : `${points(of.low)} to ${points(of.high)}`);
    add(row, "td", String(of.pairs));
  } else {
    add(row, "td", "not compared", { class: "words" });
    for (let n = 0; n < 4; n++) add(row, "td", "–");
  }
  for (const n of [a, b]) add(row, "td", percent(cell(n)[2]));
}

function table(said, a, b) {
  const [one, two] = [a, b].map((n) => data.activations[n][1]);
  const box = add(result, "div", "", { class: "wide", tabindex: "0", role: "group", "aria-label": `${one} against ${two}` });
  const drawn = add(box, "table", "", { class: "settings" });
  const head = add(add(drawn, "thead"), "tr");
  const names = HEADS.map((text) => text.replace("First", one).replace("Second", two));
  names.forEach((text, k) => add(head, text ? "th" : "td", text, k === 1 ? { scope: "col", class: "words" } : text ? { scope: "col" } : {}));
  const body = add(drawn, "tbody");
  const limit = scale(said);
  for (const [k, of] of said) line(body, of, k, a, b, limit);
}

// "SiLU is higher in 11 and lower in 2. In 10 no difference is shown."
function counts(counted, one, words) {
  const count = (word) => counted.filter(([, of]) => kind(of) === word).length;
  const equal = count("equivalent"), open = count("not-shown"), same = count("the-same-runs");
  return `${one} is ${words[0]} in ${count("better")} and ${words[1]} in ${count("worse")}.` +
    (equal ? ` In ${equal} they are equivalent.` : "") + (open ? ` In ${open} no difference is shown.` : "") +
    (same ? ` In ${same} their runs are the same.` : "");
}

function summarize(counted, a, b) {
  const [one, two] = [a, b].map((n) => data.activations[n][1]);
  const tested = counted.every(([, of]) => of.verdict); // by the studies themselves
  const words = tested ? ["better", "worse"] : ["higher", "lower"];
  const say = (text) => add(summary, "p", text);
  say(`${one} and ${two} were compared in ${settings(counted.length)}. ${counts(counted, one, words)}`);
  const tuned = counted.filter(([k]) => data.settings[k].tuned);
  if (!tuned.length) say("None of these has tuned rates.");
  else say(`Of these, ${tuned.length} with tuned rates: ${counts(tuned, one, words)} That is so at the rates chosen. The reports say what would stand after another tuning.`);
  return tested;
}

const settings = (n) => `${n} setting${n === 1 ? "" : "s"}`;

// What the summary leaves out: the ends, the cost, the cards, and what kind of verdicts these are.
function explain(counted, a, b, tested) {
  const list = add(details, "ul");
  const ordered = [...counted].sort((x, y) => x[1].diff - y[1].diff);
  const end = (item, [k, of]) => {
    const { dataset, what, study, report } = data.settings[k];
    add(item, "span", `${points(of.diff)} pp in `);
    add(item, "a", `${dataset}; ${what}`, { href: report });
    add(item, "span", ` (${study})`);
  };
  for (const [word, place] of [["Lowest", 0], ["Highest", -1]]) {
    const item = add(list, "li", `${word} difference: `);
    end(item, ordered.at(place));
  }
  for (const n of [a, b]) {
    const [address, name, time, saved] = data.activations[n];
    const item = add(list, "li");
    add(item, "a", name, { href: `activation/${encodeURIComponent(address)}/index.html` });
    add(item, "span", `: ${time === null ? "training time not measured" : `${time.toFixed(2)} × the training time of ReLU, the median of its settings`}; ` +
      (saved === null ? "memory not measured" : `${saved} B kept for each element`));
  }
  if (!tested) add(details, "p", "These are exploratory, except where one of the two is a study’s control.", { class: "quiet" });
}

function show() {
  const [a, b] = [first.value, second.value].map((address) => numbers.get(address));
  history.replaceState(null, "", `#${encodeURIComponent(first.value)}~${encodeURIComponent(second.value)}`);
  const ran = (n) => new Set(data.cells.filter((c) => c[1] === n).map((c) => c[0]));
  const both = [...ran(a)].filter((k) => a !== b && ran(b).has(k));
  for (const part of [result, summary, details]) part.replaceChildren();
  if (!both.length) {
    const [one, two] = [a, b].map((n) => data.activations[n][1]);
    add(summary, "p", a === b ? "Choose two different activations." : `No study trained both ${one} and ${two}.`);
    return;
  }
  const said = both.map((k) => [k, found(k, a, b)]);
  const counted = said.filter(([, of]) => of && !of.repeated); // each run once
  table(said, a, b);
  if (counted.length) explain(counted, a, b, summarize(counted, a, b));
  else add(summary, "p", "Both were trained in these settings, but no seeds are compared.");
}

const summary = document.getElementById("summary");
const details = document.getElementById("details");
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
