// The wallets: how the Express Checkout Element calls each, how its options call it, and the payment method behind it.
export const WALLETS = [
  { type: "apple_pay", option: "applePay", label: "Apple Pay", method: "card" },
  { type: "google_pay", option: "googlePay", label: "Google Pay", method: "card" },
  { type: "amazon_pay", option: "amazonPay", label: "Amazon Pay", method: "amazon_pay" },
  { type: "paypal", option: "paypal", label: "PayPal", method: "paypal" },
  { type: "klarna", option: "klarna", label: "Klarna", method: "klarna" },
];
