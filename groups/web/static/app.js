// The few things that only a script can do. Every page works without it.
"use strict";

for (const button of document.querySelectorAll("button[data-show]")) {
  const field = document.getElementById(button.dataset.show);
  const show = button.textContent;
  button.hidden = false;
  button.addEventListener("click", () => {
    const hidden = field.type === "password";
    field.type = hidden ? "text" : "password";
    button.textContent = hidden ? button.dataset.hide : show;
  });
}

// Two taps on one button are one request.
document.addEventListener("submit", (event) => {
  if (event.target.dataset.sent) {
    event.preventDefault();
    return;
  }
  event.target.dataset.sent = "1";
  setTimeout(() => delete event.target.dataset.sent, 3000);
});

for (const button of document.querySelectorAll("button[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}

// A code that came behind the # of an address, from a QR code: no server sees that part, and no history keeps it.
for (const field of document.querySelectorAll("input[data-from-fragment]")) {
  const code = location.hash.slice(1);
  if (!/^[a-z0-9-]{1,40}$/.test(code)) continue;
  history.replaceState(null, "", location.pathname + location.search);
  field.value = code;
  document.getElementById("new").focus();
}
