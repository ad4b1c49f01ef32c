// The payment form in its frame. Card numbers never leave this origin: the page outside only learns whether the form
// is complete.
import { BRAND_PICTURES } from "./brand_pictures.js";
import { fillCountries, postalCodeError, postalCodeLabel } from "./address_fields.js";
import { startElement, stateSender } from "./element_frame.js";
import { isCheckoutPath, post, sendToPage } from "./frame.js";
import { brandOf, fieldAtFault, FORMATS } from "./payment_methods.js";

const byId = (id) => document.getElementById(id);
const form = byId("form");
const tabs = [...document.querySelectorAll(".tab")];
const panels = [...document.querySelectorAll(".panel")];

// The fields of each payment method, as the server has drawn them.
const FIELDS = Object.fromEntries(
  panels.map((panel) => [panel.dataset.type, [...panel.querySelectorAll("[data-param]")].map(readField)]),
);

let offered = ["card"]; // the payment methods of the session
let type = "card"; // the one that is chosen
let isFree = false;
let hidesPlace = false; // the shop says that it asks for the address itself
let hasAddress = false; // a Billing Address Element asks for it

function readField(input) {
  const { param, format, minLength, code, noun, errorCodes } = input.dataset;
  return {
    input,
    param,
    format: FORMATS[format],
    minLength: Number(minLength),
    code,
    noun,
    errorCodes: errorCodes.split(" "),
  };
}

// ---- Looks

function showBrand() {
  const brand = brandOf(byId("number").value);
  const pictures = brand ? [brand] : ["visa", "mastercard"];
  byId("brand").innerHTML = pictures.map((one) => BRAND_PICTURES[one]).join("");
  byId("cvc").placeholder = brand === "amex" ? "4 digits" : "CVC";
}

// ---- Fields

function textsOf(fields) {
  return Object.fromEntries(fields.map(({ param, input }) => [param, input.value]));
}

function errorOf(field, fields) {
  return field.format.check(field.input.value, textsOf(fields), field);
}

// Shows an error beside its field, or takes it away for null.
function showError({ input }, error) {
  const message = error ? error.message : "";
  input.setAttribute("aria-invalid", String(Boolean(error)));
  const place = byId(`${input.id}-error`);
  if (place.textContent !== message) place.textContent = message; // an alert that is written anew is read out anew
}

// Shows what is wrong with every field and returns the first that is wrong, or null.
function checkForm() {
  if (isFree) return null;
  let first = null;
  for (const field of FIELDS[type]) {
    const error = errorOf(field, FIELDS[type]);
    showError(field, error);
    if (error) first ??= { field, ...error };
  }
  return first;
}

const send = stateSender();

