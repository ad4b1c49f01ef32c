// stripe.elements(): elements for a payment intent, or for one that the shop makes later.
import { FrameElement } from "./element.js";
import { ELEMENTS, LINK_AUTHENTICATION } from "./elements.js";
import { Emitter } from "./emitter.js";
import { integrationError, notSimulated } from "./errors.js";
import { startExpressCheckout } from "./express.js";
import { Intent } from "./intent.js";
import { post } from "./network.js";

const KINDS = {
  payment: ELEMENTS.Payment,
  expressCheckout: ELEMENTS.ExpressCheckout,
  contactDetails: ELEMENTS.ContactDetails,
  linkAuthentication: LINK_AUTHENTICATION,
  linkSignup: ELEMENTS.LinkSignup,
  taxId: ELEMENTS.TaxId,
  currencySelector: ELEMENTS.CurrencySelector,
  terms: ELEMENTS.Terms,
};

function kindOf(type, mode) {
  if (type === "shippingAddress" || (type === "address" && mode === "shipping")) return ELEMENTS.ShippingAddress;
  if (type === "address" && mode === "billing") return ELEMENTS.BillingAddress;
  if (type === "address") throw integrationError("Invalid value for create(): mode should be `billing` or `shipping`.");
  if (!KINDS[type]) throw notSimulated(`the element ${type}`);
  return KINDS[type];
}

export class ElementsGroup {
  isSubmitted = false; // whether elements.submit() found nothing missing since the shopper last typed
  created = new Map(); // kind -> element
  #events = new Emitter();
  #key;
  #options;
  #facts = {};

  constructor(key, options) {
    this.#key = key;
    this.#options = options ?? {};
    if (this.#options.mode && this.#options.mode !== "payment") {
      throw notSimulated(`stripe.elements({ mode: "${this.#options.mode}" })`);
    }
    this.load();
  }

  get clientSecret() {
    return this.#options.clientSecret;
  }

  // Asks what there is to pay and with what, and tells the elements.
  async load() {
    const { clientSecret, amount, currency } = this.#options;
    if (!clientSecret && !currency) return { error: null };
    const answer = clientSecret
      ? await new Intent(this.#key, clientSecret).init()
      : await post("/v1/payment_pages/offers", { key: this.#key, amount, currency });
    if (answer.error) {
      const error = { type: "invalid_request_error", message: answer.error.message };
      for (const element of this.created.values()) element.reportLoadError(error);
      return { error };
    }
    this.#facts = { methods: answer.methods, free: false, total: answer.total };
    this.#tell(this.#facts);
    return { error: null };
  }

  #tell(facts) {
    const hasBillingElement = this.created.has(ELEMENTS.BillingAddress);
    for (const element of this.created.values()) element.setFacts({ ...facts, hasBillingElement });
  }

  find(kind) {
    return this.created.get(kind);
  }

  #create(type, options) {
    const kind = kindOf(type, options?.mode);
    if (this.created.has(kind)) throw integrationError(`Can only create one ${kind.name}.`);
    const element = new FrameElement(kind, {
      options,
      appearance: this.#options.appearance,
      onDestroy: () => this.created.delete(kind),
    });
    this.created.set(kind, element);
    if (kind === ELEMENTS.ExpressCheckout) startExpressCheckout(element, () => this.#facts.total ?? "");
    element.events.on("change", () => {
      this.isSubmitted = false;
    });
    this.#tell(this.#facts);
    return element.element;
  }

  async #update(options) {
    this.#options = { ...this.#options, ...options };
    if (options.appearance) this.#tell({ appearance: options.appearance });
    if (options.amount || options.currency) await this.load();
    this.#events.emit("update-end");
  }

  // Lets every form show what is missing. Returns the first error, or the method that is chosen.
  async #submit() {
    const forms = [...this.created.values()].filter(({ kind, isMounted }) => kind.validates && isMounted);
    const answers = await Promise.all(forms.map((element) => element.ask("validate")));
    const error = answers.map((answer) => answer.error).find(Boolean);
    if (error) return { error };
    this.isSubmitted = true;
    return { selectedPaymentMethod: this.find(ELEMENTS.Payment)?.state.value.type };
  }

  publicObject() {
    const group = {
      create: (type, options) => this.#create(type, options),
      getElement: (type, options) => {
        const kinds = [...this.created.keys()].filter((kind) => kind.type === type);
        const kind = kinds.find(({ mode }) => !options?.mode || mode === options.mode);
        return kind ? this.created.get(kind).element : null;
      },
      update: (options) => this.#update(options),
      on: (type, handler) => this.#events.on(type, handler),
      fetchUpdates: async () => {
        const { error } = await this.load();
        return error ? { error } : {};
      },
      submit: () => this.#submit(),
    };
    GROUPS.set(group, this);
    return group;
  }
}

// The group behind each object that a shop has.
export const GROUPS = new WeakMap();
