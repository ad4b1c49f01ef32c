// A button that shows and hides a part of the page. The style sheet reads `aria-expanded`: what is open stays open when the
// page is drawn again.
const buttons = new WeakMap();

function name(button, { show, hide, note }) {
  const isOpen = button.getAttribute("aria-expanded") === "true";
  button.querySelector(".disclosure-label").textContent = isOpen ? hide : show;
  button.querySelector(".disclosure-note").textContent = note;
}

function begin(parent) {
  const button = parent.querySelector(".disclosure");
  const state = { button, data: {} };
  button.addEventListener("click", () => {
    const isOpen = button.getAttribute("aria-expanded") === "true";
    button.setAttribute("aria-expanded", String(!isOpen));
    name(button, state.data);
  });
  buttons.set(parent, state);
  return state;
}

export default function ({ data, parentElement }) {
  const state = buttons.get(parentElement) ?? begin(parentElement);
  state.data = data;
  const panel = document.querySelector(data.panel);
  if (panel) {
    panel.id ||= "disclosed";
    state.button.setAttribute("aria-controls", panel.id);
  }
  name(state.button, data);
}
