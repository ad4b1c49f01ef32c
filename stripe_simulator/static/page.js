// The hosted page: Stripe.js as any shop would use it.
(function () {
  "use strict";
  var form = document.getElementById("pay"), email = document.getElementById("email"), error = document.getElementById("error");
  var emailError = document.getElementById("email-error"), submit = document.getElementById("submit"), label = submit.querySelector(".label");
  var text = label.textContent, busy = false;
  var checkout = window.Stripe(form.dataset.key).initCheckoutElementsSdk({
    clientSecret: form.dataset.secret,
    elementsOptions: { appearance: { variables: { colorPrimary: "#0b57d0" } } }
  });
  var element = checkout.createPaymentElement();
  element.mount("#payment-element");
  element.on("__submit", function () { form.requestSubmit(); });
  element.on("change", function () { error.hidden = true; });

  function show(message) { error.textContent = message; error.hidden = false; }
  function wait(yes) {
    busy = yes;
    submit.setAttribute("aria-busy", String(yes));
    label.textContent = yes ? "Processing…" : text;
  }
  function emailIsFine() {
    var fine = email.readOnly || /^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(email.value.trim());
    email.setAttribute("aria-invalid", String(!fine));
    emailError.textContent = fine ? "" : "Enter an email address such as name@example.com.";
    if (!fine) email.focus();
    return fine;
  }
  email.addEventListener("input", function () { if (emailError.textContent) { emailError.textContent = ""; email.removeAttribute("aria-invalid"); } });
  form.addEventListener("submit", function (event) {
    event.preventDefault();
    error.hidden = true;
    if (busy || !emailIsFine()) return;
    wait(true);
    checkout.loadActions().then(function (loaded) {
      if (loaded.type === "error") return loaded;
      if (!loaded.actions.getSession().total.total.amount) return null;
      return loaded.actions.confirm({ email: email.value.trim() });
    }).then(function (result) {
      wait(false);
      if (result && result.type === "error" && result.error.type !== "validation_error") show(result.error.message);
    }, function (problem) { wait(false); show(problem.message); });
  });
})();
