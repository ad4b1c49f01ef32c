// confirmPayment() and its kin: https://docs.stripe.com/js/payment_intents.
import { ELEMENTS, LINK_AUTHENTICATION } from "./elements.js";
import { GROUPS } from "./elements_group.js";
import { integrationError, notSimulated } from "./errors.js";
import { Intent } from "./intent.js";

function returnAddress(url, intent) {
  const address = new URL(url, window.location.href);
  address.searchParams.set("payment_intent", intent.id);
  address.searchParams.set("payment_intent_client_secret", intent.client_secret);
  address.searchParams.set("redirect_status", intent.status === "succeeded" ? "succeeded" : "pending");
  return address.href;
}

function contactOf(group, kind) {
  const { complete, value } = group?.find(kind)?.state ?? {};
  return complete ? value : undefined;
}

// What the elements know of the shopper, as `billing_details` and `shipping` have it; what the shop says comes first.
function knownShopper(group, params) {
  const billing = contactOf(group, ELEMENTS.BillingAddress);
  const shipping = contactOf(group, ELEMENTS.ShippingAddress);
  const email = (contactOf(group, LINK_AUTHENTICATION) ?? contactOf(group, ELEMENTS.ContactDetails))?.email;
  const given = params.payment_method_data?.billing_details ?? {};
  return {
    email: given.email ?? email,
    name: given.name ?? billing?.name,
    phone: given.phone ?? billing?.phone,
    address: given.address ?? billing?.address,
    shipping: params.shipping ?? (shipping && { name: shipping.name, address: shipping.address }),
    receipt_email: params.receipt_email,
  };
}

function goTo(url) {
  window.location.assign(url);
  return new Promise(() => {});
}

// Answers as the functions of payment intents do: with the intent, or with an error.
function answerOf({ intent, error }) {
  return error ? { error } : { paymentIntent: intent };
}

export async function confirmPayment(key, { elements, clientSecret, confirmParams = {}, redirect = "always" }) {
  const group = elements && GROUPS.get(elements);
  if (!group && !confirmParams.payment_method) {
    throw integrationError("confirmPayment() needs `elements`, or `confirmParams.payment_method`.");
  }
  const secret = clientSecret ?? group?.clientSecret;
  if (!secret) throw integrationError("confirmPayment() needs the `clientSecret` of a PaymentIntent.");
  if (redirect === "always" && !confirmParams.return_url) {
    throw integrationError("confirmPayment() needs `confirmParams.return_url`, unless `redirect` is `if_required`.");
  }
  if (group && !group.clientSecret && !group.isSubmitted) {
    throw integrationError(
      "elements.submit() must be called before stripe.confirmPayment(). Call it as soon as the shopper presses pay.",
    );
  }
  const payment = confirmParams.payment_method ? undefined : group?.find(ELEMENTS.Payment);
  if (group && !payment && !confirmParams.payment_method) {
    throw integrationError("confirmPayment() needs a mounted Payment Element.");
  }
  const values = { ...knownShopper(group, confirmParams), return_url: confirmParams.return_url };
  const answer = await new Intent(key, secret).pay({ ...values, saved_method: confirmParams.payment_method }, payment);
  if (answer.status === "redirect") return goTo(answer.redirect_url);
  if (answer.error || redirect === "if_required") return answerOf(answer);
  return goTo(returnAddress(confirmParams.return_url, answer.intent));
}

// confirmCardPayment() with the id of a payment method; its form, the Card Element, is not simulated.
export async function confirmCardPayment(key, clientSecret, data = {}) {
  const method = data.payment_method;
  if (method && typeof method !== "string") throw notSimulated("the Card Element: name a payment method by its id");
  const intent = new Intent(key, clientSecret);
  return answerOf(await (method ? intent.pay({ saved_method: method }) : intent.next()));
}

export async function retrievePaymentIntent(key, clientSecret) {
  return answerOf(await new Intent(key, clientSecret).init());
}

export async function handleNextAction(key, { clientSecret } = {}) {
  return answerOf(await new Intent(key, clientSecret).next());
}
