// The embedded page: the hosted page of a session inside a shop's page.
import { integrationError } from "./errors.js";
import { Frame } from "./frames.js";
import { post } from "./network.js";

const STYLE = "border:0;width:100%;min-width:100%;height:720px;display:block;color-scheme:light dark";

let current = null; // one page can have one embedded page

// Asks for the session. Rejects when there is none for the secret.
async function findSession(key, secret) {
  if (typeof secret !== "string" || !secret.includes("_secret_")) {
    throw integrationError("Invalid client secret: it should be the client_secret of a Checkout Session.");
  }
  const [id] = secret.split("_secret_");
  const answer = await post(`/v1/payment_pages/${encodeURIComponent(id)}/init`, { key, client_secret: secret });
  if (answer.error) throw integrationError(answer.error.message);
  return id;
}

class EmbeddedPage {
  #id;
  #onComplete;
  #frame = null;
  #isDestroyed = false;

  constructor(id, onComplete) {
    this.#id = id;
    this.#onComplete = onComplete;
  }

  #receive = ({ type, height, values }) => {
    if (type === "height") this.#frame.element.style.height = `${Math.ceil(height)}px`;
    if (type !== "__complete") return;
    if (values.url) window.location.assign(values.url);
    else this.#onComplete?.();
  };

  #mount(target) {
    if (this.#isDestroyed) throw integrationError("This embedded checkout was destroyed.");
    const parent = typeof target === "string" ? document.querySelector(target) : target;
    if (!parent) throw integrationError(`There is no element for ${target} on the page.`);
    this.#unmount();
    this.#frame = new Frame("Secure checkout page frame", STYLE, this.#receive);
    this.#frame.load(`/_simulator/embedded/${this.#id}`, {});
    parent.replaceChildren(this.#frame.element);
  }

  #unmount() {
    this.#frame?.close();
    this.#frame = null;
  }

  publicObject() {
    return {
      mount: (target) => this.#mount(target),
      unmount: () => this.#unmount(),
      destroy: () => {
        this.#unmount();
        this.#isDestroyed = true;
        current = null;
      },
    };
  }
}

export async function createEmbeddedCheckoutPage(key, options) {
  if (current) {
    throw integrationError("You cannot have multiple Embedded Checkout objects. Call destroy() on the first one.");
  }
  if (!options?.clientSecret && !options?.fetchClientSecret) {
    throw integrationError("Provide either clientSecret or fetchClientSecret.");
  }
  const marker = {};
  current = marker;
  try {
    const secret = await (options.clientSecret ?? options.fetchClientSecret());
    return new EmbeddedPage(await findSession(key, secret), options.onComplete).publicObject();
  } catch (error) {
    current = null;
    throw error;
  }
}
