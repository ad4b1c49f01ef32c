// Keeps the door's page for when there is no network. It holds no ticket: the list is in the browser's own storage.
const PAGE = "/door/offline";
const CACHE = "door";

self.addEventListener("install", (event) => {
  event.waitUntil(
    caches
      .open(CACHE)
      .then((cache) => cache.add(PAGE))
      .then(() => self.skipWaiting()),
  );
});
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
self.addEventListener("fetch", (event) => {
  if (new URL(event.request.url).pathname !== PAGE) return;
  event.respondWith(
    fetch(event.request)
      .then(async (answer) => {
        if (answer.ok) (await caches.open(CACHE)).put(PAGE, answer.clone());
        return answer;
      })
      .catch(async () => (await caches.match(PAGE)) ?? Response.error()),
  );
});
