// Writes a cookie when its value is another than the last one that the page gave: to read cookies stops the whole page. A tab
// that is asked to watch one is told what another tab has written, and so are those that could not hear it while hidden.
const given = new Map();
const known = new Map();
const tell = new Map();
const tabs = "BroadcastChannel" in window ? new BroadcastChannel("checkout-cookies") : null;

function look(name) {
  const pair = document.cookie.split("; ").find((each) => each.startsWith(`${name}=`));
  const there = pair?.slice(name.length + 1);
  if (there === undefined || there === known.get(name)) return;
  known.set(name, there);
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
  if (given.get(name) === value) return;
  given.set(name, value);
  known.set(name, value);
  const secure = window.location.protocol === "https:" ? "; Secure" : "";
  const lasts = days ? `; Max-Age=${days * 86400}` : "";
  document.cookie = `${name}=${value}; Path=/${lasts}; SameSite=Lax${secure}`;
  tabs?.postMessage(name);
}
