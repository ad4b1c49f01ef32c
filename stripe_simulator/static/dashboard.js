// The dashboard, as it happens: asks for the page again every second and puts what changed in place.
(function () {
  "use strict";
  var last = null;
  function refresh() {
    if (document.hidden) return;
    fetch(window.location.href, { cache: "no-store" }).then(function (response) {
      return response.ok ? response.text() : null;
    }).then(function (html) {
      if (!html || html === last) return;
      last = html;
      var main = document.querySelector("main");
      var fresh = new DOMParser().parseFromString(html, "text/html").querySelector("main");
      main.querySelectorAll("details[open]").forEach(function (open) {
        var same = fresh.querySelector('details[data-id="' + open.dataset.id + '"]');
        if (same) same.open = true;
      });
      main.replaceWith(fresh);
    }, function () { /* the simulator is gone or restarting: try again */ });
  }
  window.setInterval(refresh, 1000);
})();
