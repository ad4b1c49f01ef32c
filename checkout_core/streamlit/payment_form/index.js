// The function below runs again at every data change; what must last is kept by the element it was mounted in.
const instances = new WeakMap();
const scripts = (window.checkoutPaymentScripts ??= {});

// What the shopper can mend without a new session.
const MENDABLE = new Set(["paymentFailed", "canceled", "card_declined", "incomplete"]);

const loadScript = (url) =>
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

const readAppearance = (element) => {
  const style = getComputedStyle(element);
  const read = (name) => style.getPropertyValue(name).trim() || undefined;
  return {
    theme: read("color-scheme") === "dark" ? "night" : "stripe",
    variables: Object.fromEntries(
      Object.entries({
        colorPrimary: read("--st-primary-color"),
        colorBackground: read("--st-background-color"),
        colorText: read("--st-text-color"),
        borderRadius: read("--st-base-radius"),
      }).filter(([, value]) => value),
    ),
  };
};

const darkScheme = window.matchMedia("(prefers-color-scheme: dark)");

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
    this.button.addEventListener("click", () => (this.actions ? this.pay() : this.start()), { signal });
    darkScheme.addEventListener("change", () => this.followColorScheme(readAppearance(this.fields).theme, 60), {
      signal,
    });
    this.start();
  }

  async start() {
    this.showProblem("");
    this.updateButton();
    try {
      await loadScript(this.data.script);
      const stripe = window.Stripe(this.data.publishable_key);
      const checkout = (this.checkout = stripe.initCheckoutElementsSdk({
        clientSecret: this.secret,
        elementsOptions: { appearance: readAppearance(this.fields) },
      }));
      checkout.on("change", () => this.updateButton());
      this.element?.destroy?.();
      this.element = checkout.createPaymentElement();
      this.element.on("change", (event) => {
        this.isComplete = event.complete;
        this.updateButton();
      });
      this.element.mount(this.fields);
      const loaded = await checkout.loadActions();
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
    this.isBusy = false;
    this.showProblem(
      error.message || "The payment was not finished. Press Pay again: one checkout is charged once at most.",
    );
    this.updateButton();
    if (!MENDABLE.has(error.code)) this.giveUp(error);
  }

  // The page takes on its new colours some frames after the system did.
  followColorScheme(previousTheme, frames) {
    const now = readAppearance(this.fields);
    if (now.theme === previousTheme && frames > 0) {
      requestAnimationFrame(() => this.followColorScheme(previousTheme, frames - 1));
    } else {
      this.checkout?.changeAppearance?.(now);
    }
  }

  destroy() {
    this.listening.abort();
    this.element?.destroy?.();
  }

  giveUp(error) {
    this.fields.setAttribute("aria-busy", "false");
    this.showProblem(error?.message || "This checkout cannot be paid any more.");
    this.onStuck(Date.now());
  }

  showProblem(text) {
    this.problem.textContent = text;
  }

  updateButton() {
    const amount = this.actions?.getSession().total.total.amount;
    this.button.textContent = this.isBusy ? "Paying …" : amount ? `Pay ${amount}` : "Pay";
    this.button.disabled = this.isBusy || !this.actions || !this.isComplete;
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
  return () => {
    payment.destroy();
    instances.delete(parentElement);
  };
}
