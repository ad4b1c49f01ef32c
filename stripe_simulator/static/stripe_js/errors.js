// Errors as Stripe.js has them: an IntegrationError is the page's mistake and is thrown, all others are answered.

export const DOCS = "https://docs.stripe.com/js/custom_checkout";

export function integrationError(message) {
  const error = new Error(message);
  error.name = "IntegrationError";
  return error;
}

export function notSimulated(what) {
  return integrationError(`The Stripe simulator does not simulate ${what}.`);
}

// Returns what an action answers that failed. `codes` are those that its type names; an error with another has none.
export function failure(error, codes = []) {
  const { message = "Something went wrong.", code } = error;
  return { type: "error", error: { message, code: codes.includes(code) ? code : null } };
}

// Returns what confirm() answers: a payment that was tried and declined has a code of its own.
export function confirmFailure(error) {
  if (error.type !== "card_error") return failure(error);
  const paymentFailed = { declineCode: error.decline_code || null };
  return { type: "error", error: { message: error.message, code: "paymentFailed", paymentFailed } };
}
