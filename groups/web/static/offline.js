// The numbers that are kept in this browser for when there is no network.
"use strict";

// The own village's, for the head who is signed in: taken anew after an hour, and nobody else's beside them.
const { account, offline } = document.body.dataset;
async function keepRoster() {
  const own = `offline-roster-${account}`;
  for (const name of await caches.keys()) if (name.startsWith("offline-roster-") && (name !== own || offline === undefined)) await caches.delete(name);
  if (offline === undefined) return;
  await navigator.serviceWorker.register("/offline-worker.js");
  const cache = await caches.open(own);
  const kept = await cache.match("/offline-roster");
  if (kept && Date.now() - Date.parse(kept.headers.get("date")) < 3600000) return;
  const answer = await fetch("/offline-roster", { redirect: "error", cache: "no-store" });
  if (answer.ok) await cache.put("/offline-roster", answer);
}
// Loaded for a head, and where somebody signs in: then nobody is, and nothing is kept. An error page of ours takes nothing away.
if (account !== undefined && "serviceWorker" in navigator && "caches" in self) keepRoster().catch(() => { /* no room, no network */ });

// How long ago something was kept, in words of the page.
for (const each of document.querySelectorAll("time[data-age]")) {
  const hours = Math.floor((Date.now() - Date.parse(each.dateTime)) / 3600000);
  each.after(" ", hours < 24 ? each.dataset.age.replace("0", hours) : each.dataset.days.replace("0", Math.floor(hours / 24)));
}
