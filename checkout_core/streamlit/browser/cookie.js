// Writes a cookie when its value is another than the last one that the page gave: to read cookies stops the whole page. A tab
// that is asked to watch one is told what another tab has written, and so are those that could not hear it while hidden.
const tellUntil = window.checkoutTell;
const LATER = 1000; // milliseconds
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
    tab.news = null;
  } else {
    tell(tab, there, base);
  }
}

function replacedBy(own, value, there) {
  if (there !== value) return there;
  return own?.value === value ? own.replaced : null;
}

function tell(tab, there, base) {
  if (tab.news?.there === there) return;
  const news = { there, base, seen: tab.data.seen };
  tab.news = news;
  tellUntil(
    () => tab.tell({ id: `${Date.now()}-${Math.random()}`, ...news }),
    () => tab.news !== news,
  );
}

function look(name) {
  if (read(name)) agree(name); // whoever has removed all cookies gets none back
}

// A message may be faster than the cookie that it is about: what it says is taken if it is about what is known here, and
// the cookie is looked at once more.
tabs?.addEventListener("message", ({ data: { name, value, replaced } }) => {
  const tab = watched.get(name);
  const own = mine.get(name);
  if (!tab || value === own?.value) return;
  if (replaced === tab.news?.there) tell(tab, value, tab.news.base);
  else if (replaced === own?.value || replaced === own?.replaced) tell(tab, value, replaced); // both at once: one is over the other
  else look(name);
  setTimeout(look, LATER, name);
});
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "visible") for (const name of watched.keys()) look(name);
});

export default function ({ data, setStateValue }) {
  const { name, value } = data;
  if (data.watched) {
    const tab = watched.get(name) ?? { news: null };
    if (tab.data?.seen !== data.seen) tab.news = null;
    watched.set(name, Object.assign(tab, { data, tell: (news) => setStateValue("news", news) }));
    agree(name);
  } else if (given.get(name) !== value) {
    given.set(name, value);
    write(data, null);
  }
}
