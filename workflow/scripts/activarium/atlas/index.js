// The matrix: sorted by any column, filtered by rows and columns, its intervals on hover and focus.

const form = document.querySelector(".filters");
const table = document.querySelector(".matrix table");
const heads = [...table.tHead.rows[0].cells].slice(1);
const rows = [...table.tBodies[0].rows];
const names = [...document.querySelectorAll("#untrained li")];
const tip = document.getElementById("tip");
const search = document.getElementById("search");
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
    cells.slice(1).forEach((cell, k) => { cell.hidden = !shown[k]; });
    const ran = cells.slice(1).some((cell, k) => shown[k] && cell.dataset.v !== "");
    row.hidden = !(ran && matches(row, "row") && found(row));
    n += !row.hidden;
  }
  for (const name of names) {
    name.hidden = !(matches(name, "row") && found(name));
  }
  document.getElementById("shown").textContent =
    `${n} of ${rows.length} activations, ${shown.filter(Boolean).length} of ${heads.length} settings`;
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
for (const name of ["mouseover", "focusin"]) document.addEventListener(name, point);
document.addEventListener("scroll", place, { capture: true, passive: true });
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") tip.hidden = true;
});
filter();
