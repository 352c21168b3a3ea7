// Asks for open alarms while the page lives, in the background as well: a worker's clock is not slowed down there.
"use strict";

let version = "";
let flashing = null;

async function ask(address) {
  let answer;
  try {
    answer = await fetch(`${address}?version=${encodeURIComponent(version)}`, { redirect: "manual", cache: "no-store" });
  } catch { return true; }
  // Signed out, or not for this account any more: nobody asks again until the next page.
  if (answer.type === "opaqueredirect" || answer.status === 401 || answer.status === 403) return false;
  if (answer.status !== 200) return true;
  try {
    const told = await answer.json();
    version = told.version;
    postMessage({ alarms: told.alarms });
  } catch { /* the next answer may be whole */ }
  return true;
}

onmessage = async (event) => {
  if (event.data.flash !== undefined) {
    clearInterval(flashing);
    flashing = event.data.flash ? setInterval(() => postMessage({ tick: true }), 1000) : null;
    return;
  }
  const { address, every } = event.data;
  while (await ask(address)) await new Promise((done) => setTimeout(done, every));
};
