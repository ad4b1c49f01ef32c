// A frame of the simulator in a shop's page: how it talks to that page and to the simulator.

// What Stripe.js wrote after the # of the frame's address.
export const start = new URLSearchParams(window.location.hash.slice(1));

const channel = start.get("channel");
const pageOrigin = start.get("origin");
export const base = window.location.pathname.replace(/\/_simulator\/[^/]+$/, "");

export function sendToPage(message) {
  window.parent.postMessage({ channel, ...message }, pageOrigin === "null" ? "*" : pageOrigin);
}

export function listenToPage(handler) {
  window.addEventListener("message", (event) => {
    if (event.source !== window.parent || event.origin !== pageOrigin) return;
    if (event.data?.channel === channel) handler(event.data);
  });
}

// The page names the path: a frame calls nothing but the routes of a checkout.
export function isCheckoutPath(path) {
  return String(path).startsWith("/v1/payment_pages/");
}

// Returns what the simulator answers. Rejects when it cannot be reached.
export async function post(path, values) {
  const given = Object.entries(values).filter(([, value]) => value !== undefined && value !== null);
  const response = await fetch(base + path, {
    method: "POST",
    body: new URLSearchParams(given),
    credentials: "omit",
  });
  return response.json();
}
