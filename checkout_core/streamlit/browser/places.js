// Each place begins at its top, with the focus on its heading: a screen reader says where one is, and Tab goes on from there.
// A place is what the address and the headings say; it is looked at when the page is at rest. Also what Streamlit has no
// argument for: which link leads to the page that one is on, that the masthead is the navigation, which field is wrong.
let place, path, observer, focused;
// Not the input's type: browsers rewrite addresses in other scripts in fields of the type `email`.
const KEYBOARDS = { email: "email", tel: "tel" };

// What a button is called beside what it is about: Streamlit's own steps of a number have no name.
const STEPS = { stNumberInputStepDown: "One less", stNumberInputStepUp: "One more" };

function look({ page, steps, navigation, named }) {
  const app = document.querySelector('[data-testid="stApp"]');
  const main = document.querySelector('[data-testid="stMain"]');
  const body = document.querySelector(page);
  if (!app || !main || !body) return;
  const isLeaving = path !== undefined && path !== location.pathname;
  path = location.pathname;
  if (isLeaving) main.scrollTo(0, 0);
  if (app.dataset.testScriptState !== "notRunning") return;
  name(body, navigation);
  tellApart(body, named);
  const headings = [...body.querySelectorAll(steps)];
  const now = [path, ...headings.map((heading) => heading.dataset.place ?? heading.textContent)].join("|");
  const heading = headings.filter((each) => /^H[12]$/.test(each.tagName)).at(-1);
  if (now === place) {
    if (heading && isFocusLost()) focus(heading);
    return;
  }
  const isFirst = place === undefined;
  place = now;
  if (isFirst || !heading || isInField(body)) return;
  if (heading.tagName === "H1" || isToldAbove(body, heading)) main.scrollTo(0, 0);
  else heading.scrollIntoView({ block: "nearest" });
  focus(heading);
}

// Whether the page says above a heading what has happened, such as that the last checkout is over: it must be seen.
function isToldAbove(body, heading) {
  const alerts = [...body.querySelectorAll('[role="alert"]')];
  return alerts.some((alert) => alert.compareDocumentPosition(heading) & Node.DOCUMENT_POSITION_FOLLOWING);
}

// Whether somebody was quicker than the page and types already, or a field that is wrong has just got the focus.
function isInField(body) {
  return body.contains(document.activeElement) && document.activeElement.matches("input, select, textarea");
}

function focus(heading) {
  heading.tabIndex = -1;
  heading.focus({ preventScroll: true });
}

// Whether what had the focus is gone, such as a line of the cart with its button.
function isFocusLost() {
  const isLost = focused && !focused.isConnected && document.activeElement === document.body;
  if (isLost) focused = null;
  return isLost;
}

// Buttons of one text that are about different things are called by both.
function tellApart(body, named) {
  for (const part of body.querySelectorAll(named)) {
    const about = part.querySelector(".name")?.textContent;
    if (!about) continue;
    for (const button of part.querySelectorAll("button")) {
      const label = `${STEPS[button.dataset.testid] ?? button.textContent}, ${about}`;
      if (button.getAttribute("aria-label") !== label) button.setAttribute("aria-label", label);
    }
  }
}

function name(body, navigation) {
  for (const [selector, label] of Object.entries(navigation)) {
    const links = document.querySelector(selector);
    links?.setAttribute("role", "navigation");
    links?.setAttribute("aria-label", label);
  }
  for (const link of document.querySelectorAll('[data-testid="stPageLink-NavLink"]')) {
    // Streamlit does so itself, but not on the first page of a visit. Its links count from the shop's first page.
    if (new URL(link.getAttribute("href"), `${location.origin}/`).pathname === location.pathname)
      link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  for (const input of body.querySelectorAll("input[autocomplete]")) {
    const keyboard = KEYBOARDS[input.autocomplete];
    if (!keyboard) continue;
    input.inputMode = keyboard;
    input.autocapitalize = "off";
    input.spellcheck = false;
  }
  for (const slot of body.querySelectorAll('[class*="st-key-slot-"]')) {
    const field = slot.className.match(/st-key-slot-([\w-]+)/)[1];
    const input = body.querySelector(`.st-key-field-${field} input`);
    const problem = slot.querySelector('[role="alert"]');
    if (!input) continue;
    if (problem) {
      problem.id = `problem-${field}`;
      const isNew = input.getAttribute("aria-invalid") !== "true";
      input.setAttribute("aria-invalid", "true");
      input.setAttribute("aria-describedby", problem.id);
      if (isNew) input.focus();
    } else if (input.getAttribute("aria-describedby")) {
      input.removeAttribute("aria-invalid");
      input.removeAttribute("aria-describedby");
    }
  }
}

document.addEventListener("focusin", ({ target }) => {
  focused = target;
});

export default function ({ data }) {
  observer?.disconnect();
  let isWaiting = false;
  observer = new MutationObserver(() => {
    if (isWaiting) return;
    isWaiting = true;
    requestAnimationFrame(() => {
      isWaiting = false;
      look(data);
    });
  });
  observer.observe(document.body, {
    subtree: true,
    childList: true,
    attributes: true,
    attributeFilter: ["data-test-script-state"],
  });
  look(data);
}
