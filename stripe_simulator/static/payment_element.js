// The payment form in its frame. Card numbers never leave this origin: the page outside only learns whether the form
// is complete.
import { BRAND_PICTURES } from "./brand_pictures.js";
import { isCheckoutPath, listenToPage, post, sendToPage, start } from "./frame.js";
import { brandOf, fieldAtFault, FIELDS, PAYMENT_METHODS } from "./payment_methods.js";

const byId = (id) => document.getElementById(id);
const form = byId("form");
const cardTab = byId("tab-card");
const debitTab = byId("tab-debit");

let offered = ["card"]; // the payment methods of the session; one debit at most is shown
let type = "card"; // the one that is chosen
let isFree = false;

function offeredDebit() {
  return offered.find((one) => one !== "card") ?? null;
}

// ---- Looks

const VARIABLES = {
  colorPrimary: "--primary",
  colorBackground: "--background",
  colorText: "--text",
  colorDanger: "--danger",
  colorTextSecondary: "--muted",
  colorTextPlaceholder: "--muted",
  borderRadius: "--radius",
  fontFamily: "--font",
  fontSizeBase: "--size",
};
const NIGHT = {
  colorPrimary: "#85d996",
  colorBackground: "#30313d",
  colorText: "#ffffff",
  colorTextSecondary: "#c7c8d1",
};

function applyAppearance(appearance) {
  const { style } = document.documentElement;
  const isNight = appearance?.theme === "night";
  const values = { ...(isNight && NIGHT), ...appearance?.variables };
  if (isNight) style.setProperty("--border", "#4a4b58");
  for (const [name, property] of Object.entries(VARIABLES)) {
    const value = values[name];
    if (typeof value === "string" && !/[;{}]|url\(/i.test(value)) style.setProperty(property, value);
  }
  if (isNight || !values.colorBackground || !values.colorText) return;
  style.setProperty("--border", "color-mix(in srgb, var(--text) 16%, var(--background))");
  if (!values.colorTextSecondary) {
    style.setProperty("--muted", "color-mix(in srgb, var(--text) 68%, var(--background))");
  }
}

function showBrand() {
  const brand = brandOf(byId("number").value);
  const pictures = brand ? [brand] : ["visa", "mastercard"];
  byId("brand").innerHTML = pictures.map((one) => BRAND_PICTURES[one]).join("");
  byId("cvc").placeholder = brand === "amex" ? "4 digits" : "CVC";
}

// ---- Fields

function textsOf(method) {
  return Object.fromEntries(PAYMENT_METHODS[method].fields.map((id) => [id, byId(id).value]));
}

function methodOf(id) {
  return Object.keys(PAYMENT_METHODS).find((method) => PAYMENT_METHODS[method].fields.includes(id));
}

function errorOf(id) {
  return FIELDS[id].check(byId(id).value, textsOf(methodOf(id)));
}

// Shows an error beside its field, or takes it away for null.
function showError(id, error) {
  const message = error ? error.message : "";
  byId(id).setAttribute("aria-invalid", String(Boolean(error)));
  const place = byId(`${id}-error`);
  if (place.textContent !== message) place.textContent = message; // an alert that is written anew is read out anew
}

// Shows what is wrong with every field and returns the first that is wrong, or null.
function checkForm() {
  if (isFree) return null;
  let first = null;
  for (const id of PAYMENT_METHODS[type].fields) {
    const error = errorOf(id);
    showError(id, error);
    if (error) first ??= { id, ...error };
  }
  return first;
}

let lastState = "";

// Tells the page whether the form is complete, if that or the method has changed.
function sendState() {
  const { fields } = PAYMENT_METHODS[type];
  const message = {
    type: "change",
    value: { type },
    complete: isFree || fields.every((id) => !errorOf(id)),
    empty: fields.every((id) => !byId(id).value),
  };
  const state = JSON.stringify(message);
  if (state === lastState) return;
  lastState = state;
  sendToPage(message);
}

// Writes the text of an input as it should look and keeps the caret behind the same letter or digit.
function reformat(input, format) {
  const caret = input.selectionStart;
  const before = input.value.slice(0, caret).replace(/[^0-9A-Za-z]/g, "").length;
  const text = format(input.value);
  if (text === input.value) return;
  const wasAtEnd = caret === input.value.length;
  input.value = text;
  if (document.activeElement !== input) return;
  let position = 0;
  for (let seen = 0; position < text.length && seen < before; position += 1) {
    if (/[0-9A-Za-z]/.test(text[position])) seen += 1;
  }
  if (wasAtEnd) position = text.length;
  input.setSelectionRange(position, position);
}

function onInput(id) {
  const input = byId(id);
  const { format, showsWhileTyping } = FIELDS[id];
  reformat(input, format);
  if (id === "number") showBrand();
  const error = errorOf(id);
  if (error && showsWhileTyping?.(error, input.value)) showError(id, error);
  else if (!error || input.getAttribute("aria-invalid") === "true") showError(id, null);
  sendState();
}

for (const id of Object.keys(FIELDS)) {
  const input = byId(id);
  input.addEventListener("input", () => onInput(id));
  input.addEventListener("blur", () => {
    if (input.value) showError(id, errorOf(id));
  });
}

// ---- Tabs

function chooseMethod(method, { focus = false } = {}) {
  type = method;
  for (const [name, { panel }] of Object.entries(PAYMENT_METHODS)) byId(panel).hidden = isFree || name !== type;
  const chosen = type === "card" ? cardTab : debitTab;
  for (const tab of [cardTab, debitTab]) {
    tab.setAttribute("aria-selected", String(tab === chosen));
    tab.tabIndex = tab === chosen ? 0 : -1;
  }
  if (focus) chosen.focus();
  sendState();
}

for (const [tab, own, other] of [
  [cardTab, () => "card", offeredDebit],
  [debitTab, offeredDebit, () => "card"],
]) {
  tab.addEventListener("click", () => chooseMethod(own()));
  tab.addEventListener("keydown", (event) => {
    if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
    event.preventDefault();
    chooseMethod(other(), { focus: true });
  });
}

// Takes what the page tells of the session and the looks.
function setFacts(facts) {
  if (facts.appearance) applyAppearance(facts.appearance);
  if (facts.methods) offered = facts.methods;
  if (facts.free !== undefined) isFree = Boolean(facts.free);
  const debit = offeredDebit();
  const takesCards = offered.includes("card");
  const shown = PAYMENT_METHODS[debit ?? "us_bank_account"];
  document.querySelector(".tabs").hidden = isFree || !debit || !takesCards;
  byId("debit-name").textContent = shown.label;
  debitTab.setAttribute("aria-controls", shown.panel);
  byId("free").hidden = !isFree;
  chooseMethod(takesCards && (type === "card" || !debit) ? "card" : debit);
}

// ---- Paying

function paymentMethodParameters() {
  const values = { type, ...PAYMENT_METHODS[type].parameters(textsOf(type)) };
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [`payment_method[${name}]`, value]));
}

