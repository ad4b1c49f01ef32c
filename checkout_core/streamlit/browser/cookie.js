// Writes a cookie when its value is another than the last one written here: to read cookies stops the whole page.
const last = new Map();

export default function ({ data }) {
  const { name, value, days } = data;
  if (last.get(name) === value) return;
  last.set(name, value);
  const secure = window.location.protocol === "https:" ? "; Secure" : "";
  const lasts = days ? `; Max-Age=${days * 86400}` : "";
  document.cookie = `${name}=${value}; Path=/${lasts}; SameSite=Lax${secure}`;
}
