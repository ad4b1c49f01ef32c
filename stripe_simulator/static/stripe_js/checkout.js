// A Checkout Session in the browser: what the simulator says of it, and what the shopper and the shop filled in.
import { FrameElement } from "./element.js";
import { ELEMENTS } from "./elements.js";
import { Emitter } from "./emitter.js";
import { DOCS, integrationError } from "./errors.js";
import { startExpressCheckout } from "./express.js";
import { post } from "./network.js";

export class Checkout {
  events = new Emitter();
  confirming = null; // the payment that is on its way
  totalWasRead = false;
  methods = [];
  filled = {}; // email, phoneNumber, billingAddress, shippingAddress, taxIdInfo, individualName, businessName
  created = {}; // the elements, by their names in ELEMENTS
  session = null; // as the simulator sent it
  #key;
  #givenSecret;
  #appearance;
  #defaults;
  #secret = null;
  #loading = null;
  #collection = {}; // what the session asks of the shopper

  constructor(key, options) {
    if (!options?.clientSecret) throw integrationError(`clientSecret is required. See ${DOCS}`);
    this.#key = key;
    this.#givenSecret = options.clientSecret;
    this.#appearance = options.elementsOptions?.appearance || options.appearance || {};
    this.#defaults = options.defaultValues || {};
    this.leave = options.leave; // how the hosted page goes away when it is inside a shop's page
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
    const answer = await this.post("/init");
    if (answer.error) throw new Error(answer.error.message);
    this.methods = answer.methods;
    this.#collection = answer.collection;
    this.filled = { ...this.#defaults };
    this.setSession(answer.session);
  }

  path(action) {
    return `/v1/payment_pages/${encodeURIComponent(this.#secret.split("_secret_")[0])}${action}`;
  }

  // What every request says of who asks.
  get credentials() {
    return { key: this.#key, client_secret: this.#secret };
  }

  post(action, values) {
    return post(this.path(action), { ...this.credentials, ...values });
  }

  get isFree() {
    return this.session.total.total.minorUnitsAmount === 0;
  }

  get email() {
    return this.session.email || this.filled.email || null;
  }

  setSession(session) {
    this.session = session;
    for (const element of Object.values(this.created)) element.setFacts(this.#facts());
  }

  // What the forms of the elements must know.
  #facts() {
    const { email, total } = this.session;
    return {
      methods: this.methods,
      free: this.isFree,
      email: email || this.filled.email || "",
      total: total.total.amount,
      collection: this.#collection,
      hasBillingElement: Boolean(this.created.BillingAddress),
    };
  }

  // Tells the simulator what was filled in that may decide about tax. Returns its answer.
  async tell(field) {
    const value = this.filled[field];
    const parameters = {
      billingAddress: () => ({ address: value?.address ?? "" }),
      shippingAddress: () => ({ shipping: value ?? "" }),
      taxIdInfo: () => ({ tax_id: value?.taxId ?? "" }),
    };
    const answer = await this.post("/update", parameters[field]());
    if (answer.session) this.setSession(answer.session);
    return answer;
  }

  emitChange() {
    if (this.session) this.events.emit("change", this.publicSession());
  }

  publicSession() {
    const { filled } = this;
    const session = structuredClone(this.session);
    session.email = this.email;
    session.phoneNumber = filled.phoneNumber ?? session.phoneNumber;
    session.billingAddress = filled.billingAddress ?? session.billingAddress;
    session.shippingAddress = filled.shippingAddress ?? session.shippingAddress;
    session.taxIdInfo = filled.taxIdInfo ?? session.taxIdInfo;
    if (session.nameCollection) {
      session.nameCollection.individualName = filled.individualName ?? session.nameCollection.individualName;
      session.nameCollection.businessName = filled.businessName ?? session.nameCollection.businessName;
    }
    session.canConfirm = session.status.type === "open" && !this.confirming && !this.missing();
    session.total.total = this.#watchedAmount(session.total.total);
    return session;
  }

  // Returns a sentence about what the shopper has not filled in yet, or null.
  missing({ email, billingAddress, shippingAddress, phoneNumber, byWallet, bySaved } = {}) {
    if (!(email || this.email)) {
      return "An email address is required. Pass it to confirm() or call updateEmail() first.";
    }
    if (!this.isFree && !byWallet && !bySaved && !this.created.Payment?.isComplete) {
      return "Your payment details are incomplete.";
    }
    const forms = byWallet ? [] : Object.entries(this.created).filter(([name]) => name !== "Payment");
    const incomplete = forms.find(([, { kind, isComplete }]) => kind.validates && !isComplete);
    if (incomplete) return `The ${incomplete[1].kind.name} is incomplete.`;
    if (this.#collection.phone && !(phoneNumber || this.filled.phoneNumber)) return "A phone number is required.";
    const { billing, shipping } = this.#collection;
    if (shipping && !(shippingAddress || this.filled.shippingAddress)) return "A shipping address is required.";
    if (billing && !(billingAddress || this.filled.billingAddress || byWallet)) {
      return "A billing address is required.";
    }
    return null;
  }

  // An amount that remembers that somebody looked: confirm() wants the total to be shown.
  #watchedAmount(amount) {
    const read = (name) => {
      this.totalWasRead = true;
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

  // ---- Elements

  createElement(name, options) {
    const kind = ELEMENTS[name];
    if (this.created[name]) {
      throw integrationError(
        `Can only create one ${kind.name}. Use get${name}Element() to get it, or destroy() it first.`,
      );
    }
    const element = new FrameElement(kind, {
      options,
      appearance: this.#appearance,
      sessionId: this.load().then(() => this.session.id),
      onDestroy: () => {
        delete this.created[name];
        this.emitChange();
      },
    });
    this.created[name] = element;
    if (name === "ExpressCheckout") startExpressCheckout(element, () => this.session?.total.total.amount ?? "");
    element.events.on("change", ({ complete, empty, value }) => this.#take(name, { complete, empty, value }));
    this.load().then(
      () => this.setSession(this.session),
      (error) => this.created[name]?.reportLoadError({ type: "invalid_request_error", message: error.message }),
    );
    return element.element;
  }

  getElement(name) {
    return this.created[name]?.element ?? null;
  }

  // Takes what the shopper filled in at an element.
  #take(name, { complete, empty, value }) {
    const { filled } = this;
    if (name === "BillingAddress" || name === "ShippingAddress") {
      const field = name === "BillingAddress" ? "billingAddress" : "shippingAddress";
      const before = JSON.stringify(filled[field]);
      filled[field] = complete ? { name: value.name, address: value.address } : null;
      if (this.#collection.tax && JSON.stringify(filled[field]) !== before)
        this.tell(field).then(() => this.emitChange());
      if (complete && value.phone) filled.phoneNumber = value.phone;
    }
    if (name === "ContactDetails") filled.email = complete ? value.email : null;
    if (name === "TaxId") {
      const taxId = { type: value.externalTaxIdType, value: value.taxId };
      filled.taxIdInfo = complete && !empty ? { taxId, businessName: value.businessName } : null;
    }
    this.emitChange();
  }

  changeAppearance(appearance) {
    this.#appearance = appearance || {};
    for (const element of Object.values(this.created)) element.setFacts({ appearance: this.#appearance });
  }
}
