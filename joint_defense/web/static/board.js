// The board's own script: say when the connection is lost, and speak the figures when they change.
"use strict";

const lost = document.getElementById("connection");
const lastUpdate = document.getElementById("last-update");
const announcement = document.getElementById("announcement");
let spoken = document.querySelector("[data-announce]")?.textContent;

document.body.addEventListener("htmx:afterRequest", (event) => {
  const answered = event.detail.successful;
  lost.hidden = answered;
  const time = answered && event.detail.xhr.getResponseHeader("Board-Time");
  if (time) lastUpdate.textContent = time;
});

// The region that changes is replaced as a whole, so a screen reader would read all of it: the figures are enough.
document.body.addEventListener("htmx:afterSwap", () => {
  const figures = document.querySelector("[data-announce]")?.textContent;
  if (figures && figures !== spoken) announcement.textContent = figures;
  spoken = figures;
});
