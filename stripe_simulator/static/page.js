// The hosted page: Stripe.js as any shop would use it.

const byId = (id) => document.getElementById(id);
const form = byId("pay");
const email = byId("email");
const phone = byId("phone"); // null where the session asks for none
const alertBox = byId("error");
const submit = byId("submit");
const label = submit.querySelector(".label");

let labelText = label.textContent;
let isBusy = false;

const checkout = window.Stripe(form.dataset.key).initCheckoutElementsSdk({
  clientSecret: form.dataset.secret,
  elementsOptions: { appearance: { variables: { colorPrimary: "#0b57d0" } } },
});
const element = checkout.createPaymentElement();
element.mount("#payment-element");
element.on("__submit", () => form.requestSubmit());
element.on("change", ({ empty }) => {
  if (!empty) alertBox.hidden = true; // an empty form says nothing new: the shopper may be back from a bank
});

function showAlert(message) {
  alertBox.textContent = message;
  alertBox.hidden = false;
}

function setBusy(busy) {
  isBusy = busy;
  submit.setAttribute("aria-busy", String(busy));
  label.textContent = busy ? "Processing…" : labelText;
}

// ---- Fields

// Shows what is wrong with a field, or nothing for "".
function showFieldError(input, message) {
  input.setAttribute("aria-invalid", String(Boolean(message)));
  byId(`${input.id}-error`).textContent = message;
  if (message) input.focus();
}

function emailIsValid() {
  const valid = email.readOnly || /^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(email.value.trim());
  showFieldError(email, valid ? "" : "Enter an email address such as name@example.com.");
  return valid;
}

function phoneIsValid() {
  if (!phone) return true;
  const valid = phone.value.replace(/\D/g, "").length >= 6;
  showFieldError(phone, valid ? "" : "Enter a phone number.");
  return valid;
}

form.addEventListener("input", ({ target }) => {
  if (byId(`${target.id}-error`)) showFieldError(target, "");
});

// ---- What changes the total: the server draws the summary anew

async function redrawSummary(announcement) {
  const response = await fetch(window.location.href, { cache: "no-store" });
  const fresh = new DOMParser().parseFromString(await response.text(), "text/html");
  const summary = fresh.querySelector(".summary");
  if (!summary) {
    window.location.reload(); // paid or expired meanwhile
    return;
  }
  document.querySelector(".summary").replaceWith(summary);
  labelText = fresh.querySelector("#submit .label").textContent;
  label.textContent = labelText;
  document.title = fresh.title;
  byId("said").textContent = announcement;
}

// Calls an action of Stripe.js that changes the total.
// Returns the error that the action answered with, or null after the page shows the change or an alert.
async function changeTotal(action, value, announcement) {
  if (isBusy) return null;
  setBusy(true);
  let result;
  try {
    const loaded = await checkout.loadActions();
    result = loaded.type === "error" ? loaded : await loaded.actions[action](value);
  } catch (problem) {
    showAlert(problem.message);
    return null;
  } finally {
    setBusy(false);
  }
  if (result.type === "error") return result.error;
  await redrawSummary(announcement);
  return null;
}

async function applyPromotionCode() {
  const error = await changeTotal("applyPromotionCode", byId("code").value, "Promotion code applied");
  if (error) showFieldError(byId("code"), error.message);
  else byId("remove")?.focus();
}

async function removePromotionCode() {
  await changeTotal("removePromotionCode", undefined, "Promotion code removed");
  byId("code")?.focus();
}

async function chooseShipping(rate) {
  const error = await changeTotal("updateShippingOption", rate, "Shipping method changed");
  if (error) showAlert(error.message);
}

// The summary is replaced, so its form and its button are found when something happens in them.
document.addEventListener("submit", (event) => {
  if (event.target.id !== "promotion") return;
  event.preventDefault();
  applyPromotionCode();
});
document.addEventListener("click", (event) => {
  if (event.target.id === "remove") removePromotionCode();
});
byId("shipping")?.addEventListener("change", (event) => chooseShipping(event.target.value));

// ---- Paying

// Returns what confirm() answers, the error of loading, or null when there is no total to show or a form is incomplete.
async function confirmPayment() {
  const loaded = await checkout.loadActions();
  if (loaded.type === "error") return loaded;
  if (!loaded.actions.getSession().total.total.amount) return null;
  const valid = await loaded.actions.validateElements();
  if (valid.type === "error") return null; // the form shows it
  return loaded.actions.confirm({ email: email.value.trim(), phoneNumber: phone?.value.trim() });
}

async function pay() {
  alertBox.hidden = true;
  if (isBusy || !emailIsValid() || !phoneIsValid()) return;
  setBusy(true);
  try {
    const result = await confirmPayment();
    if (result?.type === "error") showAlert(result.error.message);
  } catch (problem) {
    showAlert(problem.message);
  } finally {
    setBusy(false);
  }
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  pay();
});
