// Same-tab redirect, once per mount. Only to web addresses, and not before the cookie is there by which the shopper is known on
// the way back: its component may load later than this one.
const redirected = new WeakSet();
const AGAIN = 50; // milliseconds
const MOST = 100; // times: a browser may take no cookies

function go({ url, cookie }, times = MOST) {
  if (times === 0 || !cookie || document.cookie.includes(`${cookie}=`)) window.location.assign(url);
  else setTimeout(go, AGAIN, { url, cookie }, times - 1);
}

export default function ({ data, parentElement }) {
  if (redirected.has(parentElement) || !/^https?:\/\//.test(data.url)) return;
  redirected.add(parentElement);
  go(data);
}
