// Where the simulator is, and how it is asked.

const script = document.currentScript || document.querySelector('script[src*="/stripe.js"], script[src*="/v3"]');

export const BASE = script.src.replace(/[?#].*$/, "").replace(/\/(?:v3\/?|[^/]+\/stripe\.js)$/, "");
export const ORIGIN = new URL(BASE).origin;

// Returns an object as the parameters of a form: {address: {city}} becomes {"address[city]": city}. What is absent stays
// absent, and so does what is empty within an object.
export function formValues(values, path = "") {
  const parameters = {};
  for (const [name, value] of Object.entries(values)) {
    if (value === undefined || value === null || (path && value === "")) continue;
    const inner = path ? `${path}[${name}]` : name;
    if (typeof value === "object") Object.assign(parameters, formValues(value, inner));
    else parameters[inner] = String(value);
  }
  return parameters;
}

// Returns what the simulator answers, or an object with an `error` when it cannot be reached.
export async function post(path, values) {
  let response;
  try {
    const body = new URLSearchParams(formValues(values));
    response = await fetch(BASE + path, { method: "POST", body, credentials: "omit" });
  } catch {
    return { error: { type: "api_connection_error", message: "Stripe could not be reached. Please try again." } };
  }
  return response.json();
}
