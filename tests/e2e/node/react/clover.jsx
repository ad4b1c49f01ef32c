// A page of react-stripe-js 5: CheckoutProvider with a secret; useCheckout() says how far loading is.
import { CheckoutProvider, PaymentElement, useCheckout } from "@stripe/react-stripe-js/checkout";
import { start, usePayment } from "./page.jsx";

function Form({ checkout }) {
  const [pay, error] = usePayment(checkout);
  return (
    <form onSubmit={pay}>
      <PaymentElement />
      <p id="total">{checkout.total.total.amount}</p>
      <button disabled={!checkout.canConfirm}>Pay</button>
      <p role="alert">{error}</p>
    </form>
  );
}

function Loaded() {
  const state = useCheckout();
  if (state.type === "loading") return <p>Loading</p>;
  return state.type === "error" ? <p role="alert">{state.error.message}</p> : <Form checkout={state.checkout} />;
}

start((stripe, secret) => (
  <CheckoutProvider stripe={stripe} options={{ clientSecret: secret }}>
    <Loaded />
  </CheckoutProvider>
));
