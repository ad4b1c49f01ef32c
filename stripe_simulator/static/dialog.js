// A dialog of two buttons in a frame over the page: Escape is the second, and the focus stays within. The buttons are
// disabled until here, for only now can a press be heard.

export function startDialog(first, second) {
  first.disabled = second.disabled = false;
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") second.click();
    if (event.key !== "Tab") return;
    event.preventDefault(); // the focus stays in the dialog
    const next = document.activeElement === first ? second : first;
    next.focus();
  });
  window.addEventListener("focus", () => {
    if (document.activeElement !== second) first.focus(); // a frame that gets the focus gives it to nobody
  });
  first.focus();
}
