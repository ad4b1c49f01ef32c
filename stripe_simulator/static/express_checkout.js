// The Express Checkout Element in its frame: a button for each wallet that the session can be paid with.
import { startElement } from "./element_frame.js";
import { sendToPage } from "./frame.js";
import { WALLETS } from "./wallets.js";

const place = document.getElementById("wallets");
let options = {};
let methods = [];

function isOffered({ option, method }) {
  return methods.includes(method) && options.paymentMethods?.[option] !== "never";
}

function inOrder(wallets) {
  const order = options.paymentMethodOrder ?? [];
  const rank = ({ type }) => (order.includes(type) ? order.indexOf(type) : order.length);
  return wallets.toSorted((one, other) => rank(one) - rank(other));
}

function draw() {
  const offered = inOrder(WALLETS.filter(isOffered));
  const buttons = offered.map((wallet) => {
    const button = document.createElement("button");
    button.type = "button";
    button.className = `wallet ${wallet.type}`;
    button.textContent = wallet.label;
    button.setAttribute("aria-label", `Pay with ${wallet.label}`);
    if (options.buttonHeight) button.style.height = `${Number(options.buttonHeight)}px`;
    button.addEventListener("click", () => sendToPage({ type: "__press", values: { wallet: wallet.type } }));
    return button;
  });
  place.replaceChildren(...buttons);
  const available = Object.fromEntries(WALLETS.map((wallet) => [wallet.option, isOffered(wallet)]));
  sendToPage({ type: "__offered", values: { available: { link: false, ...available } } });
}

startElement({
  takeFacts: (facts) => {
    options = facts.options ?? options;
    methods = facts.free ? [] : (facts.methods ?? methods);
    if (facts.methods) draw();
  },
});
