// The door: reads tickets, shows one big answer, and keeps a list for when there is no network. Two pages use it: the
// operator's page, where the shop answers, and a page that the browser keeps, where only the list does.
const KEY = "checkout-door";
const PATIENCE = 4000;
const TITLES = {
  valid: "Valid",
  used: "Already used",
  refunded: "Refunded",
  unpaid: "Not paid",
  unknown: "Unknown ticket",
  elsewhere: "Another showing",
  offline: "No network",
};
const AMBIGUOUS = { O: "0", I: "1", L: "1" };

const memory = {
  read() {
    try {
      return { redeemed: {}, pending: [], conflicts: [], ...JSON.parse(localStorage.getItem(KEY) ?? "{}") };
    } catch {
      return { redeemed: {}, pending: [], conflicts: [] };
    }
  },
  change(change) {
    const kept = this.read();
    change(kept);
    localStorage.setItem(KEY, JSON.stringify(kept));
    return kept;
  },
};

// What a QR code says is the address of the door with the ticket in it, or the ticket alone.
function readText(text) {
  const given = text.trim();
  try {
    return new URL(given).searchParams.get("ticket") ?? given;
  } catch {
    return given;
  }
}

function readCode(text) {
  const code = text
    .toUpperCase()
    .replace(/[\s-]/g, "")
    .replace(/[OIL]/g, (letter) => AMBIGUOUS[letter]);
  return /^[0-9A-HJKMNP-TV-Z]{8}$/.test(code) ? `${code.slice(0, 4)}-${code.slice(4)}` : null;
}

const PRIMES = [];
for (let number = 2; PRIMES.length < 64; number++)
  if (PRIMES.every((prime) => number % prime !== 0)) PRIMES.push(number);
const CONSTANTS = PRIMES.map((prime) => fraction(Math.cbrt(prime)));

function fraction(root) {
  return ((root - Math.floor(root)) * 2 ** 32) | 0;
}

function turn(word, by) {
  return (word >>> by) | (word << (32 - by));
}

// The list has digests, so whoever finds a lost phone can make no tickets of it. Written out, because browsers offer theirs
// on secure addresses only: https://csrc.nist.gov/pubs/fips/180-4/upd1/final
function digest(text) {
  const bytes = new TextEncoder().encode(text);
  const state = PRIMES.slice(0, 8).map((prime) => fraction(Math.sqrt(prime)));
  const blocks = new Uint8Array(((bytes.length + 8) >> 6) * 64 + 64);
  blocks.set(bytes);
  blocks[bytes.length] = 128;
  const view = new DataView(blocks.buffer);
  view.setUint32(blocks.length - 4, bytes.length * 8);
  for (let start = 0; start < blocks.length; start += 64) {
    const words = Array.from({ length: 16 }, (_, at) => view.getInt32(start + at * 4));
    for (let at = 16; at < 64; at++) {
      const [a, b] = [words[at - 15], words[at - 2]];
      const first = turn(a, 7) ^ turn(a, 18) ^ (a >>> 3);
      const second = turn(b, 17) ^ turn(b, 19) ^ (b >>> 10);
      words[at] = (words[at - 16] + first + words[at - 7] + second) | 0;
    }
    let [a, b, c, d, e, f, g, h] = state;
    for (let at = 0; at < 64; at++) {
      const one = h + (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) + ((e & f) ^ (~e & g)) + CONSTANTS[at] + words[at];
      const two = (turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
      [h, g, f, e, d, c, b, a] = [g, f, e, (d + one) | 0, c, b, a, (one + two) | 0];
    }
    [a, b, c, d, e, f, g, h].forEach((word, at) => (state[at] = (state[at] + word) | 0));
  }
  return state
    .map((word) => (word >>> 0).toString(16).padStart(8, "0"))
    .join("")
    .slice(0, 32);
}

function readRow(list, [hash, code, product, admits, redeemed]) {
  const [name, when] = list.products[product];
  return { digest: hash, code, product, admits, redeemed_at: redeemed, name, when };
}

function time(moment) {
  return new Date(moment).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
}

function element(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children.filter(Boolean));
  return made;
}

