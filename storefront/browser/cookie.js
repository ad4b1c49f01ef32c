// Writes one cookie, and only when it changed.
export default function ({ data }) {
  const { name, value } = data;
  const written = `${name}=${value}`;
  if (document.cookie.split("; ").includes(written)) return;
  const secure = window.location.protocol === "https:" ? "; Secure" : "";
  document.cookie = `${written}; Path=/; Max-Age=2592000; SameSite=Lax${secure}`;
}
