// Stripe.js for the simulator: Stripe(), initCheckoutElementsSdk(), initCheckout() and the Payment Element.
(function () {
  "use strict";

  var script = document.currentScript || document.querySelector('script[src*="/stripe.js"], script[src*="/v3"]');
  var BASE = script.src.replace(/[?#].*$/, "").replace(/\/(?:v3\/?|[^/]+\/stripe\.js)$/, "");
  var ORIGIN = new URL(BASE).origin;
  var DOCS = "https://docs.stripe.com/js/custom_checkout";

  function IntegrationError(message) {
    var error = new Error(message);
    error.name = "IntegrationError";
    return error;
  }

  function Emitter() {
    var handlers = {};
    return {
      on: function (type, handler) {
        (handlers[type] = handlers[type] || []).push(handler);
      },
      off: function (type, handler) {
        handlers[type] = handler
          ? (handlers[type] || []).filter(function (one) {
              return one !== handler;
            })
          : [];
      },
      emit: function (type, value) {
        (handlers[type] || []).slice().forEach(function (handler) {
          handler(value);
        });
      },
    };
  }

  // ---- Talking to the simulator

  function request(path, values) {
    var form = new URLSearchParams();
    Object.keys(values).forEach(function (name) {
      if (values[name] !== undefined && values[name] !== null) form.set(name, values[name]);
    });
    return fetch(BASE + path, { method: "POST", body: form, credentials: "omit" }).then(
      function (response) {
        return response.json();
      },
      function () {
        return { error: { type: "api_connection_error", message: "Stripe could not be reached. Please try again." } };
      },
    );
  }

  // ---- Frames: the card form and the bank's challenge live on the simulator's origin

  function Frame(path, title, onMessage) {
    var channel = Math.random().toString(36).slice(2) + Date.now().toString(36);
    var element = document.createElement("iframe");
    element.title = title;
    element.name = "__simulatedStripeFrame_" + channel;
    element.setAttribute("allow", "payment *");
    function listen(event) {
      if (event.source !== element.contentWindow || event.origin !== ORIGIN) return;
      if (!event.data || event.data.channel !== channel) return;
      onMessage(event.data);
    }
    window.addEventListener("message", listen);
    return {
      element: element,
      load: function (values) {
        var fragment = new URLSearchParams(Object.assign({ channel: channel, origin: window.location.origin }, values));
        element.src = BASE + path + "#" + fragment;
      },
      send: function (message) {
        if (element.contentWindow)
          element.contentWindow.postMessage(Object.assign({ channel: channel }, message), ORIGIN);
      },
      close: function () {
        window.removeEventListener("message", listen);
        element.remove();
      },
    };
  }

  function PaymentElement(appearance, options, whenDestroyed) {
    var events = Emitter(),
      frame = null,
      holder = null,
      ready = false,
      queue = [],
      waiting = {},
      calls = 0;
    var state = { complete: false, empty: true, value: { type: "card" } },
      facts = {};

    function onMessage(message) {
      if (message.type === "ready") {
        ready = true;
        frame.send(Object.assign({ type: "facts" }, facts));
        queue.splice(0).forEach(frame.send);
        events.emit("ready", { elementType: "payment" });
      } else if (message.type === "height") {
        frame.element.style.height = Math.ceil(message.height) + "px";
      } else if (message.type === "change") {
        state = { complete: message.complete, empty: message.empty, value: message.value };
        events.emit("change", Object.assign({ elementType: "payment", collapsed: false }, state));
      } else if (message.type === "focus" || message.type === "blur" || message.type === "escape") {
        events.emit(message.type, { elementType: "payment" });
      } else if (message.type === "submit") {
        events.emit("__submit", {});
      } else if (message.type === "result" && waiting[message.call]) {
        waiting[message.call](message.result);
        delete waiting[message.call];
      }
    }

    function close() {
      if (!frame) return;
      frame.close();
      holder.remove();
      frame = null;
      ready = false;
      queue = [];
      Object.keys(waiting).forEach(function (call) {
        waiting[call]({ error: { message: "The Payment Element was removed.", code: null } });
      });
      waiting = {};
      state = { complete: false, empty: true, value: { type: "card" } };
    }

    var element = {
      mount: function (target) {
        var parent = typeof target === "string" ? document.querySelector(target) : target;
        if (!parent)
          throw IntegrationError(
            "The selector you specified (" + target + ") applies to no DOM elements that are currently on the page.",
          );
        close();
        holder = document.createElement("div");
        holder.className = "__PrivateStripeElement";
        holder.style.cssText =
          "margin:-4px 0;padding:0;border:none;display:block;background:transparent;position:relative;opacity:1";
        frame = Frame("/_simulator/payment_element", "Secure payment input frame", onMessage);
        frame.element.style.cssText =
          "border:0;margin:0 -4px;padding:0;width:calc(100% + 8px);max-width:none;min-width:100%;height:264px;display:block;overflow:hidden;color-scheme:light only";
        frame.element.addEventListener("error", function () {
          events.emit("loaderror", {
            elementType: "payment",
            error: { message: "The Payment Element could not be loaded." },
          });
        });
        frame.load({ appearance: JSON.stringify(appearance || {}) });
        holder.appendChild(frame.element);
        parent.replaceChildren(holder);
        return element;
      },
      unmount: function () {
        close();
        return element;
      },
      destroy: function () {
        close();
        whenDestroyed();
      },
      update: function (changes) {
        Object.assign(options, changes);
        return element;
      },
      focus: function () {
        if (frame) frame.send({ type: "focus" });
        return element;
      },
      blur: function () {
        if (frame) frame.send({ type: "blur" });
        return element;
      },
      clear: function () {
        if (frame) frame.send({ type: "clear" });
        return element;
      },
      collapse: function () {
        return element;
      },
      on: function (type, handler) {
        events.on(type, handler);
        return element;
      },
      off: function (type, handler) {
        events.off(type, handler);
        return element;
      },
      once: function (type, handler) {
        function once(event) {
          events.off(type, once);
          handler(event);
        }
        events.on(type, once);
        return element;
      },
    };
    var inner = {
      element: element,
      complete: function () {
        return state.complete;
      },
      facts: function (value) {
        facts = value;
        if (ready) frame.send(Object.assign({ type: "facts" }, facts));
      },
      failed: function (error) {
        events.emit("loaderror", { elementType: "payment", error: error });
      },
      confirm: function (values) {
        if (!frame)
          return Promise.reject(IntegrationError("The Payment Element is not mounted. Call mount() before confirm()."));
        return new Promise(function (resolve) {
          var call = ++calls;
          waiting[call] = resolve;
          var message = Object.assign({ type: "confirm", call: call }, values);
          if (ready) frame.send(message);
          else queue.push(message);
        });
      },
    };
    return inner;
  }

  function challenge(values) {
    return new Promise(function (resolve) {
      var before = document.activeElement;
      var frame = Frame("/_simulator/challenge", "Bank authentication", function (message) {
        if (message.type === "ready") frame.element.focus();
        if (message.type !== "result") return;
        frame.close();
        if (before && before.focus) before.focus();
        resolve(message.result);
      });
      frame.element.style.cssText =
        "position:fixed;inset:0;width:100%;height:100%;border:0;z-index:2147483647;background:transparent;color-scheme:light only";
      frame.load(values);
      document.body.appendChild(frame.element);
    });
  }

  // ---- Checkout

  function Checkout(key, options) {
    if (!options || !options.clientSecret) throw IntegrationError("clientSecret is required. See " + DOCS);
    var events = Emitter(),
      raw = null,
      methods = [],
      email = null,
      phone = null,
      billing = null,
      secret = null;
    var payment = null,
      totalWasRead = false,
      busy = null;
    var elementsOptions = options.elementsOptions || {};
    var appearance = elementsOptions.appearance || {};
    var defaults = options.defaultValues || {};

    function path(action) {
      return "/v1/payment_pages/" + encodeURIComponent(secret.split("_secret_")[0]) + action;
    }

    var loading = null;
    function load() {
      loading =
        loading ||
        Promise.resolve(options.clientSecret)
          .then(function (value) {
            if (typeof value !== "string" || value.indexOf("_secret_") < 0)
              throw IntegrationError(
                "Invalid clientSecret: it should be the client_secret of a Checkout Session with ui_mode `elements`.",
              );
            secret = value;
            return request(path("/init"), { key: key, client_secret: secret });
          })
          .then(function (answer) {
            if (answer.error) throw Object.assign(new Error(answer.error.message), { code: answer.error.code || null });
            methods = answer.methods;
            email = answer.session.email || defaults.email || null;
            phone = answer.session.phoneNumber || defaults.phoneNumber || null;
            billing = defaults.billingAddress || null;
            learn(answer.session);
          });
      return loading;
    }

    function learn(session) {
      raw = session;
      if (payment) payment.facts({ methods: methods, free: raw.total.total.minorUnitsAmount === 0 });
    }

    function reading(amount) {
      // an amount that remembers that somebody looked
      var watched = {};
      ["minorUnitsAmount", "amount"].forEach(function (name) {
        Object.defineProperty(watched, name, {
          enumerable: true,
          get: function () {
            totalWasRead = true;
            return amount[name];
          },
        });
      });
      return watched;
    }

    function session() {
      var view = JSON.parse(JSON.stringify(raw));
      view.email = raw.email || email;
      view.phoneNumber = phone;
      view.billingAddress = billing;
      view.canConfirm =
        raw.status.type === "open" &&
        !!view.email &&
        !busy &&
        (raw.total.total.minorUnitsAmount === 0 || (!!payment && payment.complete()));
      view.total.total = reading(raw.total.total);
      return view;
    }

    function changed() {
      if (raw) events.emit("change", session());
    }

    function failure(error) {
      var known = Object.assign({ message: "Something went wrong.", code: null }, error);
      if (known.type === "card_error") known.paymentFailed = { declineCode: known.decline_code || null };
      return { type: "error", error: known };
    }

    function confirm(given) {
      given = given || {};
      if (!totalWasRead) {
        return Promise.reject(
          IntegrationError(
            "Before calling confirm(), show the shopper the total: read session.total.total.amount (or minorUnitsAmount) from the session. See " +
              DOCS +
              "/session_object",
          ),
        );
      }
      if (busy) return busy;
      var address = given.email || email || raw.email;
      if (!address) {
        return Promise.resolve(
          failure({
            message: "An email address is required. Pass it to confirm() or call updateEmail() first.",
            code: "incomplete_email",
          }),
        );
      }
      if (given.redirect && given.redirect !== "always" && given.redirect !== "if_required") {
        return Promise.reject(
          IntegrationError("Invalid value for confirm(): redirect should be `always` or `if_required`."),
        );
      }
      var beyond = ["paymentMethod", "savePaymentMethod", "shippingAddress", "expressCheckoutConfirmEvent"].filter(
        function (name) {
          return given[name];
        },
      )[0];
      if (beyond)
        return Promise.reject(IntegrationError("The Stripe simulator does not simulate confirm({ " + beyond + " })."));
      var values = {
        key: key,
        client_secret: secret,
        email: address,
        return_url: given.returnUrl,
        phone: given.phoneNumber || phone,
      };
      var bill = given.billingAddress || billing;
      if (bill) {
        values.name = bill.name;
        Object.keys(bill.address || {}).forEach(function (name) {
          values["address[" + name + "]"] = bill.address[name];
        });
      }
      var free = raw.total.total.minorUnitsAmount === 0;
      var paying =
        raw.status.type !== "open" || free
          ? request(path("/confirm"), values)
          : payment
            ? payment.confirm({ path: path("/confirm"), values: values })
            : Promise.reject(IntegrationError("Create and mount a Payment Element before calling confirm()."));
      busy = paying
        .then(function (answer) {
          return answer.status === "requires_action"
            ? challenge({ path: path("/authenticate"), values: JSON.stringify(values), total: raw.total.total.amount })
            : answer;
        })
        .then(
          function (answer) {
            busy = null;
            if (answer.session) learn(answer.session);
            if (answer.error) {
              raw.lastPaymentError = { message: answer.error.message };
              changed();
              return failure(answer.error);
            }
            email = address;
            changed();
            if (given.redirect === "if_required") return { type: "success", session: session() };
            window.location.assign(answer.redirect_url);
            return new Promise(function () {}); // the page is about to go
          },
          function (error) {
            busy = null;
            throw error;
          },
        );
      changed();
      return busy;
    }

    function update(values, code) {
      return request(path("/update"), Object.assign({ key: key, client_secret: secret }, values)).then(
        function (answer) {
          if (answer.error) return { type: "error", error: { message: answer.error.message, code: code } };
          learn(answer.session);
          return succeeded();
        },
      );
    }
    function succeeded() {
      changed();
      return { type: "success", session: session() };
    }
    function notSimulated(name) {
      return function () {
        return Promise.resolve(
          failure({ message: "The Stripe simulator does not simulate " + name + "().", code: null }),
        );
      };
    }

    var actions = {
      confirm: confirm,
      getSession: session,
      updateEmail: function (value) {
        var given = String(value || "").trim();
        if (!/^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(given)) {
          return Promise.resolve(failure({ message: "Your email address is invalid.", code: "invalidEmail" }));
        }
        if (!raw.email) email = given;
        return Promise.resolve(succeeded());
      },
      updateBillingAddress: function (value) {
        billing = value;
        return Promise.resolve(succeeded());
      },
      updatePhoneNumber: function (value) {
        phone = value;
        return Promise.resolve(succeeded());
      },
      applyPromotionCode: function (value) {
        if (typeof value !== "string" || !value.trim())
          return Promise.resolve(failure({ message: "Enter a promotion code.", code: "invalidCode" }));
        return update({ promotion_code: value.trim() }, "invalidCode");
      },
      removePromotionCode: function () {
        return update({ promotion_code: "" }, null);
      },
      updateShippingOption: function (value) {
        return update({ shipping_rate: String(value) }, null);
      },
      updateShippingAddress: notSimulated("updateShippingAddress"),
      updateLineItemQuantity: notSimulated("updateLineItemQuantity"),
      updateTaxIdInfo: notSimulated("updateTaxIdInfo"),
      runServerUpdate: function (update) {
        return Promise.resolve(update())
          .then(function () {
            return request(path("/init"), { key: key, client_secret: secret });
          })
          .then(function (answer) {
            if (answer.error) return failure(answer.error);
            learn(answer.session);
            return succeeded();
          });
      },
    };

    var elements = {
      on: function (type, handler) {
        events.on(type, handler);
      },
      off: function (type, handler) {
        events.off(type, handler);
      },
      createPaymentElement: function (paymentOptions) {
        if (payment)
          throw IntegrationError(
            "Can only create one Payment Element. Use getPaymentElement() to get it, or destroy() it first.",
          );
        payment = PaymentElement(appearance, paymentOptions || {}, function () {
          payment = null;
          changed();
        });
        payment.element.on("change", changed);
        load().then(
          function () {
            learn(raw);
          },
          function (error) {
            if (payment) payment.failed({ message: error.message });
          },
        );
        return payment.element;
      },
      getPaymentElement: function () {
        return payment && payment.element;
      },
      changeAppearance: function (value) {
        appearance = value || {};
        if (payment) payment.facts({ appearance: appearance });
      },
      loadFonts: function () {},
    };
    ["ShippingAddress", "BillingAddress", "ExpressCheckout", "CurrencySelector", "TaxId"].forEach(function (name) {
      elements["create" + name + "Element"] = function () {
        throw IntegrationError("The Stripe simulator does not simulate create" + name + "Element().");
      };
    });
    return { load: load, actions: actions, elements: elements };
  }

  function Stripe(key) {
    if (typeof key !== "string" || !key)
      throw IntegrationError("Missing value for Stripe(): apiKey should be a string.");
    if (/^(pk|sk|rk)_live_/.test(key))
      throw IntegrationError(
        "This is simulated Stripe.js and takes no live keys: use a key that starts with pk_test_.",
      );
    if (/^(sk|rk)_/.test(key))
      throw IntegrationError(
        "You should not use your secret key with Stripe.js. Please pass a publishable key instead.",
      );
    if (key.indexOf("pk_test_") !== 0)
      throw IntegrationError("Invalid API key: a publishable test key starts with pk_test_.");
    return {
      initCheckoutElementsSdk: function (options) {
        var checkout = Checkout(key, options);
        return Object.assign(checkout.elements, {
          loadActions: function () {
            return checkout.load().then(
              function () {
                return { type: "success", actions: checkout.actions };
              },
              function (error) {
                return { type: "error", error: { message: error.message, code: error.code || null } };
              },
            );
          },
        });
      },
      initCheckout: function (options) {
        var given = Object.assign({}, options);
        if (!given.clientSecret && given.fetchClientSecret) given.clientSecret = given.fetchClientSecret();
        var checkout = Checkout(key, given);
        return checkout.load().then(function () {
          return Object.assign(checkout.elements, checkout.actions, { session: checkout.actions.getSession });
        });
      },
      registerAppInfo: function () {},
    };
  }
  Stripe.version = "simulator";

  window.Stripe = Stripe;
})();
