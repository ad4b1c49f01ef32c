// The fields of the hosted page: what is wrong with each, and what they say together.
import { AddressFields } from "./address_fields.js";

const byId = (id) => document.getElementById(id);
const EMAIL = /^[^\s@]+@[^\s@]+\.[^\s@]+$/;

// What is wrong with fields that have rules of their own, by their ids.
const CHECKS = {
  email: ({ value, readOnly }) =>
    readOnly || EMAIL.test(value.trim()) ? "" : "Enter an email address such as name@example.com.",
  phone: ({ value }) => (value.replace(/\D/g, "").length >= 6 ? "" : "Enter a phone number."),
  terms: ({ checked }) => (checked ? "" : "Accept the terms to go on."),
  "tax-id": ({ value }) => (!byId("as-business").checked || value.trim() ? "" : "Enter your tax ID."),
};

// Shows what is wrong with a field, or nothing for "".
export function showFieldError(input, message) {
  input.setAttribute("aria-invalid", String(Boolean(message)));
  byId(`${input.id}-error`).textContent = message;
}

function labelOf({ id }) {
  return document.querySelector(`label[for="${id}"]`)?.textContent.replace(" (optional)", "");
}

function errorOf(input) {
  if (CHECKS[input.id]) return CHECKS[input.id](input);
  const text = input.value.trim();
  if (!text) return input.required ? `${labelOf(input)} is required.` : "";
  if (input.pattern && !new RegExp(`^(?:${input.pattern})$`).test(text)) return `${labelOf(input)} takes digits only.`;
  if (text.length < input.minLength) return `${labelOf(input)} needs at least ${input.minLength} characters.`;
  return "";
}

export class PageFields {
  shipping;
  billing;
  #inputs;

  // `onAddress` is called when an address has changed.
  constructor(onAddress) {
    this.#inputs = [...document.querySelectorAll("#pay [aria-describedby]")].filter(
      (input) => !input.dataset.field && byId(`${input.id}-error`),
    );
    const shipping = byId("shipping-address");
    const billing = byId("billing-address");
    if (shipping) {
      this.shipping = new AddressFields(shipping, onAddress);
      this.shipping.limitCountries(JSON.parse(byId("countries").textContent));
    }
    if (billing) this.billing = new AddressFields(billing, onAddress);
    if (billing) billing.hidden = this.#isSameAddress;
    byId("same-address")?.addEventListener("change", ({ target }) => {
      billing.hidden = target.checked;
      onAddress();
    });
    byId("as-business")?.addEventListener("change", ({ target }) => {
      byId("business").hidden = !target.checked;
    });
    document.addEventListener("input", ({ target }) => {
      if (!target.dataset.field && target.id && byId(`${target.id}-error`)) showFieldError(target, "");
    });
  }

  get #isSameAddress() {
    return Boolean(byId("same-address")?.checked);
  }

  // Shows what is wrong with every field and gives the first of them the focus. Returns whether nothing is wrong.
  // A wallet knows the addresses by itself.
  check({ byWallet = false } = {}) {
    const wrong = this.#inputs.filter((input) => {
      const message = byWallet && input.id === "email" ? "" : errorOf(input);
      showFieldError(input, message);
      return message;
    });
    wrong[0]?.focus();
    if (byWallet) return !wrong.length;
    const addresses = [this.shipping, this.#isSameAddress ? null : this.billing].filter(Boolean);
    const errors = addresses.map((address) => address.showErrors()).filter(Boolean);
    if (errors.length && wrong.length) wrong[0].focus();
    return !wrong.length && !errors.length;
  }

  // Whether nothing is wrong, without showing it.
  get isComplete() {
    const addresses = [this.shipping, this.#isSameAddress ? null : this.billing].filter(Boolean);
    return this.#inputs.every((input) => !errorOf(input)) && addresses.every(({ isComplete }) => isComplete);
  }

  get shippingAddress() {
    return this.shipping?.isComplete ? this.shipping.value : undefined;
  }

  get billingAddress() {
    if (this.#isSameAddress) return this.shippingAddress;
    return this.billing?.isComplete ? this.billing.value : undefined;
  }

  // What confirm() takes. `name` is the cardholder's.
  get values() {
    const phone = byId("phone")?.value.trim() || this.shipping?.value.phone;
    const shipping = this.shippingAddress;
    const billing = this.billingAddress;
    return {
      email: byId("email").value.trim(),
      phoneNumber: phone,
      ...(shipping && { shippingAddress: { name: shipping.name, address: shipping.address } }),
      ...(billing && { billingAddress: { name: billing.name, address: billing.address } }),
      answers: this.#answers,
    };
  }

  get #answers() {
    const answers = {};
    const holder = byId("cardholder");
    if (holder && !holder.closest("#holder").hidden) answers.name = holder.value.trim() || undefined;
    for (const input of document.querySelectorAll("[data-answer]")) {
      answers[input.dataset.answer] = input.value.trim() || undefined;
    }
    const custom = [...document.querySelectorAll("[data-custom]")].filter(({ value }) => value.trim());
    if (custom.length) {
      answers.custom_fields = Object.fromEntries(custom.map(({ dataset, value }) => [dataset.custom, value.trim()]));
    }
    if (byId("as-business")?.checked) {
      answers.tax_id = { type: byId("tax-type").value, value: byId("tax-id").value.trim() };
      answers.business_name = byId("business-name").value.trim() || undefined;
    }
    if (byId("terms")?.checked) answers.terms_of_service = "accepted";
    const promotions = byId("promotions");
    if (promotions) answers.promotions = promotions.checked ? "opt_in" : "opt_out";
    if (byId("saves")) answers.save_payment_method = byId("saves").checked;
    return answers;
  }
}
