// How a field is written, what is wrong with it and what it sends. Nothing here touches the page, and nothing here names
// a payment method: which fields one has, and which format each of them has, says stripe_simulator/payment_methods.

// `write` turns what is typed into what the field shows. `check` returns the error of a text, or null; it gets the texts
// of the other fields by their parameters, and the field itself: `param`, `minLength`, and `code` and `noun` for errors.
// `send` returns the parameters. `showsWhileTyping` tells which errors do not wait until the field is left.
export const FORMATS = {
  digits: {
    write: digitsOf,
    check: (text, _texts, { minLength, code, noun }) =>
      digitsOf(text).length >= minLength ? null : problem(`incomplete_${code}`, `Your ${noun} is incomplete.`),
    send: (text, param) => ({ [param]: digitsOf(text) }),
  },
  iban: {
    write: formatIban,
    check: checkIban,
    send: (text, param) => ({ [param]: text.replace(/\s/g, "") }),
  },
  card_number: {
    write: formatCardNumber,
    check: checkCardNumber,
    send: (text, param) => ({ [param]: digitsOf(text) }),
    showsWhileTyping: (error) => error.code === "invalid_number",
  },
  expiry: {
    write: formatExpiry,
    check: (text) => checkExpiry(text, new Date()),
    send: (text) => {
      const { month, year } = parseExpiry(text);
      return { exp_month: month, exp_year: year };
    },
    showsWhileTyping: (error, text) => error.code.startsWith("invalid") && text.length >= "MM / YY".length,
  },
  cvc: {
    write: (text) => digitsOf(text).slice(0, 4),
    check: checkSecurityCode,
    send: (text, param) => ({ [param]: digitsOf(text) }),
  },
};

// Returns the field that an error of the simulator is about, or undefined.
export function fieldAtFault(fields, error) {
  const byCode = fields.find(({ errorCodes }) => errorCodes.includes(error.code));
  return byCode ?? fields.find(({ param }) => param === error.param);
}

function problem(code, message) {
  return { code, message };
}

function digitsOf(text) {
  return text.replace(/\D/g, "");
}

// ---- Cards

// Returns the brand that the first digits of a card number tell: "other" for brands without a picture, "" for no digits.
export function brandOf(number) {
  const digits = digitsOf(number);
  if (digits.startsWith("4")) return "visa";
  if (/^(5[1-5]|2[2-7])/.test(digits)) return "mastercard";
  if (/^3[47]/.test(digits)) return "amex";
  if (/^6(011|5|4[4-9])/.test(digits)) return "discover";
  return digits ? "other" : "";
}

// Returns how many digits a card number has. Diners Club has cards of 14 and of 16: https://docs.stripe.com/testing.
function lengthOf(digits) {
  if (brandOf(digits) === "amex") return 15;
  return /^3[68]/.test(digits) ? 14 : 16;
}

// Returns whether the last digit checks the others: https://en.wikipedia.org/wiki/Luhn_algorithm.
export function passesLuhn(digits) {
  let sum = 0;
  for (const [index, character] of [...digits].toReversed().entries()) {
    const digit = Number(character) * (index % 2 === 0 ? 1 : 2);
    sum += digit > 9 ? digit - 9 : digit;
  }
  return sum % 10 === 0;
}

export function checkCardNumber(text) {
  const digits = digitsOf(text);
  if (digits.length < lengthOf(digits)) return problem("incomplete_number", "Your card number is incomplete.");
  return passesLuhn(digits) ? null : problem("invalid_number", "Your card number is invalid.");
}

export function formatCardNumber(text) {
  const digits = digitsOf(text);
  const shown = digits.slice(0, lengthOf(digits));
  if (brandOf(shown) !== "amex") return shown.replace(/(\d{4})(?=\d)/g, "$1 ");
  return [shown.slice(0, 4), shown.slice(4, 10), shown.slice(10)].filter(Boolean).join(" ");
}

// Returns the month and the full year of `MM / YY` or `MM / YYYY`, or null.
export function parseExpiry(text) {
  const match = /^(\d{1,2})\s*\/\s*(\d{2}|\d{4})$/.exec(text.trim());
  if (!match) return null;
  const [, month, year] = match;
  return { month: Number(month), year: Number(year) + (year.length === 2 ? 2000 : 0) };
}

export function checkExpiry(text, today) {
  const date = parseExpiry(text);
  const year = today.getFullYear();
  if (!date) return problem("incomplete_expiry", "Your card's expiration date is incomplete.");
  if (date.month < 1 || date.month > 12) {
    return problem("invalid_expiry_month", "Your card's expiration date is invalid.");
  }
  if (date.year < year || (date.year === year && date.month < today.getMonth() + 1)) {
    return problem("invalid_expiry_year_past", "Your card's expiration year is in the past.");
  }
  return date.year > year + 50 ? problem("invalid_expiry_year", "Your card's expiration year is invalid.") : null;
}

export function formatExpiry(text) {
  let digits = digitsOf(text);
  if (/^\d\s*\/$/.test(text)) digits = `0${digits}`;
  if (/^[2-9]/.test(digits)) digits = `0${digits}`;
  if (digits.length === 6 && digits.slice(2, 4) === "20") digits = digits.slice(0, 2) + digits.slice(4);
  if (digits.length < 5 || digits.slice(2, 4) !== "20") digits = digits.slice(0, 4);
  return digits.length > 2 ? `${digits.slice(0, 2)} / ${digits.slice(2)}` : digits;
}

export function checkSecurityCode(text, { number }) {
  const given = digitsOf(text).length;
  if (given === (brandOf(number) === "amex" ? 4 : 3)) return null;
  if (given === 4 && !digitsOf(number)) return null; // the brand is not known yet
  return problem("incomplete_cvc", "Your card's security code is incomplete.");
}

// ---- Bank accounts

// Checks length and remainder as ISO 13616 has them: letters count from A = 10, the first four characters come last.
export function checkIban(text) {
  const iban = text.replace(/\s/g, "").toUpperCase();
  if (iban.length < 15) return problem("incomplete_iban", "Your IBAN is incomplete.");
  const turned = iban.slice(4) + iban.slice(0, 4);
  const digits = turned.replace(/[A-Z]/g, (letter) => letter.charCodeAt(0) - "A".charCodeAt(0) + 10);
  let remainder = 0;
  for (const digit of digits) remainder = (remainder * 10 + Number(digit)) % 97;
  return remainder === 1 ? null : problem("invalid_iban", "The IBAN you entered is invalid.");
}

export function formatIban(text) {
  return text
    .replace(/[^0-9A-Za-z]/g, "")
    .toUpperCase()
    .replace(/(.{4})(?=.)/g, "$1 ");
}
