// What only a script can do on the rosters' pages. Every page works without it.
"use strict";

// The first tap opens the field and is in it: typing can begin.
document.addEventListener("toggle", (event) => {
  if (event.target.matches("details.renumber[open]")) event.target.querySelector("input[name=number]").focus();
}, true);

// Rows of doors can be dragged.
let dragged = null;

function makeDraggable() {
  for (const house of document.querySelectorAll(".houses-ordering .house")) house.draggable = true;
}

document.addEventListener("dragstart", (event) => {
  dragged = event.target.closest?.(".houses-ordering .house") ?? null;
  dragged?.classList.add("house-dragged");
});
document.addEventListener("dragover", (event) => {
  const over = dragged && event.target.closest(".houses-ordering .house");
  if (!over) return;
  event.preventDefault();
  const box = over.getBoundingClientRect();
  if (over !== dragged) over.parentNode.insertBefore(dragged, event.clientY > box.top + box.height / 2 ? over.nextSibling : over);
});
document.addEventListener("drop", (event) => {
  if (dragged) event.preventDefault();
});
document.addEventListener("dragend", () => {
  const form = document.getElementById("order");
  if (!dragged || !form) return;
  dragged.classList.remove("house-dragged");
  dragged = null;
  const order = [...document.querySelectorAll(".houses-ordering .house")].map((house) => house.dataset.household);
  const fields = [...form.querySelectorAll("input[name=household]")];
  if (fields.every((field, place) => field.value === order[place])) return;
  fields.forEach((field, place) => { field.value = order[place]; });
  form.requestSubmit();
});
document.addEventListener("htmx:afterSettle", makeDraggable);
makeDraggable();
