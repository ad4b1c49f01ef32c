// The releases of Stripe.js, oldest first. `3` is the one that https://js.stripe.com/v3 has.
export const RELEASES = ["3", "acacia", "basil", "clover", "dahlia", "endive"];

// Returns whether a release has what came with one and went after another; both may be absent.
export function has(release, since, until) {
  const index = RELEASES.indexOf(release);
  return index >= (since ? RELEASES.indexOf(since) : 0) && index <= RELEASES.indexOf(until ?? RELEASES.at(-1));
}
