// The hosted page: Stripe.js as any shop would use it. Inside a shop's page it tells that page how the payment went.
import { enableControls } from "./controls.js";
import { PageFields, showFieldError } from "./page_fields.js";
import { InsideShop } from "./page_inside.js";

const byId = (id) => document.getElementById(id);
const form = byId("pay");
const alertBox = byId("error");
const submit = byId("submit");
const label = submit.querySelector(".label");
const { ui } = form.dataset;
const inside = ui === "hosted" ? null : new InsideShop(form.dataset);
const dark = window.matchMedia("(prefers-color-scheme: dark)");

let labelText = label.textContent;
let isBusy = false;
let methodType = "card";
let isPayable = false; // whether the payment form is complete

function appearance() {
  const style = getComputedStyle(document.body);
  const read = (name) => style.getPropertyValue(name).trim();
  const variables = {
    colorPrimary: read("--primary"),
    colorBackground: read("--field"),
    colorText: read("--text"),
    borderRadius: read("--radius"),
    fontFamily: read("--font"),
  };
  return { theme: dark.matches ? "night" : "stripe", variables };
}

const checkout = window.Stripe(form.dataset.key).initCheckoutElementsSdk({
  clientSecret: form.dataset.secret,
  elementsOptions: { appearance: appearance() },
  leave: inside?.leave,
});
dark.addEventListener("change", () => checkout.changeAppearance(appearance()));
const element = checkout.createPaymentElement(
  byId("billing-address") ? { fields: { billingDetails: { address: "never" } } } : {},
);
element.mount("#payment-element");
element.on("__submit", () => form.requestSubmit());
element.on("change", ({ complete, empty, value }) => {
  isPayable = complete;
  if (!empty) alertBox.hidden = true; // an empty form says nothing new: the shopper may be back from a bank
  methodType = value.type;
  showForm();
  if (ui === "form") tellState();
});

// The payment method that the shopper saved before and has chosen, or undefined.
function savedMethod() {
  return document.querySelector("#saved input:checked")?.value || undefined;
}

function showForm() {
  const holder = byId("holder");
  byId("payment-element").hidden = Boolean(savedMethod());
  if (holder) holder.hidden = methodType !== "card" || Boolean(savedMethod());
}

byId("saved")?.addEventListener("change", showForm);
showForm();

const fields = new PageFields(followAddress);

function showAlert(message) {
  alertBox.textContent = message;
  alertBox.hidden = false;
}

function setBusy(busy) {
  isBusy = busy;
  submit.setAttribute("aria-busy", String(busy));
  label.textContent = busy ? "Processing…" : labelText;
}

// ---- What changes the total: the server draws the summary anew

async function redrawSummary(announcement) {
  const response = await fetch(window.location.href, { cache: "no-store" });
  const fresh = new DOMParser().parseFromString(await response.text(), "text/html");
  const button = fresh.querySelector("#submit .label");
  if (!button) {
    window.location.reload(); // paid or expired meanwhile
    return;
  }
  document.querySelector(".summary")?.replaceWith(fresh.querySelector(".summary"));
  labelText = button.textContent;
  label.textContent = labelText;
  document.title = fresh.title;
  byId("said").textContent = announcement;
}

let changes = Promise.resolve(); // those that were asked for: each begins when the one before is shown

// Calls an action of Stripe.js that changes the total.
// Returns the error that the action answered with, or null after the page shows the change or an alert.
function changeTotal(action, value, announcement) {
  const change = changes.then(() => makeChange(action, value, announcement));
  changes = change.catch(() => {});
  return change;
}

async function makeChange(action, value, announcement) {
  if (isBusy) return null; // it is being paid
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
  if (!error) byId("remove")?.focus();
  else {
    showFieldError(byId("code"), error.message);
    byId("code").focus();
  }
}

async function removePromotionCode() {
  await changeTotal("removePromotionCode", undefined, "Promotion code removed");
  byId("code")?.focus();
}

async function changeOrAlert(action, value, announcement) {
  const error = await changeTotal(action, value, announcement);
  if (error) {
    showAlert(error.message);
    await redrawSummary("");
  }
}

const wanted = new Map(); // line -> the quantity that was asked for last, until the page shows it

async function changeQuantity(stepper, quantity) {
  const { line } = stepper.dataset;
  const focused = document.activeElement?.dataset.step;
  wanted.set(line, quantity);
  await changeOrAlert("updateLineItemQuantity", { lineItem: line, quantity }, "Quantity changed");
  if (wanted.get(line) === quantity) wanted.delete(line);
  const fresh = document.querySelector(`.stepper[data-line="${line}"]`);
  const button = fresh?.querySelector(`[data-step="${focused}"]`);
  (button && !button.disabled ? button : fresh?.querySelector("input"))?.focus();
}

