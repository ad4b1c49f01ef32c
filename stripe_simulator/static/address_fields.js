// The fields of a postal address, which differ by country. Used by the Address Element and by the hosted page.

const CODES =
  "AC AD AE AF AG AI AL AM AO AQ AR AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ CA CD " +
  "CF CG CH CI CK CL CM CN CO CR CV CW CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FO FR GA GB GD GE GF GG GH " +
  "GI GL GM GN GP GQ GR GS GT GU GW GY HK HN HR HT HU ID IE IL IM IN IO IQ IS IT JE JM JO JP KE KG KH KI KM KN KR KW KY " +
  "KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MK ML MM MN MO MQ MR MS MT MU MV MW MX MY MZ NA NC NE NG NI NL " +
  "NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PY QA RE RO RS RU RW SA SB SC SE SG SH SI SJ SK SL SM SN SO SR " +
  "SS ST SV SX SZ TA TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG US UY UZ VA VC VE VG VN VU WF WS XK YE YT ZA " +
  "ZM ZW";
const WITHOUT_POSTAL_CODE = new Set(
  (
    "AE AG AO AW BF BI BJ BO BS BW BZ CD CF CG CI CK CM DJ DM ER FJ GA GD GH GM GN GQ GY HK IE JM KI KM KN LC ML MO MR " +
    "MS MU MW NR NU PA QA RW SB SC SL SO SR ST TF TG TK TL TO TT TV TZ UG VU YE ZW"
  ).split(" "),
);
const US_STATES =
  "AL AK AZ AR CA CO CT DE DC FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ NM NY NC ND OH OK OR PA " +
  "RI SC SD TN TX UT VT VA WA WV WI WY";
// What differs from a street, a city and a postal code.
const FORMS = {
  US: { state: "State", postal: "ZIP code", states: US_STATES, pattern: /^\d{5}(-?\d{4})?$/ },
  CA: {
    state: "Province",
    states: "AB BC MB NB NL NS NT NU ON PE QC SK YT",
    pattern: /^[a-z]\d[a-z] ?\d[a-z]\d$/i,
  },
  AU: { city: "Suburb or city", state: "State", states: "ACT NSW NT QLD SA TAS VIC WA", pattern: /^\d{4}$/ },
  GB: { city: "Town or city", postal: "Postcode" },
  IN: { state: "State", postal: "PIN", pattern: /^\d{6}$/ },
  JP: { state: "Prefecture" },
  BR: { state: "State" },
  MX: { state: "State" },
  CN: { state: "Province" },
  ES: { state: "Province" },
  IT: { state: "Province" },
  KR: { state: "Province" },
  AE: { state: "Emirate" },
  DE: { pattern: /^\d{5}$/ },
  FR: { pattern: /^\d{5}$/ },
};

// Puts the countries into a select, by name; `allowed` are their codes, all for none.
export function fillCountries(select, allowed) {
  const names = new Intl.DisplayNames(["en"], { type: "region" });
  const codes = allowed ?? CODES.split(" ");
  const before = select.value || "US";
  const options = codes.map((code) => new Option(names.of(code), code));
  select.replaceChildren(...options.toSorted((one, other) => one.text.localeCompare(other.text)));
  select.value = codes.includes(before) ? before : codes[0];
}

// Returns what is wrong with the postal code of a country, or "".
export function postalCodeError(text, country, isRequired = !WITHOUT_POSTAL_CODE.has(country)) {
  const label = postalCodeLabel(country);
  if (!text) return isRequired ? `Your ${label} is incomplete.` : "";
  const { pattern } = FORMS[country] ?? {};
  return !pattern || pattern.test(text) ? "" : `Your ${label} is invalid.`;
}

export function postalCodeLabel(country) {
  const { postal = "Postal code" } = FORMS[country] ?? {};
  return /^(ZIP|PIN)/.test(postal) ? postal : postal.toLowerCase();
}

export class AddressFields {
  #root;
  #onChange;
  #fields = {}; // the inputs, by what they are called in an address
  #nameDisplay = "full";
  #phone = "never";

