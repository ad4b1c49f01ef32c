// The field for a promotion code. Stripe says whether it is one, and what the session costs then; the page is told to look.
const { openSession, whenGone } = window.checkoutStripe;
const instances = new WeakMap();

class Promotion {
  constructor(root, data) {
    this.secret = data.client_secret;
    this.data = data;
    this.form = root.querySelector(".promotion");
    this.ask = root.querySelector(".promotion-ask");
    this.input = root.querySelector("input");
    this.problem = root.querySelector(".promotion-problem");
    this.applied = root.querySelector(".promotion-applied");
    this.listening = new AbortController();
    const { signal } = this.listening;
    this.form.addEventListener("submit", (event) => this.submit(event), { signal });
    this.applied.querySelector("button").addEventListener("click", () => this.remove(), { signal });
    this.start();
  }

  async start() {
    this.ask.hidden = true;
    this.applied.hidden = true;
    this.form.setAttribute("aria-busy", "false"); // the session before may have been at something
    try {
      const loaded = await openSession(this.data, this.form).loaded;
      if (this.listening.signal.aborted || loaded.type === "error") return;
      this.actions = loaded.actions;
    } catch {
      return; // the payment form says what is wrong
    }
    if (this.data.code && !this.current()) await this.apply(this.data.code); // the cart was changed: another session
    this.settle();
  }

  // The code that the session has now.
  current() {
    return this.actions.getSession().discountAmounts?.find(({ promotionCode }) => promotionCode)?.promotionCode ?? "";
  }

  async submit(event) {
    event.preventDefault();
    if (this.isBusy()) return;
    const code = this.input.value.trim();
    if (!code) {
      this.showProblem("Please type the code first.");
      return;
    }
    if ((await this.apply(code)) && !this.ask.contains(document.activeElement)) return;
    if (this.current()) this.applied.querySelector("button").focus();
    else this.input.focus();
  }

  async apply(code) {
    const answer = await this.change(() => this.actions.applyPromotionCode(code));
    if (answer.type === "success") return true;
    this.ask.open = true;
    this.input.value = code;
    this.showProblem(answer.error?.message || "The code could not be checked. Please try again.");
    return false;
  }

  async remove() {
    if (this.isBusy()) return;
    await this.change(() => this.actions.removePromotionCode());
    this.ask.querySelector("summary").focus();
  }

  isBusy() {
    return this.form.getAttribute("aria-busy") === "true";
  }

  async change(act) {
    this.form.setAttribute("aria-busy", "true");
    this.showProblem("");
    this.isChanging = true;
    let answer;
    try {
      answer = await act();
    } catch (error) {
      answer = { type: "error", error };
    }
    this.isChanging = false;
    if (answer.type === "success") {
      await this.settled();
      this.input.value = "";
      this.ask.open = false;
    }
    this.form.setAttribute("aria-busy", "false");
    return answer;
  }

  show() {
    const code = this.current();
    this.ask.hidden = Boolean(code);
    this.applied.hidden = !code;
    this.applied.querySelector("span").textContent = code ? `The code ${code} is applied.` : "";
  }

  // Resolves when the page shows what the session says: what is said here and the total there are of one moment.
  settled() {
    return new Promise((resolve) => {
      this.onSettled = resolve;
      this.settle();
    });
  }

  // Shows what the session says if the page shows it, too; else tells the page, and looks again when the page has drawn.
  settle() {
    if (!this.actions || this.isChanging) return;
    const code = this.current();
    const amount = this.actions.getSession().total.total.minorUnitsAmount;
    if (code !== this.data.code || amount !== this.data.amount) {
      this.tell({ code, amount });
      return;
    }
    this.found = null;
    this.show();
    this.onSettled?.();
    this.onSettled = null;
  }

  tell(found) {
    if (this.found?.code === found.code && this.found.amount === found.amount) return;
    this.found = found;
    window.checkoutTell(
      () => this.onChange(found),
      () => this.found !== found || this.listening.signal.aborted,
    );
  }

  showProblem(text) {
    this.problem.textContent = text;
    if (text) this.input.setAttribute("aria-invalid", "true");
    else this.input.removeAttribute("aria-invalid");
  }

  destroy() {
    this.listening.abort();
  }
}

export default function ({ data, parentElement, setTriggerValue }) {
  let promotion = instances.get(parentElement);
  if (promotion?.secret !== data.client_secret) {
    promotion?.destroy();
    promotion = new Promotion(parentElement, data);
    instances.set(parentElement, promotion);
  }
  promotion.data = data;
  promotion.onChange = (found) => setTriggerValue("changed", found);
  promotion.settle();
  return whenGone(parentElement, () => {
    if (instances.get(parentElement) !== promotion) return;
    promotion.destroy();
    instances.delete(parentElement);
  });
}
