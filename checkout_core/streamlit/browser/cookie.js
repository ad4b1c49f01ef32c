// Writes a cookie when its value is another than the last one that the page gave: to read cookies stops the whole page. A tab
// that is asked to watch one is told what another tab has written, and so are those that could not hear it while hidden.
const given = new Map();
const known = new Map();
const tell = new Map();
const heard = new Map(); // what other tabs have written and the page has not given yet, the oldest first
const tabs = "BroadcastChannel" in window ? new BroadcastChannel("checkout-cookies") : null;

function look(name) {
  const pair = document.cookie.split("; ").find((each) => each.startsWith(`${name}=`));
  const there = pair?.slice(name.length + 1);
  if (there === undefined || there === known.get(name)) return;
  known.set(name, there);
  heard.set(name, [...(heard.get(name) ?? []), there]);
  tell.get(name)(there);
}

tabs?.addEventListener("message", ({ data }) => {
  if (tell.has(data)) look(data);
});
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "visible") for (const name of tell.keys()) look(name);
});

export default function ({ data, setTriggerValue }) {
  const { name, value, days, watched } = data;
  if (watched) tell.set(name, (there) => setTriggerValue("changed", there));
  const others = heard.get(name) ?? [];
  if (given.get(name) === value) {
    if (others.length) tell.get(name)(others.at(-1)); // the page was at something else when it was told
    return;
  }
  given.set(name, value);
  const written = others.indexOf(value);
  heard.set(name, written < 0 ? [] : others.slice(written + 1));
  if (written >= 0) return; // to write it again could undo what that tab has written since
  known.set(name, value);
  const secure = window.location.protocol === "https:" ? "; Secure" : "";
  const lasts = days ? `; Max-Age=${days * 86400}` : "";
  document.cookie = `${name}=${value}; Path=/${lasts}; SameSite=Lax${secure}`;
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a channel between tabs of one origin has none
  tabs?.postMessage(name);
}
