// The card form inside its frame. Card numbers never leave this origin: the page outside only learns whether the form is complete.
(function () {
  "use strict";
  var start = new URLSearchParams(window.location.hash.slice(1));
  var channel = start.get("channel"),
    origin = start.get("origin");
  var target = origin === "null" ? "*" : origin;
  var base = window.location.pathname.replace(/\/_simulator\/payment_element$/, "");
  var $ = function (id) {
    return document.getElementById(id);
  };
  var debit = null,
    card = true,
    type = "card",
    free = false;

  function tell(message) {
    window.parent.postMessage(Object.assign({ channel: channel }, message), target);
  }

  // ---- Looks
  var VARIABLES = {
    colorPrimary: "--primary",
    colorBackground: "--background",
    colorText: "--text",
    colorDanger: "--danger",
    colorTextSecondary: "--muted",
    colorTextPlaceholder: "--muted",
    borderRadius: "--radius",
    fontFamily: "--font",
    fontSizeBase: "--size",
  };
  function dress(appearance) {
    var style = document.documentElement.style,
      values = Object.assign({}, appearance && appearance.variables);
    if (appearance && appearance.theme === "night") {
      values = Object.assign(
        { colorPrimary: "#85d996", colorBackground: "#30313d", colorText: "#ffffff", colorTextSecondary: "#c7c8d1" },
        values,
      );
      style.setProperty("--border", "#4a4b58");
    }
    Object.keys(VARIABLES).forEach(function (name) {
      if (typeof values[name] === "string" && !/[;{}]|url\(/i.test(values[name]))
        style.setProperty(VARIABLES[name], values[name]);
    });
    if (values.colorBackground && values.colorText && !(appearance && appearance.theme === "night")) {
      style.setProperty("--border", "color-mix(in srgb, var(--text) 16%, var(--background))");
      if (!values.colorTextSecondary)
        style.setProperty("--muted", "color-mix(in srgb, var(--text) 68%, var(--background))");
    }
  }

  // ---- Cards
  var GLYPHS = {
    visa: '<rect width="28" height="19" rx="3" fill="#1434cb"/><text x="14" y="13" font-family="Arial,sans-serif" font-style="italic" font-weight="900" font-size="9" fill="#fff" text-anchor="middle">VISA</text>',
    mastercard:
      '<rect width="28" height="19" rx="3" fill="#252525"/><circle cx="11" cy="9.5" r="5.5" fill="#eb001b"/><circle cx="17" cy="9.5" r="5.5" fill="#f79e1b"/><path d="M14 4.9a5.5 5.5 0 0 1 0 9.2 5.5 5.5 0 0 1 0-9.2Z" fill="#ff5f00"/>',
    amex: '<rect width="28" height="19" rx="3" fill="#016fd0"/><text x="14" y="12.4" font-family="Arial,sans-serif" font-weight="900" font-size="7" fill="#fff" text-anchor="middle">AMEX</text>',
    discover:
      '<rect width="28" height="19" rx="3" fill="#fff" stroke="#d5d7de"/><path d="M28 11v5a3 3 0 0 1-3 3H10c8-1 14-4 18-8Z" fill="#f48120"/><text x="14" y="9.5" font-family="Arial,sans-serif" font-weight="700" font-size="5" fill="#231f20" text-anchor="middle">DISCOVER</text>',
    other:
      '<rect width="28" height="19" rx="3" fill="#8792a2"/><rect y="5" width="28" height="4" fill="#5f6b7c"/><rect x="4" y="12.5" width="9" height="2" rx="1" fill="#fff"/>',
  };
  function brandOf(digits) {
    if (/^4/.test(digits)) return "visa";
    if (/^(5[1-5]|2[2-7])/.test(digits)) return "mastercard";
    if (/^3[47]/.test(digits)) return "amex";
    if (/^6(011|5|4[4-9])/.test(digits)) return "discover";
    return digits ? "other" : "";
  }
  function glyph(brand) {
    return '<svg viewBox="0 0 28 19">' + GLYPHS[brand] + "</svg>";
  }
  function showBrand() {
    var brand = brandOf(digitsOf("number"));
    $("brand").innerHTML = brand ? glyph(brand) : glyph("visa") + glyph("mastercard");
    $("cvc").placeholder = brand === "amex" ? "4 digits" : "CVC";
  }
  function digitsOf(id) {
    return $(id).value.replace(/\D/g, "");
  }
  function wanted(digits) {
    return brandOf(digits) === "amex" ? 15 : /^3[068]/.test(digits) ? 14 : 16;
  }
  function luhn(digits) {
    var sum = 0;
    for (var i = 0; i < digits.length; i++) {
      var digit = +digits[digits.length - 1 - i];
      if (i % 2) digit = digit > 4 ? digit * 2 - 9 : digit * 2;
      sum += digit;
    }
    return sum % 10 === 0;
  }
  function expiry() {
    var match = /^(\d{1,2})\s*\/\s*(\d{2}|\d{4})$/.exec($("expiry").value.trim());
    return match && { month: +match[1], year: match[2].length === 2 ? 2000 + +match[2] : +match[2] };
  }

  // ---- What is wrong with a field: "" when nothing is
  var CHECKS = {
    number: function () {
      var digits = digitsOf("number");
      if (digits.length < wanted(digits)) return ["incomplete_number", "Your card number is incomplete."];
      return luhn(digits) ? null : ["invalid_number", "Your card number is invalid."];
    },
    expiry: function () {
      var date = expiry(),
        now = new Date();
      if (!date) return ["incomplete_expiry", "Your card's expiration date is incomplete."];
      if (date.month < 1 || date.month > 12) return ["invalid_expiry_month", "Your card's expiration date is invalid."];
      if (date.year * 12 + date.month < now.getFullYear() * 12 + now.getMonth() + 1)
        return ["invalid_expiry_year_past", "Your card's expiration year is in the past."];
      return date.year > now.getFullYear() + 50
        ? ["invalid_expiry_year", "Your card's expiration year is invalid."]
        : null;
    },
    cvc: function () {
      var length = brandOf(digitsOf("number")) === "amex" ? 4 : 3,
        given = digitsOf("cvc").length;
      return given === length || (given === 4 && !digitsOf("number"))
        ? null
        : ["incomplete_cvc", "Your card's security code is incomplete."];
    },
    routing: function () {
      return digitsOf("routing").length === 9
        ? null
        : ["incomplete_routing_number", "Your routing number is incomplete."];
    },
    account: function () {
      return digitsOf("account").length >= 4
        ? null
        : ["incomplete_account_number", "Your account number is incomplete."];
    },
    iban: function () {
      var iban = $("iban").value.replace(/\s/g, "").toUpperCase();
      if (iban.length < 15) return ["incomplete_iban", "Your IBAN is incomplete."];
      var turned = (iban.slice(4) + iban.slice(0, 4)).replace(/[A-Z]/g, function (letter) {
        return letter.charCodeAt(0) - 55;
      });
      var rest = 0;
      for (var i = 0; i < turned.length; i++) rest = (rest * 10 + +turned[i]) % 97;
      return rest === 1 ? null : ["invalid_iban", "The IBAN you entered is invalid."];
    },
  };
  var FIELDS = { card: ["number", "expiry", "cvc"], us_bank_account: ["routing", "account"], sepa_debit: ["iban"] };

  function mark(id, error) {
    $(id).setAttribute("aria-invalid", error ? "true" : "false");
    if ($(id + "-error").textContent !== (error ? error[1] : "")) $(id + "-error").textContent = error ? error[1] : "";
  }
  function firstError() {
    var first = null;
    if (!free)
      FIELDS[type].forEach(function (id) {
        var error = CHECKS[id]();
        mark(id, error);
        if (error && !first) {
          first = { id: id, code: error[0], message: error[1] };
        }
      });
    return first;
  }
  var last = "";
  function announce() {
    var fields = FIELDS[type];
    var message = {
      type: "change",
      value: { type: type },
      complete:
        free ||
        fields.every(function (id) {
          return !CHECKS[id]();
        }),
      empty: fields.every(function (id) {
        return !$(id).value;
      }),
    };
    if (JSON.stringify(message) !== last) {
      last = JSON.stringify(message);
      tell(message);
    }
  }

  // ---- Typing
  function reformat(input, format) {
    var caret = input.selectionStart,
      before = input.value.slice(0, caret).replace(/[^0-9A-Za-z]/g, "").length;
    var text = format(input.value);
    if (text === input.value) return;
    var atEnd = caret === input.value.length;
    input.value = text;
    if (document.activeElement !== input) return;
    var position = 0;
    for (var seen = 0; position < text.length && seen < before; position++)
      if (/[0-9A-Za-z]/.test(text[position])) seen++;
    if (atEnd) position = text.length;
    input.setSelectionRange(position, position);
  }
  var FORMATS = {
    number: function (text) {
      var digits = text.replace(/\D/g, "");
      digits = digits.slice(0, wanted(digits));
      return brandOf(digits) === "amex"
        ? digits.replace(/^(\d{4})(\d{1,6})?(\d+)?.*$/, function (_, a, b, c) {
            return [a, b, c].filter(Boolean).join(" ");
          })
        : digits.replace(/(\d{4})(?=\d)/g, "$1 ");
    },
    expiry: function (text) {
      var digits = text.replace(/\D/g, "");
      if (/^\d\s*\/$/.test(text)) digits = "0" + digits;
      if (/^[2-9]/.test(digits)) digits = "0" + digits;
      if (digits.length === 6 && digits.slice(2, 4) === "20") digits = digits.slice(0, 2) + digits.slice(4);
      if (digits.length < 5 || digits.slice(2, 4) !== "20") digits = digits.slice(0, 4);
      return digits.length > 2 ? digits.slice(0, 2) + " / " + digits.slice(2) : digits;
    },
    cvc: function (text) {
      return text.replace(/\D/g, "").slice(0, 4);
    },
    routing: function (text) {
      return text.replace(/\D/g, "");
    },
    account: function (text) {
      return text.replace(/\D/g, "");
    },
    iban: function (text) {
      return text
        .replace(/[^0-9A-Za-z]/g, "")
        .toUpperCase()
        .replace(/(.{4})(?=.)/g, "$1 ");
    },
  };
  Object.keys(FORMATS).forEach(function (id) {
    var input = $(id);
    input.addEventListener("input", function () {
      reformat(input, FORMATS[id]);
      if (id === "number") showBrand();
      var error = CHECKS[id]();
      if (!error) mark(id, null);
      else if (
        (id === "number" && error[0] === "invalid_number") ||
        (id === "expiry" && error[0].indexOf("invalid") === 0 && input.value.length >= 7)
      )
        mark(id, error);
      else if (input.getAttribute("aria-invalid") === "true") mark(id, null);
      announce();
    });
    input.addEventListener("blur", function () {
      if (input.value) mark(id, CHECKS[id]());
    });
  });

  // ---- Tabs
  function choose(kind, focus) {
    type = kind === "card" ? "card" : debit;
    $("panel-card").hidden = free || type !== "card";
    $("panel-us").hidden = free || type !== "us_bank_account";
    $("panel-sepa").hidden = free || type !== "sepa_debit";
    [
      ["tab-card", type === "card"],
      ["tab-debit", type !== "card"],
    ].forEach(function (pair) {
      $(pair[0]).setAttribute("aria-selected", String(pair[1]));
      $(pair[0]).tabIndex = pair[1] ? 0 : -1;
      if (pair[1] && focus) $(pair[0]).focus();
    });
    announce();
  }
  ["tab-card", "tab-debit"].forEach(function (id) {
    $(id).addEventListener("click", function () {
      choose($(id).dataset.type);
    });
    $(id).addEventListener("keydown", function (event) {
      if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
      event.preventDefault();
      choose(id === "tab-card" ? "debit" : "card", true);
    });
  });
  function learn(facts) {
    if (facts.appearance) dress(facts.appearance);
    if (facts.methods) {
      debit =
        facts.methods.filter(function (one) {
          return one !== "card";
        })[0] || null;
      card = facts.methods.indexOf("card") >= 0;
    }
    if (facts.free !== undefined) free = !!facts.free;
    document.querySelector(".tabs").hidden = free || !debit || !card;
    $("debit-name").textContent = debit === "sepa_debit" ? "SEPA debit" : "US bank account";
    $("tab-debit").setAttribute("aria-controls", debit === "sepa_debit" ? "panel-sepa" : "panel-us");
    $("free").hidden = !free;
    choose(card && (type === "card" || !debit) ? "card" : "debit");
  }

  // ---- Paying
  function method() {
    var values = { "payment_method[type]": type },
      date = expiry();
    if (type === "card") {
      values["payment_method[number]"] = digitsOf("number");
      values["payment_method[exp_month]"] = date.month;
      values["payment_method[exp_year]"] = date.year;
      values["payment_method[cvc]"] = digitsOf("cvc");
    } else {
      values["payment_method[account_number]"] =
        type === "sepa_debit" ? $("iban").value.replace(/\s/g, "") : digitsOf("account");
    }
    return values;
  }
  var AT_FAULT = {
    incorrect_number: "number",
    expired_card: "expiry",
    invalid_expiry_month: "expiry",
    invalid_expiry_year: "expiry",
    incorrect_cvc: "cvc",
    invalid_cvc: "cvc",
  };
  function confirm(message) {
    var error = firstError();
    if (error) {
      $(error.id).focus();
      return Promise.resolve({ error: { type: "validation_error", code: error.code, message: error.message } });
    }
    if (String(message.path).indexOf("/v1/payment_pages/") !== 0)
      return Promise.resolve({ error: { message: "Invalid request." } });
    var form = new URLSearchParams();
    var values = Object.assign({}, message.values, method());
    Object.keys(values).forEach(function (name) {
      if (values[name] !== undefined && values[name] !== null) form.set(name, values[name]);
    });
    return fetch(base + message.path, { method: "POST", body: form, credentials: "omit" })
      .then(function (response) {
        return response.json();
      })
      .then(
        function (answer) {
          var field =
            answer.error &&
            (AT_FAULT[answer.error.code] ||
              (answer.error.param === "account_number" && FIELDS[type][FIELDS[type].length - 1]));
          if (field) mark(field, [answer.error.code, answer.error.message]);
          return answer;
        },
        function () {
          return { error: { type: "api_connection_error", message: "Stripe could not be reached. Please try again." } };
        },
      );
  }
  window.addEventListener("message", function (event) {
    if (event.source !== window.parent || event.origin !== origin) return;
    var message = event.data;
    if (!message || message.channel !== channel) return;
    if (message.type === "facts") learn(message);
    else if (message.type === "focus") $(FIELDS[type][0]).focus();
    else if (message.type === "blur" && document.activeElement) document.activeElement.blur();
    else if (message.type === "clear") {
      $("form").reset();
      showBrand();
      announce();
    } else if (message.type === "confirm")
      confirm(message).then(function (result) {
        tell({ type: "result", call: message.call, result: result });
      });
  });
  $("form").addEventListener("submit", function (event) {
    event.preventDefault();
    tell({ type: "submit" });
  });
  var focused = false;
  document.addEventListener("focusin", function () {
    if (!focused) {
      focused = true;
      tell({ type: "focus" });
    }
  });
  document.addEventListener("focusout", function (event) {
    if (!event.relatedTarget) {
      focused = false;
      tell({ type: "blur" });
    }
  });
  document.addEventListener("keydown", function (event) {
    if (event.key === "Escape") tell({ type: "escape" });
  });

  try {
    dress(JSON.parse(start.get("appearance") || "{}"));
  } catch (error) {
    /* looks only */
  }
  showBrand();
  new ResizeObserver(function () {
    tell({ type: "height", height: document.body.getBoundingClientRect().height });
  }).observe(document.body);
  tell({ type: "ready" });
})();
