// An element: a form or a piece of text in a frame, and the object by which a shop mounts it.
import { Emitter } from "./emitter.js";
import { integrationError } from "./errors.js";
import { Frame } from "./frames.js";

const HOLDER_STYLE =
  "margin:-4px 0;padding:0;border:none;display:block;background:transparent;position:relative;opacity:1";
const FRAME_STYLE =
  "border:0;margin:0 -4px;padding:0;width:calc(100% + 8px);max-width:none;min-width:100%;" +
  "display:block;overflow:hidden;color-scheme:light only";

export class FrameElement {
  events = new Emitter();
  kind;
  #options;
  #appearance;
  #onDestroy;
  #sessionId;
  #frame = null;
  #holder = null;
  #frameIsReady = false;
  #isTold; // whether what there is to show is known
  #isShown = false;
  #state;
  #facts = {};
  #asked = new Map(); // number of a call -> what was asked, and the function that takes its result
  #calls = 0;

  // `kind` is one of ELEMENTS; `options` are what the shop gave; `onDestroy` is called when the shop destroys the element.
  // `sessionId` is a promise of the session's id, for kinds whose address has it.
  constructor(kind, { options, appearance, onDestroy, sessionId }) {
    this.kind = kind;
    this.#options = options || {};
    this.#appearance = appearance;
    this.#onDestroy = onDestroy;
    this.#sessionId = sessionId;
    this.#isTold = !sessionId;
    sessionId?.then(
      () => (this.#isTold = true),
      () => {}, // the page is told of the error by loadActions()
    );
    this.#state = this.#emptyState();
    this.element = this.#publicElement();
  }

  get isComplete() {
    return this.#state.complete;
  }

  get isMounted() {
    return this.#frame !== null;
  }

  // What the form holds: `complete`, `empty` and `value`.
  get state() {
    return this.#state;
  }

  // Takes what the form must know of the session and the looks, or some of it.
  setFacts(facts) {
    this.#facts = { ...this.#facts, ...facts }; // a frame that comes later needs all of them
    if (this.#frameIsReady) this.#frame.send({ type: "facts", ...facts });
  }

  reportLoadError(error) {
    this.emit("loaderror", { error });
  }

  // Asks the form for something, such as to pay or to show what is missing, and returns its answer.
  ask(type, values) {
    if (!this.#frame) {
      throw integrationError(`The ${this.kind.name} is not mounted. Call mount() before ${type}().`);
    }
    this.#calls += 1;
    const message = { type, call: this.#calls, ...values };
    return new Promise((resolve) => {
      this.#asked.set(message.call, { message, resolve });
      if (this.#frameIsReady) this.#frame.send(message);
    });
  }

  emit(type, values) {
    this.events.emit(type, { elementType: this.kind.type, ...values });
  }

  #emptyState() {
    return { complete: Boolean(this.kind.optional), empty: true, value: this.kind.value };
  }

  #receive = (message) => {
    switch (message.type) {
      case "ready":
        this.#frameIsReady = true;
        this.#frame.send({ type: "facts", options: this.#options, ...this.#facts });
        // What a frame was asked that was loaded anew before it answered, as by a page that has moved it, is asked again.
        for (const { message: asked } of this.#asked.values()) this.#frame.send(asked);
        break;
      case "shown": // it has the height with which it shows the session
        if (this.#isTold && !this.#isShown && !this.kind.readyLater) this.emit("ready");
        this.#isShown ||= this.#isTold;
        break;
      case "height":
        this.#frame.element.style.height = `${Math.ceil(message.height)}px`;
        break;
      case "change":
        this.#state = { complete: message.complete, empty: message.empty, value: message.value };
        if (message.status) this.#state.status = message.status;
        this.emit("change", { ...this.kind.changeValues, ...this.#state });
        break;
      case "result":
        this.#asked.get(message.call)?.resolve(message.result);
        this.#asked.delete(message.call);
        break;
      case "submit":
        this.events.emit("__submit", {});
        break;
      case "__press": // these three are for other modules of this script
      case "__offered":
      case "__complete":
        this.events.emit(message.type, message.values);
        break;
      default:
        this.emit(message.type, message.values); // focus, blur, escape, and what only one kind has
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
    const style = `${FRAME_STYLE};height:${this.kind.height}px`;
    this.#frame = new Frame(this.kind.title, style, this.#receive);
    this.#frame.element.addEventListener("error", () => {
      this.reportLoadError({ type: "api_connection_error", message: `The ${this.kind.name} could not be loaded.` });
    });
    this.#holder.append(this.#frame.element);
    parent.replaceChildren(this.#holder);
    this.emit("loaderstart");
    this.#load(this.#frame);
  }

  async #load(frame) {
    const values = { appearance: JSON.stringify(this.#appearance), mode: this.kind.mode || "" };
    if (!this.kind.pathOf) {
      frame.load(this.kind.path, values);
      return;
    }
    const id = await this.#sessionId.catch(() => null); // the page is told of the error by loadActions()
    if (id) frame.load(this.kind.pathOf(id), values);
  }

  #unmount() {
    if (!this.#frame) return;
    this.#frame.close();
    this.#holder.remove();
    this.#frame = null;
    this.#frameIsReady = this.#isShown = false;
    this.#state = this.#emptyState();
    for (const { resolve } of this.#asked.values()) {
      resolve({ error: { message: `The ${this.kind.name} was removed.`, code: null } });
    }
    this.#asked.clear();
  }

  #update(options) {
    this.#options = { ...this.#options, ...options };
    if (this.#frameIsReady) this.#frame.send({ type: "facts", options: this.#options });
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
      update: chained((options) => this.#update(options)),
      focus: chained(() => this.#frame?.send({ type: "focus" })),
      blur: chained(() => this.#frame?.send({ type: "blur" })),
      clear: chained(() => this.#frame?.send({ type: "clear" })),
      collapse: chained(() => {}),
      on: chained((type, handler) => this.events.on(type, handler)),
      off: chained((type, handler) => this.events.off(type, handler)),
      once: chained((type, handler) => this.events.once(type, handler)),
      setView: async () => {}, // a form has one view
      getValue: async () => ({ elementType: this.kind.type, ...this.kind.changeValues, ...this.#state }),
    };
    return element;
  }
}
