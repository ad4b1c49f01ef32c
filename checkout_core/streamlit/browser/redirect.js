// Same-tab redirect, once per mount. Only to web addresses.
const redirected = new WeakSet();

export default function ({ data, parentElement }) {
  if (redirected.has(parentElement) || !/^https?:\/\//.test(data.url)) return;
  redirected.add(parentElement);
  window.location.assign(data.url);
}