async function pay({ path, values }) {
  const wrong = checkForm();
  if (wrong) {
    byId(wrong.id).focus();
    return { error: { type: "validation_error", code: wrong.code, message: wrong.message } };
  }
  if (!isCheckoutPath(path)) return { error: { message: "Invalid request." } };
  const parameters = { ...values, ...paymentMethodParameters() };
  let answer;
  try {
    answer = await post(path, parameters);
  } catch {
    return { error: { type: "api_connection_error", message: "Stripe could not be reached. Please try again." } };
  }
  const field = answer.error && fieldAtFault(type, answer.error);
  if (field) showError(field, answer.error);
  return answer;
}

// ---- The page around the frame

const MESSAGES = {
  facts: setFacts,
  focus: () => byId(PAYMENT_METHODS[type].fields[0]).focus(),
  blur: () => document.activeElement?.blur(),
  clear: () => {
    form.reset();
    showBrand();
    sendState();
  },
  confirm: async (message) => sendToPage({ type: "result", call: message.call, result: await pay(message) }),
};

listenToPage((message) => MESSAGES[message.type]?.(message));

form.addEventListener("submit", (event) => {
  event.preventDefault();
  sendToPage({ type: "submit" });
});

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

function initialAppearance() {
  try {
    return JSON.parse(start.get("appearance") || "{}");
  } catch {
    return {}; // only the looks suffer
  }
}

applyAppearance(initialAppearance());
showBrand();
new ResizeObserver(() => {
  sendToPage({ type: "height", height: document.body.getBoundingClientRect().height });
}).observe(document.body);
sendToPage({ type: "ready" });
