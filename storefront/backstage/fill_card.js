// Fills the test card into the simulator's payment form, when the number that is asked for is a new one.
let last = 0;

export default function ({ data }) {
  if (data.count === last) return;
  last = data.count;
  for (const frame of document.querySelectorAll('iframe[src*="/_simulator/payment_element"]')) {
    const { origin, hash } = new URL(frame.src);
    const channel = new URLSearchParams(hash.slice(1)).get("channel");
    frame.contentWindow.postMessage({ channel, type: "fill" }, origin);
  }
}
