// The Address Element in its frame.
import { AddressFields } from "./address_fields.js";
import { startElement, stateSender } from "./element_frame.js";
import { start } from "./frame.js";

const mode = start.get("mode");
const send = stateSender();
const fields = new AddressFields(document.querySelector(".address"), () => sendState());
let isFilled = false;

function sendState() {
  send({ complete: fields.isComplete, empty: fields.isEmpty, value: fields.value });
}

function takeFacts({ options, collection }) {
  if (options) {
    const phone = options.fields?.phone === "always" ? "always" : "never";
    const name = options.fields?.name === "never" ? "never" : (options.display?.name ?? "full");
    fields.show({ name, phone });
    if (options.allowedCountries) fields.limitCountries(options.allowedCountries);
    const known = options.defaultValues ?? options.contacts?.[0];
    if (known && !isFilled) fields.fill(known);
    isFilled ||= Boolean(known);
  }
  if (collection?.shipping && mode === "shipping") fields.limitCountries(collection.shipping);
  sendState();
}

startElement({
  takeFacts,
  ask: { validate: () => ({ error: fields.showErrors() }) },
  clear: () => fields.clear(),
});
