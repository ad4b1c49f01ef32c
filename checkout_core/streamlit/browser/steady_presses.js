// A press on a button counts also when the page moves under the pointer while it is down, such as when a form above has
// loaded: browsers would make no click of it. Whoever moves away from the button takes the press back, as ever. Stands
// before the scripts of the components whose buttons must not lose a press, and listens once for all of them.
window.checkoutSteadyPresses ??= (() => {
  const FAR = 10; // pixels
  let press = null;

  const isOver = ({ button, x, y }, event) =>
    Math.hypot(event.clientX - x, event.clientY - y) <= FAR ||
    button.contains(document.elementFromPoint(event.clientX, event.clientY));

  // oxlint-disable-next-line unicorn/consistent-function-scoping -- this text stands before scripts with names of their own
  const refuse = (event) => {
    event.preventDefault();
    event.stopImmediatePropagation();
  };

  const begin = (event) => {
    press = null;
    if (event.pointerType === "touch" || event.button !== 0 || !(event.target instanceof Element)) return;
    const button = event.target.closest("button");
    if (!button || button.disabled) return;
    press = { button, x: event.clientX, y: event.clientY, isHeard: false };
    button.setPointerCapture(event.pointerId); // else a frame that is under the pointer by then would hear of its end
  };

  const end = (event) => {
    const ended = press;
    press = null;
    if (!ended) return;
    const { button } = ended;
    const isMeant = isOver(ended, event);
    const hear = isMeant ? () => (ended.isHeard = true) : refuse;
    button.addEventListener("click", hear, { capture: true });
    setTimeout(() => {
      button.removeEventListener("click", hear, { capture: true });
      if (isMeant && !ended.isHeard) button.click();
    }); // the browser's own click is over by then
  };

  document.addEventListener("pointerdown", begin, { capture: true });
  document.addEventListener("pointerup", end, { capture: true });
  document.addEventListener("pointercancel", () => (press = null), { capture: true });
  return true;
})();
