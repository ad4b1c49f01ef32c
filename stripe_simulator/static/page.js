// The hosted page: Stripe.js as any shop would use it.
(function () {
  "use strict";
  function $(id) {
    return document.getElementById(id);
  }
  var form = $("pay"),
    email = $("email"),
    phone = $("phone"),
    error = $("error"),
    submit = $("submit");
  var label = submit.querySelector(".label"),
    text = label.textContent,
    busy = false;
  var checkout = window.Stripe(form.dataset.key).initCheckoutElementsSdk({
    clientSecret: form.dataset.secret,
    elementsOptions: { appearance: { variables: { colorPrimary: "#0b57d0" } } },
  });
  var element = checkout.createPaymentElement();
  element.mount("#payment-element");
  element.on("__submit", function () {
    form.requestSubmit();
  });
  element.on("change", function () {
    error.hidden = true;
  });

  function show(message) {
    error.textContent = message;
    error.hidden = false;
  }
  function wait(yes) {
    busy = yes;
    submit.setAttribute("aria-busy", String(yes));
    label.textContent = yes ? "Processing…" : text;
  }
  function fault(input, message) {
    // says what is wrong with a field, or that nothing is
    input.setAttribute("aria-invalid", String(!!message));
    $(input.id + "-error").textContent = message;
    if (message) input.focus();
    return !message;
  }
  function emailIsFine() {
    var fine = email.readOnly || /^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(email.value.trim());
    return fault(email, fine ? "" : "Enter an email address such as name@example.com.");
  }
  function phoneIsFine() {
    var fine = !phone || phone.value.replace(/\D/g, "").length >= 6;
    return !phone || fault(phone, fine ? "" : "Enter a phone number.");
  }
  form.addEventListener("input", function (event) {
    if ($(event.target.id + "-error")) fault(event.target, "");
  });

  // ---- What changes the total: the summary is drawn anew by the server
  function redraw(said) {
    return fetch(window.location.href, { cache: "no-store" })
      .then(function (response) {
        return response.text();
      })
      .then(function (html) {
        var fresh = new DOMParser().parseFromString(html, "text/html");
        if (!fresh.querySelector(".summary")) return window.location.reload(); // paid or expired meanwhile
        document.querySelector(".summary").replaceWith(fresh.querySelector(".summary"));
        label.textContent = text = fresh.querySelector("#submit .label").textContent;
        document.title = fresh.title;
        $("said").textContent = said;
      });
  }
  function change(name, value, said) {
    if (busy) return Promise.resolve(null);
    wait(true);
    return checkout
      .loadActions()
      .then(function (loaded) {
        return loaded.type === "error" ? loaded : loaded.actions[name](value);
      })
      .then(
        function (result) {
          wait(false);
          return result.type === "error" ? result : redraw(said);
        },
        function (problem) {
          wait(false);
          show(problem.message);
        },
      );
  }
  document.addEventListener("submit", function (event) {
    if (event.target.id !== "promotion") return;
    event.preventDefault();
    change("applyPromotionCode", $("code").value, "Promotion code applied").then(function (result) {
      if (result) fault($("code"), result.error.message);
      else if ($("remove")) $("remove").focus();
    });
  });
  document.addEventListener("click", function (event) {
    if (event.target.id !== "remove") return;
    change("removePromotionCode", undefined, "Promotion code removed").then(function () {
      if ($("code")) $("code").focus();
    });
  });
  if ($("shipping"))
    $("shipping").addEventListener("change", function (event) {
      change("updateShippingOption", event.target.value, "Shipping method changed").then(function (result) {
        if (result) show(result.error.message);
      });
    });

  form.addEventListener("submit", function (event) {
    event.preventDefault();
    error.hidden = true;
    if (busy || !emailIsFine() || !phoneIsFine()) return;
    wait(true);
    checkout
      .loadActions()
      .then(function (loaded) {
        if (loaded.type === "error") return loaded;
        if (!loaded.actions.getSession().total.total.amount) return null;
        return loaded.actions.confirm({
          email: email.value.trim(),
          phoneNumber: phone ? phone.value.trim() : undefined,
        });
      })
      .then(
        function (result) {
          wait(false);
          if (result && result.type === "error" && result.error.type !== "validation_error") show(result.error.message);
        },
        function (problem) {
          wait(false);
          show(problem.message);
        },
      );
  });
})();
