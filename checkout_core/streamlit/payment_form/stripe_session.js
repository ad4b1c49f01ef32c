// One Stripe checkout for each session on this page. The express buttons, the code field and the payment form are parts of
// the same one: a code that is entered in one place changes what another place asks for. Stands before each component's
// own script.
window.checkoutStripe ??= (() => {
  const scripts = {};
  const sessions = new Map();

  const loadScript = (url) =>
    (scripts[url] ??= new Promise((resolve, reject) => {
      const script = document.createElement("script");
      script.src = url;
      script.addEventListener("load", resolve);
      script.addEventListener("error", () => {
        delete scripts[url];
        script.remove();
        reject(new Error("The payment form could not be loaded. Please check your connection and try again."));
      });
      document.head.append(script);
    }));

  // oxlint-disable-next-line unicorn/consistent-function-scoping -- this text stands before scripts with names of their own
  const readAppearance = (element) => {
    const style = getComputedStyle(element);
    const read = (name) => style.getPropertyValue(name).trim() || undefined;
    return {
      theme: read("color-scheme") === "dark" ? "night" : "stripe",
      variables: Object.fromEntries(
        Object.entries({
          colorPrimary: read("--st-primary-color"),
          colorBackground: read("--st-background-color"),
          colorText: read("--st-text-color"),
          borderRadius: read("--st-base-radius"),
        }).filter(([, value]) => value),
      ),
    };
  };

  // Returns the session's `checkout`, from which elements are made, and its `loaded` actions: both are promises. `changed`
  // tells whoever listens that the session, such as its total, is another now.
  const openSession = (data, element) => {
    const secret = data.client_secret;
    if (sessions.has(secret)) return sessions.get(secret);
    const changed = new EventTarget();
    const checkout = loadScript(data.script).then(() => {
      const opened = window.Stripe(data.publishable_key).initCheckoutElementsSdk({
        clientSecret: secret,
        elementsOptions: { appearance: readAppearance(element) },
      });
      opened.on("change", () => changed.dispatchEvent(new Event("change")));
      return opened;
    });
    const loaded = checkout.then((opened) => opened.loadActions());
    const session = { checkout, loaded, changed };
    sessions.set(secret, session);
    const forget = () => sessions.delete(secret); // the next try begins anew
    loaded.then((answer) => answer.type === "error" && forget(), forget);
    return session;
  };

  const darkScheme = window.matchMedia("(prefers-color-scheme: dark)");

  // Gives the appearance once the page has taken on its new colours, some frames after the system did.
  const takeWhenDrawn = (element, take, before, frames = 60) => {
    const now = readAppearance(element);
    if (now.theme !== before || frames === 0) take(now);
    else requestAnimationFrame(() => takeWhenDrawn(element, take, before, frames - 1));
  };

  const followColorScheme = (element, take, signal) => {
    const follow = () => takeWhenDrawn(element, take, readAppearance(element).theme);
    darkScheme.addEventListener("change", follow, { signal });
  };

  // Returns what Streamlit calls when it has no more use for a call of a component: also while the component stays, when its
  // data came faster than its script. Then what the shopper is at must go on.
  // oxlint-disable-next-line unicorn/consistent-function-scoping -- as above
  const whenGone = (element, finish) => () => {
    if (element.isConnected) setTimeout(() => element.isConnected || finish());
    else finish();
  };

  return { openSession, followColorScheme, whenGone };
})();
