// Once the page stands: look out for alarms. Without scripts it shows what was open when it was loaded.
"use strict";

addEventListener("load", () => import(document.getElementById("new-alarms").dataset.alarms));
