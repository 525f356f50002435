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
