// Same-tab redirect, once per mount. Only to web addresses.
const left = new WeakSet();

export default function ({ data, parentElement }) {
  if (left.has(parentElement) || !/^https?:\/\//.test(data.url)) return;
  left.add(parentElement);
  window.location.assign(data.url);
}
