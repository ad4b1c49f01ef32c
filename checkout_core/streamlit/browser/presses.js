// A press shows at once that it was felt, and until it is answered the same button takes no other: on a slow line people
// press again, and would find two in the cart. Other buttons go on as ever.
const BUTTONS = '[data-testid="stButton"] button, [data-testid="stFormSubmitButton"] button';
const LONGEST = 30_000;
const BEGINS_WITHIN = 3_000; // by then the server has said that it is at it, or it had nothing to do
const waiting = new Map();
let isListening = false;

function release(button) {
  waiting.get(button)();
  waiting.delete(button);
  button.removeAttribute("aria-busy");
}

function hold(button) {
  const app = document.querySelector('[data-testid="stApp"]');
  const observer = new MutationObserver((changes) => {
    clearTimeout(beginning);
    const isDrawn = changes.some(({ type }) => type !== "attributes"); // a short run does not show in the state
    if (isDrawn || app.dataset.testScriptState === "notRunning") release(button);
  });
  const beginning = setTimeout(release, BEGINS_WITHIN, button);
  const ending = setTimeout(release, LONGEST, button);
  waiting.set(button, () => {
    observer.disconnect();
    clearTimeout(beginning);
    clearTimeout(ending);
  });
  observer.observe(app, {
    subtree: true,
    childList: true,
    characterData: true, // a number that has changed, such as that of the cart: one may press again
    attributeFilter: ["data-test-script-state"],
  });
  button.setAttribute("aria-busy", "true");
}

function press(event) {
  const button = event.target instanceof Element ? event.target.closest(BUTTONS) : null;
  if (!button) return;
  if (waiting.has(button)) {
    event.preventDefault();
    event.stopImmediatePropagation();
  } else {
    hold(button);
  }
}

export default function () {
  if (isListening) return;
  isListening = true;
  document.addEventListener("click", press, { capture: true });
}