  // `root` has inputs with `data-field`; `onChange` is called whenever one of them changes.
  constructor(root, onChange) {
    this.#root = root;
    this.#onChange = onChange;
    for (const input of root.querySelectorAll("[data-field]")) this.#fields[input.dataset.field] = input;
    this.limitCountries(null);
    root.addEventListener("input", (event) => this.#changed(event.target));
    root.addEventListener("focusout", ({ target }) => {
      if (target.value && target.dataset.field) this.#showError(target);
    });
  }

  limitCountries(allowed) {
    fillCountries(this.#fields.country, allowed);
    this.#followCountry();
  }

  // Chooses how the name is asked for: `full`, `split`, `organization` or `never`; and the phone: `always` or `never`.
  show({ name = this.#nameDisplay, phone = this.#phone }) {
    this.#nameDisplay = name;
    this.#phone = phone;
    const { firstName, lastName, name: full } = this.#fields;
    this.#hide(full, name === "split" || name === "never");
    if (firstName) this.#hide(firstName, name !== "split");
    if (lastName) this.#hide(lastName, name !== "split");
    if (full && name === "organization") this.#label(full, "Organization");
    if (this.#fields.phone) this.#hide(this.#fields.phone, phone !== "always");
  }

  get value() {
    const text = (name) => this.#fields[name]?.value.trim() ?? "";
    const shown = (name) => (this.#isShown(name) ? text(name) : "");
    const split = this.#nameDisplay === "split";
    return {
      name: split ? `${text("firstName")} ${text("lastName")}`.trim() : shown("name"),
      ...(split && { firstName: text("firstName"), lastName: text("lastName") }),
      address: {
        line1: text("line1"),
        line2: text("line2") || null,
        city: text("city"),
        state: shown("state"),
        postal_code: shown("postal_code"),
        country: text("country"),
      },
      ...(this.#isShown("phone") && { phone: text("phone") }),
    };
  }

  get isComplete() {
    return this.#shown().every((input) => !this.#errorOf(input));
  }

  get isEmpty() {
    return this.#shown().every((input) => input === this.#fields.country || !input.value);
  }

  // Shows what is wrong with every field, gives the first of them the focus and returns its error, or null.
  showErrors() {
    const wrong = this.#shown().filter((input) => this.#showError(input));
    wrong[0]?.focus();
    return wrong.length ? { type: "validation_error", message: this.#errorOf(wrong[0]) } : null;
  }

  // Puts the values of a contact into the fields, as far as it has them.
  fill(contact) {
    const { address = {}, ...rest } = contact ?? {};
    const values = { ...rest, ...address };
    if (values.country) this.#fields.country.value = values.country;
    this.#followCountry();
    for (const [name, value] of Object.entries(values)) {
      if (this.#fields[name] && typeof value === "string") this.#fields[name].value = value;
    }
    this.#onChange();
  }

  clear() {
    for (const [name, input] of Object.entries(this.#fields)) if (name !== "country") input.value = "";
    this.#onChange();
  }

  #changed(input) {
    if (!input.dataset.field) return;
    if (input === this.#fields.country) this.#followCountry();
    if (input.getAttribute("aria-invalid") === "true") this.#showError(input);
    this.#onChange();
  }

  #followCountry() {
    const country = this.#fields.country.value;
    const { city = "City", state, postal = "Postal code", states } = FORMS[country] ?? {};
    this.#label(this.#fields.city, city);
    this.#label(this.#fields.postal_code, postal);
    this.#hide(this.#fields.postal_code, WITHOUT_POSTAL_CODE.has(country));
    this.#hide(this.#fields.state, !state);
    if (state) this.#drawState(state, states);
  }

  // Makes the state a select where the states of the country are known, and an input elsewhere.
  #drawState(label, states) {
    const before = this.#fields.state;
    const field = document.createElement(states ? "select" : "input");
    for (const { name, value } of before.attributes) field.setAttribute(name, value);
    if (states)
      field.replaceChildren(new Option("Select", ""), ...states.split(" ").map((one) => new Option(one, one)));
    field.value = before.value;
    before.replaceWith(field);
    this.#fields.state = field;
    this.#label(field, label);
  }

  #errorOf(input) {
    const name = input.dataset.field;
    const text = input.value.trim();
    if (name === "line2") return "";
    if (name === "postal_code") return postalCodeError(text, this.#fields.country.value);
    if (name === "phone") return text.replace(/\D/g, "").length >= 6 ? "" : "Your phone number is incomplete.";
    const label = this.#root.querySelector(`label[for="${input.id}"]`).textContent.trim();
    return text ? "" : `Your ${label.toLowerCase()} is incomplete.`;
  }

  #showError(input) {
    const message = this.#errorOf(input);
    input.setAttribute("aria-invalid", String(Boolean(message)));
    const place = document.getElementById(`${input.id}-error`);
    if (place && place.textContent !== message) place.textContent = message;
    return message;
  }

  #label(input, text) {
    this.#root.querySelector(`label[for="${input.id}"]`).textContent = text;
  }

  #hide(input, hidden) {
    if (input) input.closest(".field").hidden = hidden;
  }

  #isShown(name) {
    const input = this.#fields[name];
    return Boolean(input) && !input.closest(".field").hidden;
  }

  #shown() {
    return Object.keys(this.#fields)
      .filter((name) => this.#isShown(name))
      .map((name) => this.#fields[name]);
  }
}