class Door {
  // `ask(text, key)` asks the shop and gives nothing; its answer comes by `hear`. Null: there is no shop to ask.
  constructor(root, ask = null) {
    this.ask = ask;
    this.find = (name) => root.querySelector(`[data-door="${name}"]`);
    this.find("form").addEventListener("submit", (event) => {
      event.preventDefault();
      const field = this.find("text");
      if (field.value.trim()) this.check(field.value);
      field.value = "";
      field.focus();
    });
    this.find("camera").hidden = !("BarcodeDetector" in window && navigator.mediaDevices?.getUserMedia);
    this.find("camera").addEventListener("click", () => (this.stream ? this.stopCamera() : this.startCamera()));
    this.find("forget").addEventListener("click", () => {
      memory.change((kept) => {
        delete kept.list;
        kept.redeemed = {};
      });
      this.showState();
    });
    this.find("seen").addEventListener("click", () => {
      memory.change((kept) => (kept.conflicts = []));
      this.showState();
    });
    this.showState();
  }

  // A text was scanned, typed or pasted.
  check(text, at = new Date()) {
    const read = readText(text);
    const key = crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}`;
    this.asked = key;
    this.showFound([]);
    clearTimeout(this.giveUp);
    if (!this.ask || !navigator.onLine) return this.checkList(read, key, at);
    this.show({ admission: "asking" });
    this.ask(read, key);
    this.giveUp = setTimeout(() => this.checkList(read, key, at), PATIENCE);
  }

  // The shop has answered; one that comes too late for the screen is heard all the same.
  hear(answer) {
    if (answer.digest && answer.redeemed_at)
      memory.change((kept) => (kept.redeemed[answer.digest] = answer.redeemed_at));
    if (answer.key !== this.asked) return;
    clearTimeout(this.giveUp);
    if (answer.found) {
      this.clear();
      this.showFound(answer.found);
    } else this.show(answer);
  }

  checkList(text, key, at) {
    const { list, redeemed } = memory.read();
    if (!list)
      return this.show({
        admission: "offline",
        text: "This device has no list. Take it along while there is a network.",
      });
    const code = readCode(text);
    if (code) {
      const found = list.tickets.filter(([, of]) => of === code).map((row) => readRow(list, row));
      if (!found.length) return this.show({ admission: "unknown", text: "It is not on the list." });
      this.clear();
      return this.showFound(
        found.map((ticket) => {
          const usedAt = redeemed[ticket.digest] ?? ticket.redeemed_at;
          return { ...ticket, redeemed_at: usedAt, admission: usedAt ? "used" : "valid" };
        }),
      );
    }
    const hash = digest(text);
    const row = list.tickets.find(([of]) => of === hash);
    if (!row) return this.show({ admission: "unknown", text: "It is not on the list." });
    this.admit(readRow(list, row), { text }, key, at);
  }

  // Let people in by the list, and keep what has to be handed in.
  admit(ticket, named, key, at) {
    const { list, redeemed } = memory.read();
    const usedAt = redeemed[ticket.digest] ?? ticket.redeemed_at;
    if (usedAt) return this.show({ ...ticket, admission: "used", redeemed_at: usedAt });
    if (list.product && list.product !== ticket.product) return this.show({ ...ticket, admission: "elsewhere" });
    memory.change((kept) => {
      kept.redeemed[ticket.digest] = at.toISOString();
      kept.pending.push({ ...named, digest: ticket.digest, key, at: at.toISOString() });
    });
    this.show({ ...ticket, admission: "valid", redeemed_at: at.toISOString() });
    this.showState();
  }

  // The shop has taken what was let in without it. What somebody else had let in before is said until it was seen.
  handedIn(answers) {
    memory.change((kept) => {
      const keys = new Set(answers.map((answer) => answer.key));
      kept.pending = kept.pending.filter((each) => !keys.has(each.key));
      for (const answer of answers) if (answer.admission !== "valid") kept.conflicts.push(answer);
    });
    this.showState();
  }

  keepList(list) {
    try {
      memory.change((kept) => {
        kept.list = list;
        kept.redeemed = Object.fromEntries(kept.pending.map((each) => [each.digest, each.at]));
      });
    } catch {
      this.show({ admission: "offline", text: "The list does not fit on this device." });
    }
    this.showState();
  }

  clear() {
    this.find("answer").replaceChildren();
    this.find("answer").className = "answer";
  }

  show({ admission, name = "", when = "", admits = 0, redeemed_at: at, code = "", text = "" }) {
    const answer = this.find("answer");
    answer.className = `answer ${admission}`;
    if (admission === "asking")
      return answer.replaceChildren(element("p", { className: "text", textContent: "Asking …" }));
    const title = admission === "used" && at ? `${TITLES.used} at ${time(at)}` : TITLES[admission];
    const people = admission === "valid" ? `${admits} ${admits === 1 ? "person" : "people"}` : "";
    answer.replaceChildren(
      element("p", { className: "title", textContent: title }),
      people && element("p", { className: "people", textContent: people }),
      (name || text) && element("p", { className: "text", textContent: name || text }),
      when && element("p", { className: "text", textContent: when }),
      code && element("p", { className: "text", textContent: `Code ${code}` }),
    );
    answer.scrollIntoView({ block: "nearest" }); // on a small phone it begins below the window
    navigator.vibrate?.(admission === "valid" ? 80 : [80, 80, 80, 80, 80]);
  }

  // An order was found by its code: a person looks, and presses.
  showFound(tickets) {
    this.find("found").replaceChildren(
      ...tickets.map((ticket) => {
        const said =
          ticket.admission === "used" ? `${TITLES.used} at ${time(ticket.redeemed_at)}` : TITLES[ticket.admission];
        const row = element(
          "li",
          {},
          element("p", { className: "name", textContent: ticket.name }),
          element("p", {
            className: "text",
            textContent: [ticket.when, `Code ${ticket.code}`, said].filter(Boolean).join(" · "),
          }),
        );
        if (ticket.admission === "valid") {
          const press = element("button", { type: "button", textContent: `Let in ${ticket.admits}` });
          press.setAttribute("aria-label", `Let in ${ticket.admits}, ${ticket.name}`);
          press.addEventListener("click", () => this.letIn(ticket));
          row.append(press);
        }
        return row;
      }),
    );
    if (tickets.length) this.find("found").scrollIntoView({ block: "nearest" });
  }

  letIn(ticket) {
    this.showFound([]);
    if (ticket.token) return this.check(ticket.token);
    const key = crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}`;
    this.admit(ticket, { code: ticket.code, product: ticket.product }, key, new Date());
  }

  showState() {
    const { list, pending, conflicts } = memory.read();
    const parts = [];
    if (list)
      parts.push(
        `This device has the list of ${new Date(list.made).toLocaleString([], { dateStyle: "medium", timeStyle: "short" })}: ${list.tickets.length} tickets.`,
      );
    if (pending.length) parts.push(`${pending.length} to hand in.`);
    this.find("state").textContent = parts.join(" ");
    this.find("forget").hidden = !list;
    this.find("conflicts").hidden = !conflicts.length;
    this.find("clashes").replaceChildren(
      ...conflicts.map(({ admission, code, redeemed_at: at }) =>
        element("li", { textContent: [code, TITLES[admission], at && time(at)].filter(Boolean).join(" · ") }),
      ),
    );
  }

  async startCamera() {
    const video = this.find("video");
    try {
      this.stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
    } catch {
      return this.show({ admission: "offline", text: "The camera cannot be used. Type the code instead." });
    }
    video.srcObject = this.stream;
    video.hidden = false;
    this.find("camera").textContent = "Stop the camera";
    await video.play();
    const detector = new BarcodeDetector({ formats: ["qr_code"] });
    let last = "";
    const look = async () => {
      if (!this.stream) return;
      const [code] = await detector.detect(video).catch(() => []);
      if (code && code.rawValue !== last) this.check(code.rawValue);
      if (code) last = code.rawValue;
      setTimeout(look, 150);
    };
    look();
  }

  stopCamera() {
    for (const track of this.stream?.getTracks() ?? []) track.stop();
    this.stream = null;
    this.find("video").hidden = true;
    this.find("camera").textContent = "Scan with the camera";
  }
}

export { Door, memory };
