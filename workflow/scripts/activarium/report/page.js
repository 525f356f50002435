"use strict";
// Tables that sort by mouse and keyboard, one activation highlighted everywhere at once, and the
// name of whatever the mouse points at in a figure, which a click highlights.

const order = (a, b) => {
  const [x, y] = [a, b].map((v) => (v === "" || isNaN(v) ? v : Number(v)));
  return typeof x === typeof y ? (x < y ? -1 : x > y ? 1 : 0) : typeof x === "number" ? -1 : 1;
};

function sort(button) {
  const head = button.closest("th");
  const column = [...head.parentNode.children].indexOf(head);
  const body = head.closest("table").tBodies[0];
  const now = head.getAttribute("aria-sort");
  const turned = now === "ascending" ? "descending" : "ascending";
  const next = now === "none" ? button.dataset.first : turned;
  const value = (row) => row.children[column].dataset.v ?? row.children[column].textContent.trim();
  const rows = [...body.rows].sort((a, b) => {
    const [x, y] = [value(a), value(b)];
    if (x === "" || y === "") return (x === "") - (y === ""); // what is missing stays last
    return next === "ascending" ? order(x, y) : order(y, x);
  });
  for (const th of head.parentNode.children) {
    if (th.hasAttribute("aria-sort")) th.setAttribute("aria-sort", th === head ? next : "none");
  }
  body.append(...rows);
}

function choose(number) {
  document.body.classList.toggle("choosing", number !== "");
  for (const element of document.querySelectorAll("[data-a]")) {
    element.classList.toggle("chosen", element.dataset.a.split(" ").includes(number));
  }
  for (const button of document.querySelectorAll("[data-choose]")) {
    button.setAttribute("aria-pressed", String(button.dataset.choose === number));
  }
  select.value = number;
}

const select = document.getElementById("choose");
select.closest("[hidden]").hidden = false;
select.addEventListener("change", () => choose(select.value));
document.addEventListener("click", (event) => {
  const mark = event.target.closest("svg [data-a], .narrow-plots [data-a]");
  if (mark) {
    const number = mark.dataset.a.split(" ")[0];
    choose(number === select.value ? "" : number);
  }
  const button = event.target.closest("button");
  if (button && "choose" in button.dataset) {
    choose(button.dataset.choose === select.value ? "" : button.dataset.choose);
  } else if (button && button.closest("table.sortable thead")) {
    sort(button);
  }
});
for (const button of document.querySelectorAll("[data-choose]")) {
  button.setAttribute("aria-pressed", "false");
}
addEventListener("beforeprint", () => {
  for (const details of document.querySelectorAll("details")) details.open = true;
});
for (const mark of document.querySelectorAll("svg [data-a]")) {
  const title = document.createElementNS("http://www.w3.org/2000/svg", "title"); // shown on hover
  const names = mark.dataset.a.split(" ").map((number) => select.options[Number(number) + 1].text);
  title.textContent = names.join(", ");
  mark.prepend(title);
}
