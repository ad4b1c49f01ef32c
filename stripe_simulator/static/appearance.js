// The looks that a shop chooses for its elements: https://docs.stripe.com/elements/appearance-api.

const VARIABLES = {
  colorPrimary: "--primary",
  colorBackground: "--background",
  colorText: "--text",
  colorDanger: "--danger",
  colorTextSecondary: "--muted",
  colorTextPlaceholder: "--muted",
  borderRadius: "--radius",
  fontFamily: "--font",
  fontSizeBase: "--size",
};
const NIGHT = {
  colorPrimary: "#85d996",
  colorBackground: "#30313d",
  colorText: "#ffffff",
  colorTextSecondary: "#c7c8d1",
};

export function applyAppearance(appearance) {
  const { style } = document.documentElement;
  const isNight = appearance?.theme === "night";
  const values = { ...(isNight && NIGHT), ...appearance?.variables };
  style.setProperty("--scheme", isNight ? "dark" : "light");
  if (isNight) style.setProperty("--border", "#4a4b58");
  for (const [name, property] of Object.entries(VARIABLES)) {
    const value = values[name];
    if (typeof value === "string" && !/[;{}]|url\(/i.test(value)) style.setProperty(property, value);
  }
  if (isNight || !values.colorBackground || !values.colorText) return;
  style.setProperty("--border", "color-mix(in srgb, var(--text) 16%, var(--background))");
  if (!values.colorTextSecondary) {
    style.setProperty("--muted", "color-mix(in srgb, var(--text) 68%, var(--background))");
  }
}
