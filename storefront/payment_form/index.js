// The function below runs again at every data change; what must last is kept by the element it was mounted in.
const instances = new WeakMap();
const scripts = (window.storefrontPaymentScripts ??= {});

// What the shopper can mend without a new session.
const MENDABLE = new Set(["paymentFailed", "canceled", "card_declined", "incomplete"]);

const load = (url) =>
  (scripts[url] ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = url;
    script.addEventListener("load", resolve);
    script.addEventListener("error", () => {
      delete scripts[url];
      script.remove();
      reject(new Error("The payment form could not be loaded. Please check your connection and try again."));
    });
    document.head.append(script);
  }));

const appearance = (element) => {
  const style = getComputedStyle(element);
  const of = (name) => style.getPropertyValue(name).trim() || undefined;
  return {
    theme: of("color-scheme") === "dark" ? "night" : "stripe",
    variables: Object.fromEntries(
      Object.entries({
        colorPrimary: of("--st-primary-color"),
        colorBackground: of("--st-background-color"),
        colorText: of("--st-text-color"),
        borderRadius: of("--st-base-radius"),
      }).filter(([, value]) => value),
    ),
  };
};

const dark = window.matchMedia("(prefers-color-scheme: dark)");

class Payment {
  constructor(root, data) {
    this.secret = data.client_secret;
    this.data = data;
    this.fields = root.querySelector(".payment-fields");
    this.problem = root.querySelector(".payment-problem");
    this.button = root.querySelector(".payment-button");
    this.complete = false;
    this.busy = false;
    this.actions = null;
    this.listening = new AbortController(); // the next payment on this page uses the same button
    const { signal } = this.listening;
    this.button.addEventListener("click", () => (this.actions ? this.pay() : this.start()), { signal });
    dark.addEventListener("change", () => this.follow(appearance(this.fields).theme, 60), { signal });
    this.start();
  }

  async start() {
    this.say("");
    this.draw();
    try {
      await load(this.data.script);
      const stripe = window.Stripe(this.data.publishable_key);
      const checkout = (this.checkout = stripe.initCheckoutElementsSdk({
        clientSecret: this.secret,
        elementsOptions: { appearance: appearance(this.fields) },
      }));
      checkout.on("change", () => this.draw());
      this.element?.destroy?.();
      this.element = checkout.createPaymentElement();
      this.element.on("change", (event) => {
        this.complete = event.complete;
        this.draw();
      });
      this.element.mount(this.fields);
      const loaded = await checkout.loadActions();
      if (loaded.type === "error") {
        this.stuck(loaded.error);
        return;
      }
      this.actions = loaded.actions;
      this.fields.setAttribute("aria-busy", "false");
      this.draw();
    } catch (error) {
      this.fields.setAttribute("aria-busy", "false");
      this.say(error.message);
      this.button.textContent = "Try again";
      this.button.disabled = false;
    }
  }

  async pay() {
    if (this.busy) return;
    this.busy = true;
    this.say("");
    this.draw();
    let error;
    try {
      ({ error } = (await this.actions.confirm({ email: this.data.email })) ?? {});
    } catch (thrown) {
      error = thrown;
    }
    if (!error) return; // Stripe.js is taking the shopper away; the button stays as it is
    this.busy = false;
    this.say(error.message || "The payment did not go through. Please try again.");
    this.draw();
    if (!MENDABLE.has(error.code)) this.stuck(error);
  }

  // The page takes on its new colours some frames after the system did.
  follow(was, frames) {
    const now = appearance(this.fields);
    if (now.theme === was && frames > 0) requestAnimationFrame(() => this.follow(was, frames - 1));
    else this.checkout?.changeAppearance?.(now);
  }

  end() {
    this.listening.abort();
    this.element?.destroy?.();
  }

  stuck(error) {
    this.fields.setAttribute("aria-busy", "false");
    this.say(error?.message || "This checkout cannot be paid any more.");
    this.report(Date.now());
  }

  say(text) {
    this.problem.textContent = text;
  }

  draw() {
    const amount = this.actions?.getSession().total.total.amount;
    this.button.textContent = this.busy ? "Paying …" : amount ? `Pay ${amount}` : "Pay";
    this.button.disabled = this.busy || !this.actions || !this.complete;
    this.button.setAttribute("aria-busy", String(this.busy));
  }
}

export default function ({ data, parentElement, setTriggerValue }) {
  let payment = instances.get(parentElement);
  if (payment?.secret !== data.client_secret) {
    payment?.end();
    payment = new Payment(parentElement, data);
    instances.set(parentElement, payment);
  }
  payment.data = data;
  payment.report = (when) => setTriggerValue("stuck", when);
  return () => {
    payment.end();
    instances.delete(parentElement);
  };
}
