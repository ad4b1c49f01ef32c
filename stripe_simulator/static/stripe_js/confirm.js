// confirm(): pays a Checkout Session with what the shopper and the shop filled in.
import { confirmFailure, DOCS, failure, integrationError } from "./errors.js";
import { showChallenge } from "./frames.js";
import { formValues, post } from "./network.js";

export async function confirm(checkout, given) {
  const options = given || {};
  if (!checkout.totalWasRead) {
    throw integrationError(
      "Before calling confirm(), show the shopper the total: read session.total.total.amount " +
        `(or minorUnitsAmount) from the session. See ${DOCS}/session_object`,
    );
  }
  if (checkout.confirming) return checkout.confirming;
  if (options.redirect && !["always", "if_required"].includes(options.redirect)) {
    throw integrationError("Invalid value for confirm(): redirect should be `always` or `if_required`.");
  }
  const express = options.expressCheckoutConfirmEvent;
  const saved = options.paymentMethod;
  if (checkout.session.status.type === "open") {
    if (!checkout.isFree && !express && !saved && !checkout.created.Payment && !checkout.created.PaymentForm) {
      throw integrationError("Create and mount a Payment Element before calling confirm().");
    }
    const message = await incompleteMessage(checkout, options, express);
    if (message) return failure({ message });
  }
  checkout.confirming = pay(checkout, confirmValues(checkout, options), options);
  checkout.emitChange();
  return checkout.confirming;
}

// Returns what the shopper must still fill in, after the forms have shown it, or null.
async function incompleteMessage(checkout, options, express) {
  if (checkout.created.PaymentForm) return (await validationErrors(checkout))[0]?.message ?? null;
  const wallet = express?.billingDetails ?? {};
  const given = {
    byWallet: Boolean(express),
    bySaved: Boolean(options.paymentMethod),
    ...options,
    email: options.email || wallet.email,
  };
  const missing = checkout.missing({ ...given, shippingAddress: options.shippingAddress || express?.shippingAddress });
  if (express) return missing;
  const errors = await validationErrors(checkout, Boolean(options.paymentMethod));
  return errors[0]?.message ?? missing;
}

// Lets every mounted form show what is wrong with it. Returns the first error of each, as validateElements() has them.
// The Payment Element is not asked where nothing is paid, or with a saved method.
export async function validationErrors(checkout, bySaved = false) {
  const skipped = checkout.isFree || bySaved ? checkout.created.Payment : undefined;
  const asked = Object.values(checkout.created)
    .filter((element) => element.kind.validates && element.isMounted && element !== skipped)
    .map(async (element) => {
      const { error } = await element.ask("validate");
      return error ? { message: error.message, element: element.kind.validates } : null;
    });
  const errors = await Promise.all(asked);
  return errors.filter(Boolean);
}

function confirmValues(checkout, options) {
  const { filled } = checkout;
  const wallet = options.expressCheckoutConfirmEvent;
  const billing = options.billingAddress || filled.billingAddress || wallet?.billingDetails;
  const shipping = options.shippingAddress || filled.shippingAddress || wallet?.shippingAddress;
  return formValues({
    ...checkout.credentials,
    email: options.email || checkout.email || wallet?.billingDetails?.email,
    return_url: options.returnUrl,
    phone: options.phoneNumber || filled.phoneNumber || wallet?.billingDetails?.phone,
    name: billing?.name,
    address: billing?.address,
    shipping: shipping && { name: shipping.name, address: shipping.address },
    tax_id: filled.taxIdInfo?.taxId,
    business_name: filled.businessName ?? filled.taxIdInfo?.businessName,
    individual_name: filled.individualName,
    payment_method: options.paymentMethod && { id: options.paymentMethod },
    save_payment_method: options.savePaymentMethod,
    ...options.answers, // of the hosted page
  });
}

// Pays, challenge included. The promise stays open while the browser goes to the shop's return_url.
async function pay(checkout, values, options) {
  let answer;
  try {
    answer = await requestPayment(checkout, values, options);
    if (answer.status === "requires_action") {
      const total = checkout.session.total.total.amount;
      answer = await showChallenge({ path: checkout.path("/authenticate"), values: JSON.stringify(values), total });
    }
  } finally {
    checkout.confirming = null;
  }
  if (answer.session) checkout.setSession(answer.session);
  if (answer.status === "redirect") return leave(checkout, answer); // to a bank, whatever `redirect` says
  if (answer.error) {
    checkout.session.lastPaymentError = { message: answer.error.message };
    checkout.emitChange();
    return confirmFailure(answer.error);
  }
  checkout.filled.email = values.email;
  checkout.emitChange();
  if (options.redirect === "if_required") return { type: "success", session: checkout.publicSession() };
  return leave(checkout, answer);
}

function leave(checkout, answer) {
  if (checkout.leave) checkout.leave(answer.redirect_url, answer);
  else window.location.assign(answer.redirect_url);
  return new Promise(() => {});
}

async function requestPayment(checkout, values, { expressCheckoutConfirmEvent: express, paymentMethod: saved }) {
  if (checkout.created.PaymentForm) return checkout.created.PaymentForm.ask("confirm", {});
  const path = checkout.path("/confirm");
  if (checkout.session.status.type !== "open" || checkout.isFree) return post(path, values);
  if (saved) return post(path, values);
  if (express) return post(path, { ...values, ...formValues({ payment_method: express.paymentMethod }) });
  return checkout.created.Payment.ask("confirm", { path, values });
}
