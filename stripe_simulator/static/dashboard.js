// The dashboard: asks for the page again every second, puts what changed in place, and sends what the buttons say.
(function () {
  "use strict";
  var BASE = document.body.dataset.base,
    tag = null,
    bodies = {};
  var said = document.getElementById("said"),
    field = document.getElementById("session");

  function live(root) {
    return Array.prototype.slice.call(root.querySelectorAll("[data-live]"));
  }

  function show(details) {
    // what was asked and answered, or an event: fetched once
    var from = details.dataset.body;
    bodies[from] =
      bodies[from] ||
      fetch(BASE + "/" + from).then(function (response) {
        return response.text();
      });
    bodies[from].then(function (text) {
      var pre = details.querySelector("pre") || details.appendChild(document.createElement("pre"));
      pre.textContent = text;
      pre.tabIndex = 0;
    });
  }

  function place(old, fresh) {
    if (old.innerHTML === fresh.innerHTML) return;
    old.querySelectorAll("details[open]").forEach(function (open) {
      var same = fresh.querySelector('details[data-body="' + open.dataset.body + '"]');
      if (same) same.replaceWith(open);
    });
    var focused = old.contains(document.activeElement) && document.activeElement.dataset.post;
    old.replaceChildren.apply(old, Array.prototype.slice.call(fresh.childNodes));
    var again = focused && old.querySelector('[data-post="' + focused + '"]');
    if (again) again.focus();
  }

  function refresh() {
    if (document.hidden || String(window.getSelection())) return Promise.resolve();
    return fetch(window.location.href, { cache: "no-store", headers: tag ? { "If-None-Match": tag } : {} })
      .then(function (response) {
        if (!response.ok) return null;
        tag = response.headers.get("ETag");
        return response.text();
      })
      .then(
        function (html) {
          if (!html) return;
          var fresh = live(new DOMParser().parseFromString(html, "text/html"));
          live(document).forEach(function (old, index) {
            place(old, fresh[index]);
          });
        },
        function () {
          /* the simulator is gone or restarting: try again */
        },
      );
  }

  function say(text, wrong) {
    said.textContent = text;
    said.classList.toggle("wrong", !!wrong);
  }
  function send(path, body, done) {
    return fetch(BASE + "/" + path, { method: "POST", body: JSON.stringify(body) })
      .then(function (response) {
        return response.json();
      })
      .then(
        function (answer) {
          if (answer.error) say(answer.error.message, true);
          else say(done);
          return refresh();
        },
        function () {
          say("The simulator cannot be reached.", true);
        },
      );
  }
  var DONE = {
    clock: "The clock was moved.",
    webhooks: "From now on, events are handled that way.",
    faults: "The fault waits for its request.",
    "faults/clear": "No fault is waiting.",
    reset: "Everything is forgotten.",
  };
  function words(path) {
    var action = path.split("/").pop();
    return (
      DONE[path] ||
      {
        pay: "The session was paid.",
        expire: "The session has expired.",
        settle_debit: "The debit was settled.",
        dispute: "The payment is disputed.",
      }[action]
    );
  }

  function only(session) {
    var url = new URL(window.location.href);
    if (session) url.searchParams.set("session", session);
    else url.searchParams.delete("session");
    window.history.replaceState(null, "", url);
    field.value = session;
    tag = null;
    refresh();
  }

  document.addEventListener("submit", function (event) {
    event.preventDefault();
    var form = event.target,
      path = form.dataset.post;
    if (!path) return only(field.value.trim());
    var body = Object.fromEntries(new FormData(form, event.submitter));
    ["advance", "times"].forEach(function (name) {
      if (name in body) body[name] = Number(body[name]);
    });
    send(path, body, words(path));
  });
  document.addEventListener("click", function (event) {
    var button = event.target.closest("button");
    if (!button) return;
    if (button.id === "everything") return only("");
    if (button.dataset.show) return only(button.dataset.show);
    if (!button.dataset.post || (button.dataset.ask && !window.confirm(button.dataset.ask))) return;
    var path = button.dataset.post,
      body = JSON.parse(button.dataset.body || "{}");
    if (/\/pay$/.test(path)) body.card = document.getElementById("card").value;
    button.disabled = true;
    send(path, body, words(path)).then(function () {
      button.disabled = false;
    });
  });
  document.addEventListener(
    "toggle",
    function (event) {
      if (event.target.open && event.target.dataset.body) show(event.target);
    },
    true,
  );
  window.setInterval(refresh, 1000);
})();
