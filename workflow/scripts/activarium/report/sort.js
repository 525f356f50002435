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

