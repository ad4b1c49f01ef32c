// The bank's challenge in its frame: says the outcome to the simulator and the answer to the page.
(function () {
  "use strict";
  var start = new URLSearchParams(window.location.hash.slice(1));
  var channel = start.get("channel"),
    origin = start.get("origin");
  var base = window.location.pathname.replace(/\/_simulator\/challenge$/, "");
  var buttons = ["complete", "fail"].map(function (id) {
    return document.getElementById(id);
  });
  var error = document.getElementById("error");
  function tell(message) {
    window.parent.postMessage(Object.assign({ channel: channel }, message), origin === "null" ? "*" : origin);
  }
  function answer(outcome) {
    var path = start.get("path");
    if (path.indexOf("/v1/payment_pages/") !== 0) return;
    buttons.forEach(function (button) {
      button.disabled = true;
    });
    var form = new URLSearchParams(Object.assign({ outcome: outcome }, JSON.parse(start.get("values"))));
    ["email", "name"].forEach(function (name) {
      form.delete(name);
    });
    fetch(base + path, { method: "POST", body: form, credentials: "omit" })
      .then(function (response) {
        return response.json();
      })
      .then(
        function (result) {
          tell({ type: "result", result: result });
        },
        function () {
          error.textContent = "The bank could not be reached. Please try again.";
          error.hidden = false;
          buttons.forEach(function (button) {
            button.disabled = false;
          });
        },
      );
  }
  document.getElementById("total").textContent = start.get("total") || "";
  buttons[0].addEventListener("click", function () {
    answer("succeeded");
  });
  buttons[1].addEventListener("click", function () {
    answer("failed");
  });
  document.addEventListener("keydown", function (event) {
    if (event.key === "Escape") answer("failed");
    if (event.key === "Tab") {
      // the focus stays in the dialog
      event.preventDefault();
      buttons[document.activeElement === buttons[0] ? 1 : 0].focus();
    }
  });
  buttons[0].focus();
  tell({ type: "ready" });
})();
