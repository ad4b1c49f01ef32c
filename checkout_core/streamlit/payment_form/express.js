// The wallets' buttons. What the wallet knows of the shopper is saved before any money moves: the order holds its stock then.
const { openSession, followColorScheme, whenGone } = window.checkoutStripe;
const instances = new WeakMap();
const BUTTON_HEIGHT = 48;
const CHANGED = "Your order has changed meanwhile. Please press the button again.";

class Express {
  constructor(root, data) {
    this.secret = data.client_secret;
    this.data = data;
    this.place = root.querySelector(".express");
    this.buttons = root.querySelector(".express-buttons");
    this.problem = root.querySelector(".payment-problem");
    this.saving = null;
    this.listening = new AbortController();
    this.start();
  }

  // Without wallets, or without Stripe's script, there is nothing here: the form below says what is wrong.
  async start() {
    try {
      const session = openSession(this.data, this.place);
      const checkout = await session.checkout;
      if (this.listening.signal.aborted) return;
      this.element = checkout.createExpressCheckoutElement({
        buttonHeight: BUTTON_HEIGHT,
        paymentMethods: { klarna: "never" }, // it asks for more than a press: the form below has it
      });
      this.element.on("ready", ({ availablePaymentMethods }) => this.offer(availablePaymentMethods));
      this.element.on("availablepaymentmethodschange", ({ paymentMethods }) => this.offer(paymentMethods));
      this.element.on("confirm", (event) => this.pay(event));
      this.element.on("cancel", () => this.showProblem(""));
      this.place.hidden = false; // a frame that is not shown does not load
      this.element.mount(this.buttons);
      followColorScheme(this.place, (appearance) => checkout.changeAppearance?.(appearance), this.listening.signal);
      this.loaded = session.loaded;
      if ((await this.loaded).type === "error") this.offer(null);
    } catch {
      this.offer(null);
    }
  }

  offer(methods) {
    this.place.hidden = !methods;
  }

  // A wallet's sheet may stay open for as long as its owner likes: the order may be another by then.
  async pay(event) {
    this.showProblem("");
    this.place.setAttribute("aria-busy", "true");
    const error = await this.confirm(event);
    if (!error) return; // Stripe.js is taking the shopper away
    event.paymentFailed?.({ reason: "fail", message: error.message });
    this.place.setAttribute("aria-busy", "false");
    this.showProblem(error.message || "The payment was not finished. You can try again, or pay below.");
  }

  async confirm(event) {
    const { name, email, phone } = event.billingDetails ?? {};
    try {
      const { actions, error: refusal } = await this.loaded;
      if (refusal) return refusal;
      const problem = await this.save({ name, email, phone });
      if (problem) return { message: problem };
      void actions.getSession().total.total.amount; // Stripe wants it to be read before it is charged
      const { error } = (await actions.confirm({ expressCheckoutConfirmEvent: event })) ?? {};
      return error && this.isOver ? { message: CHANGED } : error;
    } catch (thrown) {
      return thrown;
    }
  }

  // Its session is not the order's any more.
  get isOver() {
    return this.listening.signal.aborted;
  }

  // Resolves with what keeps the shop from taking the order, or with an empty text.
  save(details) {
    if (this.isOver) return Promise.resolve(CHANGED);
    const press = `${Date.now()}-${Math.random()}`;
    return new Promise((resolve) => {
      this.saving = { press, resolve };
      window.checkoutTell(
        () => this.onPress({ ...details, press }),
        () => this.isOver || this.saving?.press !== press,
      );
    });
  }

  takeAnswer({ press, problem }) {
    if (this.saving?.press !== press) return;
    this.saving.resolve(problem);
    this.saving = null;
  }

  showProblem(text) {
    this.problem.textContent = text;
  }

  destroy() {
    this.saving?.resolve(CHANGED);
    this.listening.abort();
    this.element?.destroy?.();
  }
}

export default function ({ data, parentElement, setTriggerValue }) {
  let express = instances.get(parentElement);
  if (express?.secret !== data.client_secret) {
    express?.destroy();
    express = new Express(parentElement, data);
    instances.set(parentElement, express);
  }
  express.data = data;
  express.onPress = (details) => setTriggerValue("press", details);
  if (data.answer) express.takeAnswer(data.answer);
  return whenGone(parentElement, () => {
    if (instances.get(parentElement) !== express) return;
    express.destroy();
    instances.delete(parentElement);
  });
}
