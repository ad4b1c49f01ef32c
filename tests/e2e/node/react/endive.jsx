// A page of react-stripe-js 7: CheckoutElementsProvider, and an address of the shopper.
import {
  BillingAddressElement,
  CheckoutElementsProvider,
  PaymentElement,
  useCheckoutElements,
} from "@stripe/react-stripe-js/checkout";
import { start, usePayment } from "./page.jsx";

function Form({ checkout }) {
  const [pay, error] = usePayment(checkout);
  return (
    <form onSubmit={pay}>
      {location.search.includes("address") && <BillingAddressElement />}
      <PaymentElement />
      <p id="total">{checkout.total.total.amount}</p>
      <button disabled={!checkout.canConfirm}>Pay</button>
      <p role="alert">{error}</p>
    </form>
  );
}

function Loaded() {
  const state = useCheckoutElements();
  if (state.type === "loading") return <p>Loading</p>;
  return state.type === "error" ? <p role="alert">{state.error.message}</p> : <Form checkout={state.checkout} />;
}

start((stripe, secret) => (
  <CheckoutElementsProvider stripe={stripe} options={{ clientSecret: Promise.resolve(secret) }}>
    <Loaded />
  </CheckoutElementsProvider>
));
