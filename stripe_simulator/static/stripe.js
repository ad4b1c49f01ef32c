// Stripe.js for the simulator: Stripe(), initCheckoutElementsSdk(), initCheckout() and the Payment Element.
// A shop loads it with <script src>, so it is a classic script that leaves only `Stripe` behind. What a shop gets is
// made of plain objects with arrow functions, because a shop may take a function out of its object.
(() => {
  "use strict";

  const script = document.currentScript || document.querySelector('script[src*="/stripe.js"], script[src*="/v3"]');
  const BASE = script.src.replace(/[?#].*$/, "").replace(/\/(?:v3\/?|[^/]+\/stripe\.js)$/, "");
  const ORIGIN = new URL(BASE).origin;
  const DOCS = "https://docs.stripe.com/js/custom_checkout";
  const EMAIL = /^[^\s@]+@[^\s@]+\.[^\s@]+$/;

  const HOLDER_STYLE =
    "margin:-4px 0;padding:0;border:none;display:block;background:transparent;position:relative;opacity:1";
  const FORM_STYLE =
    "border:0;margin:0 -4px;padding:0;width:calc(100% + 8px);max-width:none;min-width:100%;height:264px;" +
    "display:block;overflow:hidden;color-scheme:light only";
  const CHALLENGE_STYLE =
    "position:fixed;inset:0;width:100%;height:100%;border:0;z-index:2147483647;background:transparent;" +
    "color-scheme:light only";

  const NOT_SIMULATED = {
    elements: ["ShippingAddress", "BillingAddress", "ExpressCheckout", "CurrencySelector", "TaxId"],
    actions: ["updateShippingAddress", "updateLineItemQuantity", "updateTaxIdInfo"],
    confirmOptions: ["paymentMethod", "savePaymentMethod", "shippingAddress", "expressCheckoutConfirmEvent"],
  };

  function integrationError(message) {
    const error = new Error(message);
    error.name = "IntegrationError";
    return error;
  }

  function failure(error) {
    const known = { message: "Something went wrong.", code: null, ...error };
    if (known.type === "card_error") known.paymentFailed = { declineCode: known.decline_code || null };
    return { type: "error", error: known };
  }

  class Emitter {
    #handlers = {};

    on(type, handler) {
      (this.#handlers[type] ??= []).push(handler);
    }

    off(type, handler) {
      const handlers = this.#handlers[type] ?? [];
      this.#handlers[type] = handler ? handlers.filter((one) => one !== handler) : [];
    }

    once(type, handler) {
      const handleOnce = (event) => {
        this.off(type, handleOnce);
        handler(event);
      };
      this.on(type, handleOnce);
    }

    emit(type, value) {
      for (const handler of (this.#handlers[type] ?? []).slice()) handler(value);
    }
  }

  // Returns what the simulator answers, or an object with an `error` when it cannot be reached.
  async function post(path, values) {
    const given = Object.entries(values).filter(([, value]) => value !== undefined && value !== null);
    let response;
    try {
      const body = new URLSearchParams(given);
      response = await fetch(BASE + path, { method: "POST", body, credentials: "omit" });
    } catch {
      return { error: { type: "api_connection_error", message: "Stripe could not be reached. Please try again." } };
    }
    return response.json();
  }

  // ---- Frames: the payment form and the bank's challenge live on the simulator's origin

  class Frame {
    #channel = Math.random().toString(36).slice(2) + Date.now().toString(36);
    #path;
    #onMessage;

    constructor(path, title, style, onMessage) {
      this.#path = path;
      this.#onMessage = onMessage;
      this.element = document.createElement("iframe");
      this.element.title = title;
      this.element.name = `__simulatedStripeFrame_${this.#channel}`;
      this.element.style.cssText = style;
      this.element.setAttribute("allow", "payment *");
      window.addEventListener("message", this.#receive);
    }

    #receive = (event) => {
      if (event.source !== this.element.contentWindow || event.origin !== ORIGIN) return;
      if (event.data?.channel === this.#channel) this.#onMessage(event.data);
    };

    load(values) {
      const fragment = new URLSearchParams({ channel: this.#channel, origin: window.location.origin, ...values });
      this.element.src = `${BASE}${this.#path}#${fragment}`;
    }

    send(message) {
      this.element.contentWindow?.postMessage({ channel: this.#channel, ...message }, ORIGIN);
    }

    close() {
      window.removeEventListener("message", this.#receive);
      this.element.remove();
    }
  }

  // Shows the bank's challenge over the page and returns what the simulator answers to the shopper's choice.
  function showChallenge(values) {
    return new Promise((resolve) => {
      const focused = document.activeElement;
      const frame = new Frame("/_simulator/challenge", "Bank authentication", CHALLENGE_STYLE, (message) => {
        if (message.type === "ready") frame.element.focus();
        if (message.type !== "result") return;
        frame.close();
        focused?.focus?.();
        resolve(message.result);
      });
      frame.load(values);
      document.body.append(frame.element);
    });
  }

  // ---- The Payment Element

  const EMPTY_FORM = { complete: false, empty: true, value: { type: "card" } };

  class PaymentElement {
    #events = new Emitter();
    #appearance;
    #onDestroy;
    #frame = null;
    #holder = null;
    #frameIsReady = false;
    #form = EMPTY_FORM;
    #facts = {};
    #queue = []; // confirmations that wait for the frame
    #confirmations = new Map(); // number of a call -> the function that takes its result
    #calls = 0;

    constructor(appearance, onDestroy) {
      this.#appearance = appearance;
      this.#onDestroy = onDestroy;
      this.element = this.#publicElement();
    }

    get isComplete() {
      return this.#form.complete;
    }

    // Takes what the form must know of the session and the looks: `methods`, `free`, `appearance`, or some of them.
    setFacts(facts) {
      this.#facts = { ...this.#facts, ...facts }; // a frame that comes later needs all of them
      if (this.#frameIsReady) this.#sendFacts(facts);
    }

    reportLoadError(error) {
      this.#events.emit("loaderror", { elementType: "payment", error });
    }

    // Pays with what the form holds and returns the simulator's answer. `path` and `values` are those of the request.
    confirm(path, values) {
      if (!this.#frame) throw integrationError("The Payment Element is not mounted. Call mount() before confirm().");
      this.#calls += 1;
      const message = { type: "confirm", call: this.#calls, path, values };
      return new Promise((resolve) => {
        this.#confirmations.set(message.call, resolve);
        if (this.#frameIsReady) this.#frame.send(message);
        else this.#queue.push(message);
      });
    }

    #sendFacts(facts) {
      this.#frame.send({ type: "facts", ...facts });
    }

    #receive = (message) => {
      switch (message.type) {
        case "ready":
          this.#frameIsReady = true;
          this.#sendFacts(this.#facts);
          for (const waiting of this.#queue.splice(0)) this.#frame.send(waiting);
          this.#events.emit("ready", { elementType: "payment" });
          break;
        case "height":
          this.#frame.element.style.height = `${Math.ceil(message.height)}px`;
          break;
        case "change":
          this.#form = { complete: message.complete, empty: message.empty, value: message.value };
          this.#events.emit("change", { elementType: "payment", collapsed: false, ...this.#form });
          break;
        case "focus":
        case "blur":
        case "escape":
          this.#events.emit(message.type, { elementType: "payment" });
          break;
        case "submit":
          this.#events.emit("__submit", {});
          break;
        case "result":
          this.#confirmations.get(message.call)?.(message.result);
          this.#confirmations.delete(message.call);
          break;
      }
    };

    #mount(target) {
      const parent = typeof target === "string" ? document.querySelector(target) : target;
      if (!parent) {
        throw integrationError(
          `The selector you specified (${target}) applies to no DOM elements that are currently on the page.`,
        );
      }
      this.#unmount();
      this.#holder = document.createElement("div");
      this.#holder.className = "__PrivateStripeElement";
      this.#holder.style.cssText = HOLDER_STYLE;
      this.#frame = new Frame("/_simulator/payment_element", "Secure payment input frame", FORM_STYLE, this.#receive);
      this.#frame.element.addEventListener("error", () => {
        this.reportLoadError({ message: "The Payment Element could not be loaded." });
      });
      this.#frame.load({ appearance: JSON.stringify(this.#appearance) });
      this.#holder.append(this.#frame.element);
      parent.replaceChildren(this.#holder);
    }

    #unmount() {
      if (!this.#frame) return;
      this.#frame.close();
      this.#holder.remove();
      this.#frame = null;
      this.#frameIsReady = false;
      this.#queue = [];
      this.#form = EMPTY_FORM;
      for (const resolve of this.#confirmations.values()) {
        resolve({ error: { message: "The Payment Element was removed.", code: null } });
      }
      this.#confirmations.clear();
    }

    #publicElement() {
      const chained =
        (act) =>
        (...given) => {
          act(...given);
          return element;
        };
      const element = {
        mount: chained((target) => this.#mount(target)),
        unmount: chained(() => this.#unmount()),
        destroy: () => {
          this.#unmount();
          this.#onDestroy();
        },
        update: chained(() => {}), // no option of the element is simulated
        focus: chained(() => this.#frame?.send({ type: "focus" })),
        blur: chained(() => this.#frame?.send({ type: "blur" })),
        clear: chained(() => this.#frame?.send({ type: "clear" })),
        collapse: chained(() => {}),
        on: chained((type, handler) => this.#events.on(type, handler)),
        off: chained((type, handler) => this.#events.off(type, handler)),
        once: chained((type, handler) => this.#events.once(type, handler)),
      };
      return element;
    }
  }

  // ---- Checkout

  class Checkout {
    #events = new Emitter();
    #key;
    #givenSecret;
    #appearance;
    #defaults;
    #secret = null;
    #loading = null;
    #confirming = null;
    #session = null; // as the simulator sent it
    #methods = [];
    #email = null;
    #phone = null;
    #billing = null;
    #payment = null;
    #totalWasRead = false;

    constructor(key, options) {
      if (!options?.clientSecret) throw integrationError(`clientSecret is required. See ${DOCS}`);
      this.#key = key;
      this.#givenSecret = options.clientSecret;
      this.#appearance = options.elementsOptions?.appearance || {};
      this.#defaults = options.defaultValues || {};
      this.elements = this.#publicElements();
      this.actions = this.#publicActions();
    }

    // Asks the simulator for the session, once. Rejects when there is none for this secret.
    load() {
      this.#loading ??= this.#load();
      return this.#loading;
    }

    async #load() {
      const secret = await this.#givenSecret;
      if (typeof secret !== "string" || !secret.includes("_secret_")) {
        throw integrationError(
          "Invalid clientSecret: it should be the client_secret of a Checkout Session with ui_mode `elements`.",
        );
      }
      this.#secret = secret;
      const answer = await this.#post("/init");
      if (answer.error) {
        throw Object.assign(new Error(answer.error.message), { code: answer.error.code || null });
      }
      this.#methods = answer.methods;
      this.#email = answer.session.email || this.#defaults.email || null;
      this.#phone = answer.session.phoneNumber || this.#defaults.phoneNumber || null;
      this.#billing = this.#defaults.billingAddress || null;
      this.#setSession(answer.session);
    }

    #path(action) {
      return `/v1/payment_pages/${encodeURIComponent(this.#secret.split("_secret_")[0])}${action}`;
    }

    #post(action, values) {
      return post(this.#path(action), { key: this.#key, client_secret: this.#secret, ...values });
    }

    get #isFree() {
      return this.#session.total.total.minorUnitsAmount === 0;
    }

    #setSession(session) {
      this.#session = session;
      this.#payment?.setFacts({ methods: this.#methods, free: this.#isFree });
    }

    #emitChange() {
      if (this.#session) this.#events.emit("change", this.#publicSession());
    }

    #publicSession() {
      const session = structuredClone(this.#session);
      session.email = this.#session.email || this.#email;
      session.phoneNumber = this.#phone;
      session.billingAddress = this.#billing;
      session.canConfirm =
        session.status.type === "open" &&
        Boolean(session.email) &&
        !this.#confirming &&
        (this.#isFree || Boolean(this.#payment?.isComplete));
      session.total.total = this.#watchedAmount(session.total.total);
      return session;
    }

    // An amount that remembers that somebody looked: confirm() wants the total to be shown.
    #watchedAmount(amount) {
      const read = (name) => {
        this.#totalWasRead = true;
        return amount[name];
      };
      return {
        get minorUnitsAmount() {
          return read("minorUnitsAmount");
        },
        get amount() {
          return read("amount");
        },
      };
    }

    #succeed() {
      this.#emitChange();
      return { type: "success", session: this.#publicSession() };
    }

    // ---- Paying

    async #confirm(given) {
      const options = given || {};
      if (!this.#totalWasRead) {
        throw integrationError(
          "Before calling confirm(), show the shopper the total: read session.total.total.amount " +
            `(or minorUnitsAmount) from the session. See ${DOCS}/session_object`,
        );
      }
      if (this.#confirming) return this.#confirming;
      const email = options.email || this.#email || this.#session.email;
      if (!email) {
        return failure({
          message: "An email address is required. Pass it to confirm() or call updateEmail() first.",
          code: "incomplete_email",
        });
      }
      if (options.redirect && !["always", "if_required"].includes(options.redirect)) {
        throw integrationError("Invalid value for confirm(): redirect should be `always` or `if_required`.");
      }
      const beyond = NOT_SIMULATED.confirmOptions.find((name) => options[name]);
      if (beyond) throw integrationError(`The Stripe simulator does not simulate confirm({ ${beyond} }).`);
      this.#confirming = this.#pay(this.#confirmValues(email, options), options.redirect);
      this.#emitChange();
      return this.#confirming;
    }

    #confirmValues(email, options) {
      const billing = options.billingAddress || this.#billing;
      const address = Object.entries(billing?.address || {}).map(([name, value]) => [`address[${name}]`, value]);
      return {
        key: this.#key,
        client_secret: this.#secret,
        email,
        return_url: options.returnUrl,
        phone: options.phoneNumber || this.#phone,
        ...(billing && { name: billing.name }),
        ...Object.fromEntries(address),
      };
    }

    // Pays, challenge included. The promise stays open while the browser goes to the shop's return_url.
    async #pay(values, redirect) {
      let answer;
      try {
        answer = await this.#requestPayment(values);
        if (answer.status === "requires_action") {
          const total = this.#session.total.total.amount;
          answer = await showChallenge({ path: this.#path("/authenticate"), values: JSON.stringify(values), total });
        }
      } finally {
        this.#confirming = null;
      }
      if (answer.session) this.#setSession(answer.session);
      if (answer.status === "redirect") {
        window.location.assign(answer.redirect_url); // to the page of a bank, whatever `redirect` says
        return new Promise(() => {});
      }
      if (answer.error) {
        this.#session.lastPaymentError = { message: answer.error.message };
        this.#emitChange();
        return failure(answer.error);
      }
      this.#email = values.email;
      this.#emitChange();
      if (redirect === "if_required") return { type: "success", session: this.#publicSession() };
      window.location.assign(answer.redirect_url);
      return new Promise(() => {});
    }

    async #requestPayment(values) {
      const path = this.#path("/confirm");
      if (this.#session.status.type !== "open" || this.#isFree) return post(path, values);
      if (!this.#payment) throw integrationError("Create and mount a Payment Element before calling confirm().");
      return this.#payment.confirm(path, values);
    }

    // ---- What a shop gets

    async #update(values, code) {
      const answer = await this.#post("/update", values);
      if (answer.error) return { type: "error", error: { message: answer.error.message, code } };
      this.#setSession(answer.session);
      return this.#succeed();
    }

    async #updateEmail(value) {
      const email = String(value || "").trim();
      if (!EMAIL.test(email)) return failure({ message: "Your email address is invalid.", code: "invalidEmail" });
      if (!this.#session.email) this.#email = email;
      return this.#succeed();
    }

    async #applyPromotionCode(value) {
      if (typeof value === "string" && value.trim()) {
        return this.#update({ promotion_code: value.trim() }, "invalidCode");
      }
      return failure({ message: "Enter a promotion code.", code: "invalidCode" });
    }

    async #runServerUpdate(updateOnServer) {
      await updateOnServer();
      const answer = await this.#post("/init");
      if (answer.error) return failure(answer.error);
      this.#setSession(answer.session);
      return this.#succeed();
    }

    #publicActions() {
      const actions = {
        confirm: (options) => this.#confirm(options),
        getSession: () => this.#publicSession(),
        updateEmail: (email) => this.#updateEmail(email),
        updateBillingAddress: async (billing) => {
          this.#billing = billing;
          return this.#succeed();
        },
        updatePhoneNumber: async (phone) => {
          this.#phone = phone;
          return this.#succeed();
        },
        applyPromotionCode: (code) => this.#applyPromotionCode(code),
        removePromotionCode: () => this.#update({ promotion_code: "" }, null),
        updateShippingOption: (rate) => this.#update({ shipping_rate: String(rate) }, null),
        runServerUpdate: (updateOnServer) => this.#runServerUpdate(updateOnServer),
      };
      for (const name of NOT_SIMULATED.actions) {
        const message = `The Stripe simulator does not simulate ${name}().`;
        actions[name] = async () => failure({ message, code: null });
      }
      return actions;
    }

    #createPaymentElement() {
      if (this.#payment) {
        throw integrationError(
          "Can only create one Payment Element. Use getPaymentElement() to get it, or destroy() it first.",
        );
      }
      this.#payment = new PaymentElement(this.#appearance, () => {
        this.#payment = null;
        this.#emitChange();
      });
      this.#payment.element.on("change", () => this.#emitChange());
      this.load().then(
        () => this.#setSession(this.#session),
        (error) => this.#payment?.reportLoadError({ message: error.message }),
      );
      return this.#payment.element;
    }

    #publicElements() {
      const elements = {
        on: (type, handler) => this.#events.on(type, handler),
        off: (type, handler) => this.#events.off(type, handler),
        createPaymentElement: () => this.#createPaymentElement(),
        getPaymentElement: () => this.#payment && this.#payment.element,
        changeAppearance: (appearance) => {
          this.#appearance = appearance || {};
          this.#payment?.setFacts({ appearance: this.#appearance });
        },
        loadFonts: () => {},
      };
      for (const name of NOT_SIMULATED.elements) {
        elements[`create${name}Element`] = () => {
          throw integrationError(`The Stripe simulator does not simulate create${name}Element().`);
        };
      }
      return elements;
    }
  }

  // ---- Stripe()

  function checkKey(key) {
    if (typeof key !== "string" || !key) {
      throw integrationError("Missing value for Stripe(): apiKey should be a string.");
    }
    if (/^(pk|sk|rk)_live_/.test(key)) {
      throw integrationError(
        "This is simulated Stripe.js and takes no live keys: use a key that starts with pk_test_.",
      );
    }
    if (/^(sk|rk)_/.test(key)) {
      throw integrationError(
        "You should not use your secret key with Stripe.js. Please pass a publishable key instead.",
      );
    }
    if (!key.startsWith("pk_test_")) {
      throw integrationError("Invalid API key: a publishable test key starts with pk_test_.");
    }
  }

  function initCheckoutElementsSdk(key, options) {
    const checkout = new Checkout(key, options);
    const loadActions = async () => {
      try {
        await checkout.load();
      } catch (error) {
        return { type: "error", error: { message: error.message, code: error.code || null } };
      }
      return { type: "success", actions: checkout.actions };
    };
    return { ...checkout.elements, loadActions };
  }

  // The shape of older releases: one object with the elements, the actions and session().
  function initCheckout(key, options) {
    const clientSecret = options?.clientSecret || options?.fetchClientSecret?.();
    const checkout = new Checkout(key, { ...options, clientSecret });
    return checkout.load().then(() => ({
      ...checkout.elements,
      ...checkout.actions,
      session: checkout.actions.getSession,
    }));
  }

  function Stripe(key) {
    checkKey(key);
    return {
      initCheckoutElementsSdk: (options) => initCheckoutElementsSdk(key, options),
      initCheckout: (options) => initCheckout(key, options),
      registerAppInfo: () => {},
    };
  }
  Stripe.version = "simulator";

  window.Stripe = Stripe;
})();