let lastAddress = "";

// Tells the session where the shopper is, because tax may depend on it.
function followAddress() {
  const contact = fields.shippingAddress ?? fields.billingAddress;
  const text = JSON.stringify(contact?.address);
  if (!contact || text === lastAddress || form.dataset.tax !== "true") return;
  lastAddress = text;
  const action = fields.shippingAddress ? "updateShippingAddress" : "updateBillingAddress";
  changeOrAlert(action, { name: contact.name, address: contact.address }, "Tax computed");
}

// The summary is replaced, so its form and its buttons are found when something happens in them.
document.addEventListener("submit", (event) => {
  if (event.target.id !== "promotion") return;
  event.preventDefault();
  applyPromotionCode();
});
document.addEventListener("click", ({ target }) => {
  const { step, add, remove } = target.dataset;
  if (target.id === "remove") removePromotionCode();
  if (add) changeOrAlert("addOptionalLineItem", add, "Added to your order");
  if (remove) changeOrAlert("removeOptionalLineItem", remove, "Removed from your order");
  if (!step) return;
  const stepper = target.closest(".stepper");
  const quantity = wanted.get(stepper.dataset.line) ?? Number(stepper.querySelector("input").value);
  changeQuantity(stepper, quantity + Number(step));
});
document.addEventListener("change", ({ target }) => {
  const stepper = target.closest(".stepper");
  if (stepper) changeQuantity(stepper, Number(target.value));
});
byId("shipping")?.addEventListener("change", ({ target }) =>
  changeOrAlert("updateShippingOption", target.value, "Shipping method changed"),
);

// ---- Paying

// Returns what confirm() answers, the error of loading, or null when there is no total to show or a form is incomplete.
async function confirmPayment(options = {}) {
  const loaded = await checkout.loadActions();
  if (loaded.type === "error") return loaded;
  const { actions } = loaded;
  if (!actions.getSession().total.total.amount) return null;
  const paymentMethod = options.expressCheckoutConfirmEvent ? undefined : savedMethod();
  if (!options.expressCheckoutConfirmEvent && !paymentMethod) {
    const valid = await actions.validateElements();
    if (valid.type === "error") return null; // the form shows it
  }
  return actions.confirm({ ...fields.values, ...options, paymentMethod });
}

async function pay(options = {}) {
  alertBox.hidden = true;
  if (isBusy || !fields.check({ byWallet: Boolean(options.expressCheckoutConfirmEvent) })) return;
  setBusy(true);
  try {
    const result = await confirmPayment(options);
    if (result?.type === "error") showAlert(result.error.message);
  } catch (problem) {
    showAlert(problem.message);
  } finally {
    setBusy(false);
  }
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  if (ui === "form") askShop();
  else pay();
});

// In a form it is the shop that confirms, when it hears that the button was pressed.
async function askShop() {
  alertBox.hidden = true;
  const { actions } = await checkout.loadActions();
  if (!fields.check() || (await actions.validateElements()).type === "error") return;
  inside.tell("confirm", { source: "checkout-form-pay-button", paymentMethodType: methodType });
}

// ---- Wallets

function startWallets(box) {
  const express = checkout.createExpressCheckoutElement({ buttonHeight: 46 });
  express.on("ready", ({ availablePaymentMethods }) => {
    box.hidden = !availablePaymentMethods;
  });
  express.on("confirm", (event) => {
    const email = byId("email").value.trim() || event.billingDetails.email;
    pay({ expressCheckoutConfirmEvent: event, email });
  });
  box.hidden = false; // a frame that is not shown has no height
  express.mount("#express-element");
  return express;
}

const express = byId("express") ? startWallets(byId("express")) : null;

// ---- Inside a shop's page

function tellState() {
  inside.tellState({ complete: isPayable && fields.isComplete, values: fields.values, type: methodType });
}

if (ui === "form") {
  document.addEventListener("input", tellState);
  document.addEventListener("change", tellState);
}

if (ui !== "hosted") {
  inside.begin({
    validate: async () => {
      const { actions } = await checkout.loadActions();
      const valid = fields.check()
        ? await actions.validateElements()
        : { error: { message: "The form is incomplete." } };
      return { error: valid.error ?? null };
    },
    confirm: confirmPayment,
  });
}

// A frame that gets its height moves what stands below it, and a press on that would end elsewhere.
const isShown = (one) => new Promise((resolve) => one.on("ready", resolve).on("loaderror", resolve));
Promise.all([element, express].filter(Boolean).map(isShown)).then(enableControls);
