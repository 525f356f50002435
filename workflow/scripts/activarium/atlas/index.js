// The matrix: sorted by any column, filtered by rows and columns, its intervals on hover and focus.

const form = document.querySelector(".filters");
const table = document.querySelector(".matrix table");
const all = [...table.tHead.rows[0].cells];
const heads = all.filter((head) => head.dataset.dataset !== undefined); // of settings
const start = all.length - heads.length; // behind the name, the counts and the cost
const rows = [...table.tBodies[0].rows];
const names = [...document.querySelectorAll("#untrained li")];
const tip = document.getElementById("tip");
const search = document.getElementById("search");
const COLUMNS_OF_A_PAGE = 12;
const CELL = ".matrix td a";
let told = null;
const choices = [...form.querySelectorAll("select")];

function matches(element, of) {
  return choices.every((c) => c.dataset.of !== of || !c.value || element.dataset[c.id] === c.value);
}

const label = (element) => element.querySelector("a").textContent.toLowerCase();

// By its label; a word that is in no label is searched in addresses, formulas, descriptions, papers.
function finds(word) {
  const named = [...rows, ...names].some((element) => label(element).includes(word));
  return (element) => (named ? label(element) : element.dataset.words).includes(word);
}

function filter() {
  const found = finds(search.value.trim().toLowerCase());
  const shown = heads.map((head) => matches(head, "column"));
  heads.forEach((head, k) => { head.hidden = !shown[k]; });
  let n = 0;
  for (const row of rows) {
    const cells = [...row.cells];
    cells.slice(start).forEach((cell, k) => { cell.hidden = !shown[k]; });
    const ran = cells.slice(start).filter((cell, k) => shown[k] && cell.dataset.v !== "");
    row.hidden = !(ran.length && matches(row, "row") && found(row));
    if (!row.classList.contains("control")) tell(cells, counts(cells.slice(start), shown));
    n += !row.hidden;
  }
  for (const name of names) {
    name.hidden = !(matches(name, "row") && found(name));
  }
  document.getElementById("shown").textContent =
    `${n} of ${rows.length} activations, ${shown.filter(Boolean).length} of ${heads.length} settings`;
}

// [better, worse, all] of a row's cells that are shown; one counts once whose runs another has, too.
function counts(cells, shown) {
  const held = (cell) => (cell.dataset.held ?? "").split(" ").some((k) => shown[k]);
  const told = cells.filter((cell, k) => shown[k] && cell.dataset.v !== "" && cell.className !== "same" && !held(cell));
  return [...["better", "worse"].map((word) => told.filter((cell) => cell.className === word).length), told.length];
}

function tell(cells, numbers) {
  numbers.forEach((n, k) => { cells[k + 1].textContent = n; });
}

// For paper: the matrix in parts that are as wide as a page, as it is sorted and filtered.
function split() {
  unsplit();
  const shown = all.flatMap((head, k) => (k && !head.hidden ? [k] : []));
  for (let from = 0; from < shown.length; from += COLUMNS_OF_A_PAGE) {
    const kept = new Set([0, ...shown.slice(from, from + COLUMNS_OF_A_PAGE)]);
    const part = document.getElementById("parts").appendChild(table.cloneNode(true));
    for (const row of part.rows) [...row.cells].forEach((cell, k) => { if (!kept.has(k)) cell.remove(); });
  }
}

function unsplit() {
  document.getElementById("parts").replaceChildren();
}

// What is told about: the cell under the mouse, else the one that has the focus.
function point(event) {
  told = event.target.closest?.(CELL) ?? document.activeElement.closest(CELL);
  tip.hidden = !told;
  if (told) tip.textContent = told.querySelector(".more").textContent.trim();
  place();
}

function place() {
  if (tip.hidden) return;
  const box = told.getBoundingClientRect();
  const left = Math.min(box.left, innerWidth - tip.offsetWidth - 8);
  tip.style.left = `${Math.max(8, left)}px`;
  tip.style.top = `${box.bottom + 4}px`;
}

form.hidden = false;
form.addEventListener("input", filter);
form.addEventListener("submit", (event) => event.preventDefault());
form.addEventListener("reset", () => setTimeout(filter));
table.addEventListener("click", (event) => {
  const button = event.target.closest("thead button");
  if (button) sort(button);
});
table.addEventListener("focusin", ({ target }) => { // by keyboard, beside the names and below the heads
  if (target.matches(":focus-visible")) target.scrollIntoView({ block: "nearest", inline: "nearest" });
});
for (const name of ["mouseover", "focusin"]) document.addEventListener(name, point);
document.addEventListener("scroll", place, { capture: true, passive: true });
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") tip.hidden = true;
});
addEventListener("beforeprint", split);
addEventListener("afterprint", unsplit);
filter();