// Tells the page whether the form is complete, if that or the method has changed.
function sendState() {
  const fields = FIELDS[type];
  send({
    complete: isFree || fields.every((field) => !errorOf(field, fields)),
    empty: fields.every(({ input }) => !input.value),
    value: { type },
  });
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

function onInput(field, fields) {
  const { input, format } = field;
  reformat(input, format.write);
  if (input.id === "number") showBrand();
  const error = errorOf(field, fields);
  if (error && format.showsWhileTyping?.(error, input.value)) showError(field, error);
  else if (!error || input.getAttribute("aria-invalid") === "true") showError(field, null);
  sendState();
}

for (const fields of Object.values(FIELDS)) {
  for (const field of fields) {
    field.input.addEventListener("input", () => onInput(field, fields));
    field.input.addEventListener("blur", () => {
      if (field.input.value) showError(field, errorOf(field, fields));
    });
  }
}

// ---- Where the shopper is, which Stripe asks for beside a card

const country = byId("country");
const postal = byId("postal");
const place = document.querySelector(".place");

function followCountry() {
  document.querySelector("label[for=postal]").textContent = postalCodeLabel(country.value);
  checkPlace();
}

// Shows what is wrong with the postal code, and returns it or "".
function checkPlace() {
  const message = place.hidden ? "" : postalCodeError(postal.value.trim(), country.value, false);
  postal.setAttribute("aria-invalid", String(Boolean(message)));
  byId("postal-error").textContent = message;
  return message;
}

function placeParameters(values) {
  if (type !== "card" || place.hidden || values["address[country]"]) return {};
  const code = postal.value.trim();
  return { "address[country]": country.value, ...(code && { "address[postal_code]": code }) };
}

fillCountries(country, null);
country.addEventListener("change", followCountry);
postal.addEventListener("input", () => {
  if (postal.getAttribute("aria-invalid") === "true") checkPlace();
});

// ---- Tabs

function chooseMethod(method, { focus = false } = {}) {
  type = method;
  for (const panel of panels) panel.hidden = isFree || panel.dataset.type !== type;
  for (const tab of tabs) {
    const isChosen = tab.dataset.type === type;
    tab.hidden = !offered.includes(tab.dataset.type);
    tab.setAttribute("aria-selected", String(isChosen));
    tab.tabIndex = isChosen ? 0 : -1;
    if (isChosen && focus) tab.focus();
  }
  sendState();
}

// Chooses the next tab (1) or the one before (-1); after the last one comes the first.
function chooseNeighbour(tab, step) {
  const shown = tabs.filter((one) => !one.hidden);
  const { length } = shown;
  chooseMethod(shown[(shown.indexOf(tab) + step + length) % length].dataset.type, { focus: true });
}

for (const tab of tabs) {
  tab.addEventListener("click", () => chooseMethod(tab.dataset.type));
  tab.addEventListener("keydown", (event) => {
    if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
    event.preventDefault();
    chooseNeighbour(tab, event.key === "ArrowRight" ? 1 : -1);
  });
}

// Takes what the page tells of the session.
function setFacts(facts) {
  if (facts.methods) offered = facts.methods;
  if (facts.options) {
    const { billingDetails } = facts.options.fields ?? {};
    hidesPlace = billingDetails === "never" || billingDetails?.address === "never";
  }
  if (facts.hasBillingElement !== undefined) hasAddress = facts.hasBillingElement;
  place.hidden = hidesPlace || hasAddress;
  if (facts.free !== undefined) isFree = Boolean(facts.free);
  document.querySelector(".tabs").hidden = isFree || offered.length < 2;
  byId("free").hidden = !isFree;
  chooseMethod(offered.includes(type) ? type : offered[0]);
}

// ---- Paying

function paymentMethodParameters() {
  const sent = FIELDS[type].map(({ input, param, format }) => format.send(input.value, param));
  const values = Object.assign({ type }, ...sent);
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [`payment_method[${name}]`, value]));
}

// Shows what is wrong and puts the focus there. Returns the first error, or null.
function showErrors() {
  const wrong = checkForm();
  const misplaced = type === "card" && !isFree && checkPlace();
  if (!wrong && misplaced) {
    postal.focus();
    return { type: "validation_error", code: "invalid_postal_code", message: misplaced };
  }
  if (!wrong) return null;
  wrong.field.input.focus();
  return { type: "validation_error", code: wrong.code, message: wrong.message };
}

async function pay({ path, values }) {
  const error = showErrors();
  if (error) return { error };
  if (!isCheckoutPath(path)) return { error: { message: "Invalid request." } };
  const parameters = { ...values, ...placeParameters(values), ...paymentMethodParameters() };
  let answer;
  try {
    answer = await post(path, parameters);
  } catch {
    return { error: { type: "api_connection_error", message: "Stripe could not be reached. Please try again." } };
  }
  const field = answer.error && fieldAtFault(FIELDS[type], answer.error);
  if (field) showError(field, answer.error);
  return answer;
}

// ---- The page around the frame

form.addEventListener("submit", (event) => {
  event.preventDefault();
  sendToPage({ type: "submit" });
});

function clear() {
  form.reset();
  showBrand();
  sendState();
}

// Fills in a card that is accepted, as Stripe's own testing assistant does.
function fill() {
  const texts = { number: "4242424242424242", expiry: "1234", cvc: "123" };
  if (offered.includes("card")) chooseMethod("card");
  for (const [id, text] of Object.entries(texts)) {
    byId(id).value = text;
    byId(id).dispatchEvent(new Event("input"));
  }
}

showBrand();
startElement({
  takeFacts: setFacts,
  ask: { validate: () => ({ error: showErrors() }), confirm: pay },
  clear,
  fill,
  first: () => FIELDS[type][0]?.input,
});
