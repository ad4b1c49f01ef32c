// The Express Checkout Element: what happens between the press of a wallet's button and the shop's confirm().
import { showDialog } from "./frames.js";

const LABELS = {
  apple_pay: "Apple Pay",
  google_pay: "Google Pay",
  amazon_pay: "Amazon Pay",
  paypal: "PayPal",
  klarna: "Klarna",
};
const ON_CARDS = ["apple_pay", "google_pay"];
const ADDRESS = {
  line1: "354 Oyster Point Blvd",
  line2: null,
  city: "South San Francisco",
  state: "CA",
  postal_code: "94080",
  country: "US",
};
const OWNER = { name: "Jenny Rosen", email: "jenny.rosen@example.com", phone: "+15550100", address: ADDRESS };

// Lets the shop say what the wallet may ask, if it listens to `click`. Resolves with its answer, or null for a refusal.
function askShop(element, expressPaymentType) {
  if (!element.events.has("click")) return Promise.resolve({});
  return new Promise((resolve) => {
    element.emit("click", {
      expressPaymentType,
      resolve: (details) => resolve(details ?? {}),
      reject: () => resolve(null),
    });
  });
}

async function press(element, wallet, total) {
  const details = await askShop(element, wallet);
  if (!details) return;
  const values = { total: total(), label: LABELS[wallet] };
  const pays = await showDialog("/_simulator/wallet", "Simulated wallet", values);
  if (!pays) {
    element.emit("cancel");
    return;
  }
  const method = ON_CARDS.includes(wallet) ? { type: "card", wallet } : { type: wallet };
  element.emit("confirm", {
    expressPaymentType: wallet,
    billingDetails: OWNER,
    shippingAddress: { name: OWNER.name, address: ADDRESS },
    shippingRate: details.shippingRates?.[0],
    paymentMethod: method,
    paymentFailed: () => {},
  });
}

// Makes the buttons of an element work. `total` returns what there is to pay, as the shopper reads it.
export function startExpressCheckout(element, total) {
  let isReady = false;
  element.events.on("loaderstart", () => {
    isReady = false;
  });
  element.events.on("__press", ({ wallet }) => press(element, wallet, total));
  element.events.on("__offered", ({ available }) => {
    const some = Object.values(available).some(Boolean) ? available : undefined;
    if (isReady) {
      const paymentMethods =
        some && Object.fromEntries(Object.entries(some).map(([name, is]) => [name, { available: is }]));
      element.emit("availablepaymentmethodschange", { paymentMethods });
      return;
    }
    isReady = true;
    element.emit("ready", { availablePaymentMethods: some });
  });
}
