// Answers for a page that the network does not bring: the roster that this browser has kept, or a page that says so.
// Pages are never kept otherwise: whatever the network brings is what is shown.
"use strict";

const FRAME = "offline-frame";
const ROSTER = "offline-roster-";
const AT = "/offline-roster";
const SEVEN_DAYS = 7 * 24 * 3600 * 1000;

// The page and the files that it is drawn with.
async function keepFrame() {
  const cache = await caches.open(FRAME);
  const answer = await fetch("/offline", { cache: "no-store" });
  if (!answer.ok) throw new Error("no page to keep");
  const files = [...(await answer.clone().text()).matchAll(/(?:href|src)="(\/static\/[^"#]+)"/g)].map((found) => found[1]);
  await cache.addAll([...new Set(files)]);
  await cache.put("/offline", answer);
  const wanted = new Set(files);
  for (const each of await cache.keys()) {
    const path = new URL(each.url).pathname;
    if (path.startsWith("/static/") && !wanted.has(path)) await cache.delete(each);
  }
}

async function forgetRosters(spared = () => false) {
  for (const name of await caches.keys()) if (name.startsWith(ROSTER) && !(await spared(name))) await caches.delete(name);
}

async function isFresh(name) {
  const kept = await (await caches.open(name)).match(AT);
  return kept !== undefined && Date.now() - Date.parse(kept.headers.get("date")) < SEVEN_DAYS;
}

async function showKept() {
  await forgetRosters(isFresh);
  for (const name of await caches.keys()) {
    if (name.startsWith(ROSTER)) return (await caches.open(name)).match(AT);
  }
  return (await (await caches.open(FRAME)).match("/offline")) ?? Response.error();
}

addEventListener("install", (event) => event.waitUntil(keepFrame().then(() => skipWaiting())));
addEventListener("activate", (event) => event.waitUntil(clients.claim()));
addEventListener("fetch", (event) => {
  const { request } = event;
  const { pathname } = new URL(request.url);
  if (request.method === "POST" && pathname === "/sign-out") event.waitUntil(forgetRosters());
  if (request.mode === "navigate" && request.method === "GET") {
    event.respondWith(fetch(request).catch(showKept));
  } else if (request.method === "GET" && pathname.startsWith("/static/")) {
    event.respondWith(fetch(request).catch(async () => (await caches.match(request.url, { cacheName: FRAME })) ?? Response.error()));
  }
});
