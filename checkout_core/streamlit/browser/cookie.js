// Writes a cookie when its value is another than the last one that the page gave: to read cookies stops the whole page. A tab
// that is asked to watch one is told what another tab has written, and so are those that could not hear it while hidden.
const given = new Map(); // what the page gave last
const mine = new Map(); // what this tab wrote last, what it replaced, and what the page had seen of other tabs then
const watched = new Map();
const tabs = "BroadcastChannel" in window ? new BroadcastChannel("checkout-cookies") : null;

function read(name) {
  const pair = document.cookie.split("; ").find((each) => each.startsWith(`${name}=`));
  return pair?.slice(name.length + 1) ?? "";
}

function write({ name, value, days }, replaced) {
  const secure = window.location.protocol === "https:" ? "; Secure" : "";
  const lasts = days ? `; Max-Age=${days * 86400}` : "";
  document.cookie = `${name}=${value}; Path=/${lasts}; SameSite=Lax${secure}`;
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a channel between tabs of one origin has none
  tabs?.postMessage({ name, value, replaced });
}

// Writes what the page gives, if no other tab has written since; else tells the page. What it is told stays in the state of
// the component, which goes along with every message: it is heard also when the page was at something else.
function agree(name) {
  const tab = watched.get(name);
  const { value, seen } = tab.data;
  const there = read(name);
  const own = mine.get(name);
  const base = own?.seen === seen ? own.value : seen;
  if (there === value || there === base || there === own?.value || there === "") {
    if (there !== value) write(tab.data, there);
    mine.set(name, { value, seen, replaced: replacedBy(own, value, there) });
    tab.told = null;
  } else {
    tell(tab, there, base);
  }
}

function replacedBy(own, value, there) {
  if (there !== value) return there;
  return own?.value === value ? own.replaced : null;
}

function tell(tab, there, base) {
  if (tab.told === there) return;
  tab.told = there;
  tab.tell({ id: `${Date.now()}-${Math.random()}`, there, base, seen: tab.data.seen });
}

function look(name) {
  if (read(name)) agree(name); // whoever has removed all cookies gets none back
}

tabs?.addEventListener("message", ({ data: { name, value, replaced } }) => {
  const own = mine.get(name);
  if (!watched.has(name) || value === own?.value) return;
  if (replaced === own?.replaced) tell(watched.get(name), value, replaced); // both have written at once, one over the other
  else look(name);
});
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "visible") for (const name of watched.keys()) look(name);
});

export default function ({ data, setStateValue }) {
  const { name, value } = data;
  if (data.watched) {
    const tab = watched.get(name) ?? { told: null };
    if (tab.data?.seen !== data.seen) tab.told = null;
    watched.set(name, Object.assign(tab, { data, tell: (news) => setStateValue("news", news) }));
    agree(name);
  } else if (given.get(name) !== value) {
    given.set(name, value);
    write(data, null);
  }
}
