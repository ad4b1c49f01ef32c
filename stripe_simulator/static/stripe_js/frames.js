// Frames: the forms of elements and the bank's challenge live on the simulator's origin.
import { BASE, ORIGIN } from "./network.js";

// A frame whose scheme is not that of its page is opaque, and the shop would be gone behind it.
const DIALOG_STYLE =
  "position:fixed;inset:0;width:100%;height:100%;border:0;z-index:2147483647;background:transparent;" +
  "color-scheme:light dark";

export class Frame {
  #channel = Math.random().toString(36).slice(2) + Date.now().toString(36);
  #onMessage;

  constructor(title, style, onMessage) {
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

  // Loads a page of the simulator, which finds the values after the # of its address.
  load(path, values) {
    const fragment = new URLSearchParams({ channel: this.#channel, origin: window.location.origin, ...values });
    this.element.src = `${BASE}${path}#${fragment}`;
  }

  send(message) {
    this.element.contentWindow?.postMessage({ channel: this.#channel, ...message }, ORIGIN);
  }

  close() {
    window.removeEventListener("message", this.#receive);
    this.element.remove();
  }
}

// Shows a dialog over the page, such as the bank's challenge, and returns what it says at its end.
export function showDialog(path, title, values) {
  return new Promise((resolve) => {
    const focused = document.activeElement;
    const frame = new Frame(title, DIALOG_STYLE, (message) => {
      if (message.type === "ready") frame.element.focus();
      if (message.type !== "result") return;
      frame.close();
      focused?.focus?.();
      resolve(message.result);
    });
    frame.load(path, values);
    document.body.append(frame.element);
  });
}

export function showChallenge(values) {
  return showDialog("/_simulator/challenge", "Bank authentication", values);
}
