// The board's own script: say when the connection is lost, and speak the figures when they change.
"use strict";

const lost = document.getElementById("connection");
const lastUpdate = document.getElementById("last-update");
const announcement = document.getElementById("announcement");
let spoken = document.querySelector("[data-announce]")?.textContent;

// How many minutes an incident has been open: the page is sent again only when something else has changed.
let shownAt = performance.now();
const countMinutes = () => {
  const passed = (performance.now() - shownAt) / 1000;
  for (const each of document.querySelectorAll("[data-age]")) {
    each.textContent = Math.floor((Number(each.dataset.age) + passed) / 60);
  }
};
setInterval(countMinutes, 5000);

// What a reader has opened stays open when the region is replaced, and the focus within stays where it was.
let opened = [];
let focused = null;
document.body.addEventListener("htmx:beforeSwap", () => {
  opened = [...document.querySelectorAll("details[open][id]")].map((each) => each.id);
  focused = document.activeElement?.id;
});

let unfolded = [];
addEventListener("beforeprint", () => {
  unfolded = [...document.querySelectorAll("details:not([open])")];
  for (const each of unfolded) each.open = true;
});
addEventListener("afterprint", () => {
  for (const each of unfolded) each.open = false;
});

document.body.addEventListener("htmx:afterRequest", (event) => {
  const answered = event.detail.successful;
  lost.hidden = answered;
  const time = answered && event.detail.xhr.getResponseHeader("Board-Time");
  if (time) lastUpdate.textContent = time;
});

// The region that changes is replaced as a whole, so a screen reader would read all of it: the figures are enough.
document.body.addEventListener("htmx:afterSwap", () => {
  shownAt = performance.now();
  for (const id of opened) document.getElementById(id)?.setAttribute("open", "");
  if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
  const figures = document.querySelector("[data-announce]")?.textContent;
  if (figures && figures !== spoken) announcement.textContent = figures;
  spoken = figures;
});
