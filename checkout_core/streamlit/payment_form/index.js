// The function below runs again at every data change; what must last is kept by the element it was mounted in.
const { openSession, followColorScheme, whenGone } = window.checkoutStripe;
const instances = new WeakMap();

// What the shopper can mend without a new session.
const MENDABLE = new Set(["paymentFailed", "canceled", "card_declined", "incomplete"]);

const CHANGED = "Your order has changed meanwhile. Please press Pay again.";

class Payment {
  constructor(root, data) {
    this.secret = data.client_secret;
    this.data = data;
    this.fields = root.querySelector(".payment-fields");
    this.problem = root.querySelector(".payment-problem");
    this.button = root.querySelector(".payment-button");
    this.isComplete = false;
    this.isBusy = false;
    this.actions = null;
    this.listening = new AbortController(); // the next payment on this page uses the same button
    const { signal } = this.listening;
    this.button.addEventListener("click", () => this.press(), { signal });
    followColorScheme(this.fields, (appearance) => this.checkout?.changeAppearance?.(appearance), signal);
    this.start();
  }

  async start() {
    this.isShown = false;
    this.showProblem("");
    this.updateButton();
    try {
      const session = openSession(this.data, this.fields);
      this.checkout = await session.checkout;
      if (this.listening.signal.aborted) return;
      session.changed.addEventListener("change", () => this.updateButton(), this.listening);
      this.element?.destroy?.();
      this.element = this.checkout.createPaymentElement();
      this.element.on("change", (event) => {
        this.isComplete = event.complete;
        if (event.complete && this.saysWhatIsMissing) this.showProblem("");
        this.updateButton();
      });
      this.element.on("ready", () => {
        this.isShown = true;
        this.updateButton();
      });
      this.element.mount(this.fields);
      const loaded = await session.loaded;
      if (this.isOver) return;
      if (loaded.type === "error") {
        this.giveUp(loaded.error);
        return;
      }
      this.actions = loaded.actions;
      this.fields.setAttribute("aria-busy", "false");
      this.updateButton();
    } catch (error) {
      this.fields.setAttribute("aria-busy", "false");
      this.showProblem(error.message);
      this.button.textContent = "Try again";
      this.button.disabled = false;
    }
  }

  // Its session is not the order's any more: the next one has the button.
  get isOver() {
    return this.listening.signal.aborted;
  }

  press() {
    if (!this.actions) this.start();
    else if (this.isComplete) this.pay();
    else this.showMissing();
  }

  // The button can be pressed before the form is complete: what is missing is said at its field, and beside the button.
  async showMissing() {
    const { error } = (await this.actions.validateElements?.()) ?? {};
    if (this.isOver) {
      this.showProblem(CHANGED);
      return;
    }
    if (!error) {
      this.pay(); // such as an order that is free
      return;
    }
    this.showProblem(error.message);
    this.saysWhatIsMissing = true;
  }

  async pay() {
    if (this.isBusy) return;
    this.isBusy = true;
    this.showProblem("");
    this.updateButton();
    let error;
    try {
      ({ error } = (await this.actions.confirm({ email: this.data.email })) ?? {});
    } catch (thrown) {
      error = thrown;
    }
    if (!error) return; // Stripe.js is taking the shopper away; the button stays as it is
    if (this.isOver) {
      this.showProblem(CHANGED);
      return;
    }
    this.isBusy = false;
    this.showProblem(
      error.message || "The payment was not finished. Press Pay again: one checkout is charged once at most.",
    );
    this.updateButton();
    this.button.focus(); // a dialog of the bank may have had it, and has left nothing behind
    if (!MENDABLE.has(error.code)) this.giveUp(error);
  }

  destroy() {
    this.listening.abort();
    this.element?.destroy?.();
  }

  giveUp(error) {
    this.fields.setAttribute("aria-busy", "false");
    this.showProblem(error?.message || "This checkout cannot be paid any more.");
    const stuck = Date.now();
    window.checkoutTell(
      () => this.onStuck(stuck),
      () => this.isOver || this.data.heard === stuck,
    );
  }

  showProblem(text) {
    this.saysWhatIsMissing = false;
    this.problem.textContent = text;
  }

  updateButton() {
    const amount = this.actions?.getSession().total.total.amount;
    this.button.textContent = this.isBusy ? "Paying …" : amount ? `Pay ${amount}` : "Pay";
    // While the form grows it moves the button, and a press on it would end in the form.
    this.button.disabled = !this.actions || !this.isShown;
    this.button.setAttribute("aria-disabled", String(this.isBusy)); // it keeps the focus while it pays
    this.button.setAttribute("aria-busy", String(this.isBusy));
  }
}

export default function ({ data, parentElement, setTriggerValue }) {
  let payment = instances.get(parentElement);
  if (payment?.secret !== data.client_secret) {
    payment?.destroy();
    payment = new Payment(parentElement, data);
    instances.set(parentElement, payment);
  }
  payment.data = data;
  payment.onStuck = (when) => setTriggerValue("stuck", when);
  return whenGone(parentElement, () => {
    if (instances.get(parentElement) !== payment) return;
    payment.destroy();
    instances.delete(parentElement);
  });
}
