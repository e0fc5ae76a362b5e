"use strict";
// Keeps the pages of forms that were opened, and what they need, for when there is no network. Nothing of what is filled in
// passes here: that is the queue's (fill.js). Whoever signs out takes the kept pages along, and with them the queue's key.
const KEPT = "fangxian-pages-1", PAGE = /^\/(fill|h)\//, STATIC = /^\/static\//, LEAVING = /^\/accounts\/(logout|login|demonstration)\//;
const PATIENCE = 6000; // ms that the network has before the kept page is shown

addEventListener("install", () => skipWaiting());
addEventListener("activate", (event) => event.waitUntil(clients.claim()));

addEventListener("message", (event) => {
  const { keep, forget } = event.data || {};
  if (forget) event.waitUntil(caches.delete(KEPT));
  if (keep) event.waitUntil(keepAll(keep).then(() => event.source && event.source.postMessage({ kept: keep.length })));
});

async function keepAll(addresses) {
  const cache = await caches.open(KEPT);
  for (const address of addresses) {
    const held = STATIC.test(new URL(address, location).pathname) && (await cache.match(address));
    if (!held) await fetch(address).then((answer) => answer.ok && !answer.redirected && cache.put(address, answer)).catch(() => {});
  }
}

addEventListener("fetch", (event) => {
  const { request } = event, at = new URL(request.url);
  if (at.origin !== location.origin) return;
  if (request.method === "POST" && LEAVING.test(at.pathname)) return event.waitUntil(caches.delete(KEPT));
  if (request.method !== "GET") return;
  if (STATIC.test(at.pathname)) event.respondWith(caches.match(request).then((held) => held || fetch(request)));
  else if (PAGE.test(at.pathname) && request.mode === "navigate") event.respondWith(page(request, at));
});

async function page(request, at) {
  const address = at.pathname + (at.searchParams.has("q") ? at.search : "");
  const cache = await caches.open(KEPT), held = await cache.match(address);
  try {
    const answer = await within(fetch(request), held ? PATIENCE : 60000);
    if (answer.ok && !answer.redirected) cache.put(address, answer.clone());
    return answer;
  } catch (error) {
    if (!held) throw error;
    const body = (await held.text()).replace('<body class="fill"', '<body class="fill" data-kept');
    return new Response(body, { headers: held.headers });
  }
}

function within(promise, ms) {
  return new Promise((resolve, reject) => { setTimeout(() => reject(new Error("slow")), ms); promise.then(resolve, reject); });
}
