// Writes a cookie when its value is another than the last one written here: to read cookies stops the whole page.
const last = new Map();

export default function ({ data }) {
  const { name, value } = data;
  if (last.get(name) === value) return;
  last.set(name, value);
  const secure = window.location.protocol === "https:" ? "; Secure" : "";
  document.cookie = `${name}=${value}; Path=/; Max-Age=2592000; SameSite=Lax${secure}`;
}
