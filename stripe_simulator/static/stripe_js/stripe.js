// Stripe(): what the script leaves in the page.
import { ElementsGroup } from "./elements_group.js";
import { createEmbeddedCheckoutPage } from "./embedded.js";
import { integrationError, notSimulated } from "./errors.js";
import { NOT_SIMULATED } from "./not_simulated.js";
import { confirmCardPayment, confirmPayment, handleNextAction, retrievePaymentIntent } from "./payments.js";
import { has } from "./releases.js";
import { initCheckout, initCheckoutElementsSdk, initCheckoutFormSdk } from "./sdk.js";

// What a later release took away, and what replaced it.
const REMOVED = {
  redirectToCheckout: { since: "clover", instead: "redirect to the url of the Checkout Session" },
  initEmbeddedCheckout: { since: "dahlia", instead: "use stripe.createEmbeddedCheckoutPage()" },
  createSource: { since: "dahlia", instead: "use stripe.createPaymentMethod()" },
  retrieveSource: { since: "dahlia", instead: "use stripe.retrievePaymentIntent()" },
};

function checkKey(key) {
  if (typeof key !== "string" || !key) {
    throw integrationError("Missing value for Stripe(): apiKey should be a string.");
  }
  if (/^(pk|sk|rk)_live_/.test(key)) {
    throw integrationError("This is simulated Stripe.js and takes no live keys: use a key that starts with pk_test_.");
  }
  if (/^(sk|rk)_/.test(key)) {
    throw integrationError("You should not use your secret key with Stripe.js. Please pass a publishable key instead.");
  }
  if (!key.startsWith("pk_test_")) {
    throw integrationError("Invalid API key: a publishable test key starts with pk_test_.");
  }
}

function unavailable(name, release) {
  const removed = REMOVED[name];
  return () => {
    if (removed && has(release, removed.since)) {
      throw integrationError(`stripe.${name}() is not available in this version of Stripe.js: ${removed.instead}.`);
    }
    throw notSimulated(`stripe.${name}()`);
  };
}

function stripeObject(key, release) {
  const members = Object.fromEntries(NOT_SIMULATED.map((name) => [name, unavailable(name, release)]));
  return {
    ...members,
    elements: (options) => new ElementsGroup(key, options).publicObject(),
    confirmPayment: (options) => confirmPayment(key, options ?? {}),
    confirmCardPayment: (secret, data) => confirmCardPayment(key, secret, data),
    handleCardAction: (secret) => handleNextAction(key, { clientSecret: secret }),
    handleNextAction: (options) => handleNextAction(key, options),
    retrievePaymentIntent: (secret) => retrievePaymentIntent(key, secret),
    initCheckout: (options) => initCheckout(key, options, release),
    ...(has(release, "clover") && {
      initCheckoutElementsSdk: (options) => initCheckoutElementsSdk(key, options, release),
    }),
    ...(has(release, undefined, "clover") && {
      initEmbeddedCheckout: (options) => createEmbeddedCheckoutPage(key, options),
    }),
    ...(has(release, "dahlia") && {
      createEmbeddedCheckoutPage: (options) => createEmbeddedCheckoutPage(key, options),
      initCheckoutFormSdk: (options) => initCheckoutFormSdk(key, options, release),
    }),
    registerAppInfo: () => {},
    _registerWrapper: () => {},
  };
}

// Puts `Stripe` into the page as a release has it.
export function start(release) {
  function Stripe(key, options) {
    checkKey(key);
    if (options?.stripeAccount) throw notSimulated("Stripe(key, { stripeAccount })");
    return stripeObject(key, release);
  }
  Stripe.version = release === "3" ? 3 : release; // the number is what /v3 has
  window.Stripe = Stripe;
}
