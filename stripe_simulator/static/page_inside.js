// The hosted page in a frame of a shop's page: as the embedded page, or as the form of initCheckoutFormSdk().
import { startElement, stateSender } from "./element_frame.js";
import { sendToPage } from "./frame.js";

export class InsideShop {
  #ui;
  #completion;
  #send = stateSender();
  #answer = null; // takes the simulator's answer while the shop's confirm() waits for it

  constructor({ ui, completion }) {
    this.#ui = ui;
    this.#completion = completion;
  }

  // Tells the page outside what the form holds, if that has changed.
  tellState({ complete, values, type }) {
    const empty = !values.email;
    const section = { complete, empty };
    this.#send({
      complete,
      empty,
      value: {
        customerDetails: { email: values.email, phone: values.phoneNumber },
        payment: { collapsed: false, type },
        ...(values.shippingAddress && { shippingAddress: values.shippingAddress }),
        ...(values.billingAddress && { billingAddress: values.billingAddress }),
      },
      status: { customerDetails: section, payment: section },
    });
  }

  tell(type, values) {
    sendToPage({ type, values });
  }

  // Says where the shopper goes after paying, because a frame cannot leave the shop's page by itself.
  leave = (url, answer) => {
    if (this.#ui === "form") {
      this.#answer?.(answer);
      return;
    }
    const isComplete = answer.session?.status.type === "complete";
    const stays = isComplete && this.#completion !== "always";
    this.tell("__complete", { url: stays ? null : url });
    if (stays) window.location.reload(); // says that all is done
  };

  // Starts to listen. `validate` shows what is wrong with the form and returns `{error}`; `confirm` pays.
  begin({ validate, confirm }) {
    startElement({ ask: { validate, confirm: () => this.#payForShop(confirm) }, first: () => document.forms.pay[0] });
  }

  #payForShop(confirm) {
    return new Promise((resolve) => {
      this.#answer = resolve;
      confirm().then(
        (result) => resolve({ error: asSimulatorSaysIt(result?.error) }),
        (error) => resolve({ error: { message: error.message } }),
      );
    });
  }
}

function asSimulatorSaysIt(error) {
  if (!error) return { message: "The form is incomplete." };
  const { message, paymentFailed } = error;
  return { message, ...(paymentFailed && { type: "card_error", decline_code: paymentFailed.declineCode }) };
}
