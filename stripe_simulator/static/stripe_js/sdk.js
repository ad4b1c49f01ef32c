// What a shop gets of a Checkout Session in each release. All objects are plain and hold arrow functions, because a shop
// may take a function out of its object.
import { actionsOf } from "./actions.js";
import { Checkout } from "./checkout.js";
import { ELEMENTS } from "./elements.js";
import { failure, integrationError } from "./errors.js";
import { has } from "./releases.js";

const OLD_NAMES = { payment: "Payment", expressCheckout: "ExpressCheckout", currencySelector: "CurrencySelector" };

function hasElement(release, kind) {
  return has(release, kind.since) && !kind.absent?.includes(release);
}

function elementFunctions(checkout, release, names) {
  const functions = {};
  for (const name of names) {
    const kind = ELEMENTS[name];
    if (!hasElement(release, kind)) continue;
    functions[`create${name}Element`] = (options) => checkout.createElement(name, options);
    if (has(release, kind.getSince)) functions[`get${name}Element`] = () => checkout.getElement(name);
  }
  return functions;
}

function common(checkout) {
  return {
    on: (type, handler) => checkout.events.on(type, handler),
    off: (type, handler) => checkout.events.off(type, handler),
    changeAppearance: (appearance) => checkout.changeAppearance(appearance),
    loadFonts: () => {},
  };
}

function actionsLoader(checkout, actions) {
  return async () => {
    try {
      await checkout.load();
    } catch (error) {
      return failure({ message: error.message });
    }
    return { type: "success", actions };
  };
}

export function initCheckoutElementsSdk(key, options, release) {
  const checkout = new Checkout(key, options);
  return {
    ...common(checkout),
    ...elementFunctions(checkout, release, Object.keys(ELEMENTS)),
    loadActions: actionsLoader(checkout, actionsOf(checkout, release)),
  };
}

export function initCheckoutFormSdk(key, options, release) {
  const checkout = new Checkout(key, options);
  return {
    ...common(checkout),
    ...elementFunctions(checkout, release, ["CurrencySelector"]),
    createForm: (given) => checkout.createElement("PaymentForm", given),
    getForm: () => checkout.getElement("PaymentForm"),
    loadActions: actionsLoader(checkout, actionsOf(checkout, release, true)),
  };
}

// Returns the name in ELEMENTS of what acacia calls by its type.
function nameOf(type, mode) {
  if (type === "address") return mode === "shipping" ? "ShippingAddress" : "BillingAddress";
  if (OLD_NAMES[type]) return OLD_NAMES[type];
  throw integrationError(`Invalid value for createElement(): there is no element \`${type}\` in this release.`);
}

// The elements of acacia have one function, with the kind as its argument.
function oldElementFunctions(checkout) {
  return {
    createElement: (type, options) => checkout.createElement(nameOf(type, options?.mode), options),
    getElement: (type, mode) => checkout.getElement(nameOf(type, mode)),
  };
}

// Up to basil: a promise of one object with the elements, the actions and session().
function initMergedCheckout(key, options, release) {
  const clientSecret = options?.clientSecret || options?.fetchClientSecret?.();
  const checkout = new Checkout(key, { ...options, clientSecret });
  const { getSession, ...actions } = actionsOf(checkout, release);
  return checkout.load().then(() => ({
    ...common(checkout),
    ...elementFunctions(checkout, release, Object.keys(ELEMENTS)),
    ...(has(release, undefined, "acacia") && oldElementFunctions(checkout)),
    ...actions,
    session: getSession,
  }));
}

// initCheckout() of each release: https://docs.stripe.com/changelog/clover and /dahlia.
export function initCheckout(key, options, release) {
  if (has(release, undefined, "basil")) return initMergedCheckout(key, options, release);
  if (release === "clover") return initCheckoutElementsSdk(key, options, release);
  throw integrationError(
    "stripe.initCheckout() is not available in this version of Stripe.js. Use stripe.initCheckoutElementsSdk() instead.",
  );
}
