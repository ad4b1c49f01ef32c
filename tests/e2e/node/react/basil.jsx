// A page of react-stripe-js 3: CheckoutProvider with a promise of a secret.
import { CheckoutProvider, PaymentElement, useCheckout } from "@stripe/react-stripe-js";
import { start, usePayment } from "./page.jsx";

function Form() {
  const checkout = useCheckout();
  const [pay, error] = usePayment(checkout);
  return (
    <form onSubmit={pay}>
      <PaymentElement options={{ layout: "tabs" }} />
      <p id="total">{checkout.total.total.amount}</p>
      <button disabled={!checkout.canConfirm}>Pay</button>
      <p role="alert">{error}</p>
    </form>
  );
}

start((stripe, secret) => (
  <CheckoutProvider stripe={stripe} options={{ fetchClientSecret: () => Promise.resolve(secret) }}>
    <Form />
  </CheckoutProvider>
));
