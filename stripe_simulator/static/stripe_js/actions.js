// The actions of a Checkout Session: what a shop calls for its shopper.
import { confirm, validationErrors } from "./confirm.js";
import { failure } from "./errors.js";
import { has } from "./releases.js";

const EMAIL = /^[^\s@]+@[^\s@]+\.[^\s@]+$/;
const SINCE = {
  validateElements: "dahlia",
  addOptionalLineItem: "dahlia",
  removeOptionalLineItem: "dahlia",
  updateIndividualName: "endive",
  updateBusinessName: "endive",
};
// What a form asks for by itself.
const NOT_OF_FORMS = [
  "updateEmail",
  "updatePhoneNumber",
  "updateIndividualName",
  "updateBusinessName",
  "updateShippingAddress",
  "updateBillingAddress",
  "updateTaxIdInfo",
];

function succeed(checkout) {
  checkout.emitChange();
  return { type: "success", session: checkout.publicSession() };
}

// Changes the session at the simulator. `codes` are those that the action's errors may have.
async function update(checkout, values, codes) {
  const answer = await checkout.post("/update", values);
  if (answer.error) return failure(answer.error, codes);
  checkout.setSession(answer.session);
  return succeed(checkout);
}

function fill(checkout, field, value) {
  checkout.filled[field] = value || null;
  return succeed(checkout);
}

// Fills in what may decide about tax, so that the simulator computes it anew.
async function fillAndTell(checkout, field, value) {
  checkout.filled[field] = value || null;
  const answer = await checkout.tell(field);
  return answer.error ? failure(answer.error, ["invalidTaxId"]) : succeed(checkout);
}

function updateEmail(checkout, value) {
  if (value === null) return fill(checkout, "email", null);
  const email = String(value ?? "").trim();
  const codes = ["incompleteEmail", "invalidEmail"];
  if (!email) return failure({ message: "Your email address is incomplete.", code: "incompleteEmail" }, codes);
  if (!EMAIL.test(email)) return failure({ message: "Your email address is invalid.", code: "invalidEmail" }, codes);
  return checkout.session.email ? succeed(checkout) : fill(checkout, "email", email);
}

async function applyPromotionCode(checkout, value) {
  const code = typeof value === "string" ? value.trim() : "";
  if (!code) return failure({ message: "Enter a promotion code.", code: "invalidCode" }, ["invalidCode"]);
  const answer = await update(checkout, { promotion_code: code });
  if (answer.type === "error") answer.error.code = "invalidCode";
  return answer;
}

async function removeOptionalLineItem(checkout, price) {
  const line = checkout.session.lineItems.find(({ priceId, isRemovable }) => isRemovable && priceId === price);
  if (!line) return failure({ message: "This optional item is not part of the order." });
  return update(checkout, { line_item: line.id, remove: true });
}

async function runServerUpdate(checkout, updateOnServer) {
  try {
    await updateOnServer();
  } catch (error) {
    return failure({ message: error.message });
  }
  const answer = await checkout.post("/init");
  if (answer.error) return failure(answer.error);
  checkout.setSession(answer.session);
  return succeed(checkout);
}

async function validateElements(checkout) {
  if (!Object.keys(checkout.created).length) {
    const error = { code: "no_elements", message: "No elements have been created.", validation_errors: [] };
    return { type: "error", error };
  }
  const errors = await validationErrors(checkout);
  if (!errors.length) return { type: "success", session: checkout.publicSession() };
  const error = { code: "validation_error", message: errors[0].message, validation_errors: errors };
  return { type: "error", error };
}

// Returns the actions that a release has, `forForm` those of initCheckoutFormSdk().
export function actionsOf(checkout, release, forForm = false) {
  const actions = {
    confirm: (options) => confirm(checkout, options),
    getSession: () => checkout.publicSession(),
    updateEmail: async (email) => updateEmail(checkout, email),
    updatePhoneNumber: async (phone) => fill(checkout, "phoneNumber", phone),
    updateBillingAddress: async (contact) => fillAndTell(checkout, "billingAddress", contact),
    updateShippingAddress: async (contact) => fillAndTell(checkout, "shippingAddress", contact),
    updateTaxIdInfo: async (info) => fillAndTell(checkout, "taxIdInfo", info),
    updateIndividualName: async (name) => fill(checkout, "individualName", name),
    updateBusinessName: async (name) => fill(checkout, "businessName", name),
    updateLineItemQuantity: async ({ lineItem, quantity } = {}) => update(checkout, { line_item: lineItem, quantity }),
    addOptionalLineItem: async (price) => update(checkout, { optional_item: price }),
    removeOptionalLineItem: async (price) => removeOptionalLineItem(checkout, price),
    applyPromotionCode: async (code) => applyPromotionCode(checkout, code),
    removePromotionCode: async () => update(checkout, { promotion_code: "" }),
    updateShippingOption: async (rate) => update(checkout, { shipping_rate: String(rate) }),
    runServerUpdate: async (updateOnServer) => runServerUpdate(checkout, updateOnServer),
    validateElements: async () => validateElements(checkout),
  };
  const names = Object.keys(actions).filter((name) => has(release, SINCE[name]));
  const given = forForm ? names.filter((name) => !NOT_OF_FORMS.includes(name)) : names;
  return Object.fromEntries(given.map((name) => [name, actions[name]]));
}
