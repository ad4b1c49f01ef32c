// What the pages have in common: Stripe.js is loaded as loadStripe() does it, and a payment shows why it was declined.
import { loadStripe } from "@stripe/stripe-js";
import { StrictMode, useState } from "react";
import { createRoot } from "react-dom/client";

export function start(page) {
  const { strict, secret, key } = document.body.dataset;
  const shown = page(loadStripe(key), secret);
  createRoot(document.getElementById("root")).render(strict ? <StrictMode>{shown}</StrictMode> : shown);
}

export function usePayment(checkout) {
  const [error, setError] = useState("");
  const pay = async (event) => {
    event.preventDefault();
    setError("");
    const result = await checkout.confirm();
    if (result.type === "error") setError(`${result.error.code}: ${result.error.message}`);
  };
  return [pay, error];
}
