// What all elements do in their frames: they take the looks, tell their height, and say when they have the focus.
import { applyAppearance } from "./appearance.js";
import { enableControls } from "./controls.js";
import { listenToPage, sendToPage, start } from "./frame.js";

function initialAppearance() {
  try {
    return JSON.parse(start.get("appearance") || "{}");
  } catch {
    return {}; // only the looks suffer
  }
}

function tellHeight() {
  sendToPage({ type: "height", height: document.body.getBoundingClientRect().height });
}

function tellFocus() {
  let hasFocus = false;
  document.addEventListener("focusin", () => {
    if (!hasFocus) sendToPage({ type: "focus" });
    hasFocus = true;
  });
  document.addEventListener("focusout", (event) => {
    if (event.relatedTarget) return;
    hasFocus = false;
    sendToPage({ type: "blur" });
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") sendToPage({ type: "escape" });
  });
}

// Starts an element. `takeFacts` takes what the page tells of the session, `ask` has what the page asks for, by name:
// each returns the answer or a promise of it. `clear` empties the form, `fill` fills in test data, and `first` finds what
// gets the focus. The form can be used from the first facts on: they say what it asks for and may fill it in.
export function startElement({ takeFacts = () => {}, ask = {}, clear = () => {}, fill = () => {}, first }) {
  applyAppearance(initialAppearance());
  const messages = {
    facts: (facts) => {
      if (facts.appearance) applyAppearance(facts.appearance);
      takeFacts(facts);
      enableControls();
      tellHeight();
      sendToPage({ type: "shown" });
    },
    focus: () => (first?.() ?? document.querySelector("input, select, button"))?.focus(),
    blur: () => document.activeElement?.blur(),
    clear,
    fill,
  };
  listenToPage(async (message) => {
    const { type, call } = message;
    if (ask[type]) sendToPage({ type: "result", call, result: await ask[type](message) });
    else if (call !== undefined) sendToPage({ type: "result", call, result: {} });
    else messages[type]?.(message);
  });
  tellFocus();
  new ResizeObserver(tellHeight).observe(document.body);
  sendToPage({ type: "ready" });
}

// Returns a function that tells the page what the form holds, if that has changed.
export function stateSender() {
  let last = "";
  return (state) => {
    const text = JSON.stringify(state);
    if (text === last) return;
    last = text;
    sendToPage({ type: "change", ...state });
  };
}
