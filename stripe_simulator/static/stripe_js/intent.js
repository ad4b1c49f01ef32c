// A payment intent in the browser, which its client secret opens.
import { integrationError } from "./errors.js";
import { showChallenge } from "./frames.js";
import { formValues, post } from "./network.js";

export class Intent {
  #key;
  #secret;
  #id;

  constructor(key, secret) {
    if (typeof secret !== "string" || !/^pi_\w+_secret_/.test(secret)) {
      throw integrationError("Invalid value: clientSecret should be the client_secret of a PaymentIntent.");
    }
    this.#key = key;
    this.#secret = secret;
    [this.#id] = secret.split("_secret_");
  }

  #path(action) {
    return `/v1/payment_pages/intent/${this.#id}/${action}`;
  }

  get #credentials() {
    return { key: this.#key, client_secret: this.#secret };
  }

  init() {
    return post(this.#path("init"), this.#credentials);
  }

  // Pays with what the form of an element holds, or with `values` where there is none. Returns what the simulator answers
  // after the bank, if it asks.
  async pay(values, element) {
    const path = this.#path("confirm");
    const parameters = formValues({ ...this.#credentials, ...values });
    const answer = element ? await element.ask("confirm", { path, values: parameters }) : await post(path, parameters);
    return this.#passChallenge(answer);
  }

  // Goes on with an intent that waits for the shopper's bank.
  async next() {
    const answer = await this.init();
    const waits = answer.intent?.status === "requires_action";
    return this.#passChallenge(waits ? { ...answer, status: "requires_action" } : answer);
  }

  async #passChallenge(answer) {
    if (answer.status !== "requires_action") return answer;
    const values = JSON.stringify(this.#credentials);
    return showChallenge({ path: this.#path("authenticate"), values, total: answer.total });
  }
}
