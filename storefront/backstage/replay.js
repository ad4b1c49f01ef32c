// Plays the arrows of a run again: each at its time, or one after the other. Needs nothing but the page that it is in.
const arrows = [...document.querySelectorAll(".diagram .arrow")];
const times = arrows.map((arrow) => Number(arrow.dataset.at));
const longest = Number(document.querySelector("main").dataset.maxGap);
const [play, step, back, place, number, told] = ["play", "step", "back", "place", "number", "told"].map((id) =>
  document.getElementById(id),
);
let shown = 0;
let waiting;

function show(count, isPlayed = false) {
  shown = Math.min(Math.max(count, 0), arrows.length);
  for (const [index, arrow] of arrows.entries()) {
    arrow.hidden = index >= shown;
    arrow.classList.toggle("now", index === shown - 1);
  }
  place.value = shown;
  number.textContent = `${shown} of ${arrows.length}`;
  step.disabled = shown === arrows.length;
  back.disabled = shown === 0;
  const last = arrows[shown - 1];
  told.textContent = last ? last.innerText.replace(/\s+/g, " ").trim() : "Nothing has happened yet.";
  last?.scrollIntoView({ block: "nearest" });
  if (!isPlayed) stop();
}

function stop() {
  clearTimeout(waiting);
  waiting = undefined;
  play.textContent = shown === arrows.length ? "Play again" : "Play as it was";
}

function playOn() {
  show(shown + 1, true);
  if (shown === arrows.length) stop();
  else waiting = setTimeout(playOn, Math.min(times[shown] - times[shown - 1], longest));
}

play.addEventListener("click", () => {
  if (waiting !== undefined) {
    stop();
    return;
  }
  if (shown === arrows.length) show(0);
  play.textContent = "Stop";
  waiting = setTimeout(playOn);
});
step.addEventListener("click", () => show(shown + 1));
back.addEventListener("click", () => show(shown - 1));
place.addEventListener("input", () => show(Number(place.value)));
document.addEventListener("keydown", ({ key, target }) => {
  if (target === place) return;
  if (key === "ArrowRight") show(shown + 1);
  if (key === "ArrowLeft") show(shown - 1);
});
show(0);
