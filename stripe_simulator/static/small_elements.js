// The elements of one or two fields, or of none, in their frames: Contact Details, Link Authentication, Tax ID, Terms,
// Currency Selector, Link Signup.
import { startElement, stateSender } from "./element_frame.js";

const EMAIL = /^[^\s@]+@[^\s@]+\.[^\s@]+$/;
const byId = (id) => document.getElementById(id);
const send = stateSender();
const { kind } = document.body.dataset;

function showError(input, message) {
  input.setAttribute("aria-invalid", String(Boolean(message)));
  const place = byId(`${input.id}-error`);
  if (place.textContent !== message) place.textContent = message;
}

const checkEmail = (text) => {
  if (!text) return "Your email is incomplete.";
  return EMAIL.test(text) ? "" : "Your email address is invalid.";
};

function emailForm() {
  const email = byId("email");
  const sendState = () => {
    const value = email.value.trim();
    send({ complete: !checkEmail(value), empty: !value, value: { email: value } });
  };
  const validate = () => {
    const message = checkEmail(email.value.trim());
    showError(email, message);
    if (message) email.focus();
    return message;
  };
  email.addEventListener("input", () => {
    showError(email, "");
    sendState();
  });
  email.addEventListener("blur", () => email.value && showError(email, checkEmail(email.value.trim())));
  return {
    validate,
    sendState,
    takeFacts: (facts) => {
      const known = facts.email || facts.options?.defaultValues?.email;
      if (known && !email.value) email.value = known;
    },
  };
}

function taxIdForm() {
  const type = byId("tax-type");
  const id = byId("tax-id");
  const business = byId("business");
  // Of the types that the Tax ID Element has, the country's for those of the EU: de_vat is an eu_vat.
  const external = () => type.selectedOptions[0]?.dataset.external ?? type.value;
  const missing = () => {
    if (!id.value.trim() && !business.value.trim()) return null;
    if (!id.value.trim()) return [id, "Your tax ID is incomplete."];
    return business.value.trim() ? null : [business, "Your business name is incomplete."];
  };
  const sendState = () => {
    const empty = !id.value.trim();
    const value = {
      businessName: business.value.trim(),
      taxId: id.value.trim(),
      taxIdType: empty ? "" : type.value,
      externalTaxIdType: empty ? "" : external(),
    };
    send({ complete: !missing(), empty: empty && !value.businessName, value });
  };
  const validate = () => {
    const [input, message] = missing() ?? [];
    for (const one of [id, business]) showError(one, one === input ? message : "");
    input?.focus();
    return message;
  };
  document.addEventListener("input", () => {
    for (const one of [id, business]) showError(one, "");
    sendState();
  });
  return {
    validate,
    sendState,
    takeFacts: ({ options }) => {
      const { businessName, taxId, taxIdType } = options?.defaultValues ?? {};
      if (businessName && !business.value) business.value = businessName;
      if (taxId && !id.value) id.value = taxId;
      if (taxIdType) type.value = taxIdType;
    },
  };
}

const FORMS = { contact_details: emailForm, link_authentication: emailForm, tax_id: taxIdForm };
const form = FORMS[kind]?.();

startElement({
  takeFacts: (facts) => {
    form?.takeFacts(facts);
    form?.sendState();
  },
  ask: {
    validate: () => {
      const message = form?.validate();
      return { error: message ? { type: "validation_error", message } : null };
    },
  },
  clear: () => {
    for (const input of document.querySelectorAll("input")) input.value = "";
    form?.sendState();
  },
});
