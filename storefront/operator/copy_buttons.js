// Buttons that copy a value: `<button data-copy="…">`, which the page draws as HTML.
const SHOWN = 2_000;
let isListening = false;

async function copy({ target }) {
  const button = target instanceof Element ? target.closest("button[data-copy]") : null;
  if (!button) return;
  const label = button.textContent;
  if (button.dataset.said) return;
  button.dataset.said = "yes";
  try {
    await navigator.clipboard.writeText(button.dataset.copy);
    button.textContent = "Copied";
  } catch {
    button.textContent = "Not copied";
  }
  setTimeout(() => {
    button.textContent = label;
    delete button.dataset.said;
  }, SHOWN);
}

export default function () {
  if (isListening) return;
  isListening = true;
  document.documentElement.dataset.copies = ""; // the style sheet shows the buttons from now on
  document.addEventListener("click", copy);
}
