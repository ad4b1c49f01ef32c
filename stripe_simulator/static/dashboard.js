// The dashboard: asks for the page again every second, puts what changed in place, and sends what the buttons say.

import { enableControls } from "./controls.js";

const BASE = document.body.dataset.base;
const said = document.getElementById("said");
const sessionField = document.getElementById("session");

// What the page says after an action. The last part of the path names an action on a session.
const DONE = {
  clock: "The clock was moved.",
  webhooks: "From now on, events are handled that way.",
  faults: "The fault waits for its request.",
  "faults/clear": "No fault is waiting.",
  reset: "Everything is forgotten.",
  balance: "The balance was set.",
};
const SESSION_DONE = {
  pay: "The session was paid.",
  expire: "The session has expired.",
  settle_debit: "The debit was settled.",
  dispute: "The payment is disputed.",
  end_dispute: "The dispute goes on as its bank says.",
};
const NUMBERS = ["advance", "times"]; // form fields that are sent as numbers

function lastPartOf(path) {
  return path.split("/").at(-1);
}

// ---- What changes by itself

const bodies = new Map(); // address of a request or an event -> the promise of its text
let etag = null;

function liveParts(root) {
  return [...root.querySelectorAll("[data-live]")];
}

async function fetchText(url) {
  const response = await fetch(url);
  return response.text();
}

// Shows what was asked and answered, or an event. It never changes, so it is fetched once.
async function showBody(details) {
  const { body } = details.dataset;
  if (!bodies.has(body)) bodies.set(body, fetchText(`${BASE}/${body}`));
  const text = await bodies.get(body);
  const pre = details.querySelector("pre") ?? details.appendChild(document.createElement("pre"));
  pre.textContent = text;
  pre.tabIndex = 0;
}

// Puts the fresh content of a part in place; what is open stays open and what has the focus keeps it.
function replacePart(part, fresh) {
  if (part.innerHTML === fresh.innerHTML) return;
  for (const open of part.querySelectorAll("details[open]")) {
    fresh.querySelector(`details[data-body="${open.dataset.body}"]`)?.replaceWith(open);
  }
  const focused = part.contains(document.activeElement) && document.activeElement.dataset.post;
  part.replaceChildren(...fresh.childNodes);
  if (focused) part.querySelector(`[data-post="${focused}"]`)?.focus();
}

// Returns the page as HTML when it is another than the last time, or null.
async function fetchPage() {
  const headers = etag ? { "If-None-Match": etag } : {};
  let response;
  try {
    response = await fetch(window.location.href, { cache: "no-store", headers });
    if (!response.ok) return null;
    etag = response.headers.get("ETag");
    return await response.text();
  } catch {
    return null; // the simulator is gone or restarting: the next refresh tries again
  }
}

async function refresh() {
  if (document.hidden || String(window.getSelection())) return;
  const html = await fetchPage();
  if (!html) return;
  const fresh = liveParts(new DOMParser().parseFromString(html, "text/html"));
  for (const [index, part] of liveParts(document).entries()) replacePart(part, fresh[index]);
}

// ---- What the buttons do

function say(text, { isError = false } = {}) {
  said.textContent = text;
  said.classList.toggle("wrong", isError);
}

async function send(path, body) {
  let answer;
  try {
    const response = await fetch(`${BASE}/${path}`, { method: "POST", body: JSON.stringify(body) });
    answer = await response.json();
  } catch {
    say("The simulator cannot be reached.", { isError: true });
    return;
  }
  if (answer.error) say(answer.error.message, { isError: true });
  else say(DONE[path] ?? SESSION_DONE[lastPartOf(path)]);
  await refresh();
}

// Shows one session, or all of them for "".
function showSession(session) {
  const url = new URL(window.location.href);
  if (session) url.searchParams.set("session", session);
  else url.searchParams.delete("session");
  window.history.replaceState(null, "", url);
  sessionField.value = session;
  etag = null;
  refresh();
}

async function press(button) {
  const { post: path, ask, body } = button.dataset;
  if (ask && !window.confirm(ask)) return;
  const values = JSON.parse(body || "{}");
  if (lastPartOf(path) === "pay") values.card = document.getElementById("card").value;
  button.disabled = true;
  await send(path, values);
  button.disabled = false;
}

document.addEventListener("submit", (event) => {
  event.preventDefault();
  const path = event.target.dataset.post;
  if (!path) {
    showSession(sessionField.value.trim());
    return;
  }
  const values = Object.fromEntries(new FormData(event.target, event.submitter));
  for (const name of NUMBERS) if (name in values) values[name] = Number(values[name]);
  send(path, values);
});

document.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  if (button.id === "everything") showSession("");
  else if (button.dataset.show) showSession(button.dataset.show);
  else if (button.dataset.post) press(button);
});

// A toggle does not bubble, so it is caught on its way down.
document.addEventListener(
  "toggle",
  ({ target }) => {
    if (target.open && target.dataset.body) showBody(target);
  },
  true,
);

for (const details of document.querySelectorAll("details[open]")) showBody(details); // opened before this script was there
enableControls();
window.setInterval(refresh, 1000);
