/* Theme: as the system, light or dark. Kept in a cookie, so that the server draws the right one without a flash,
   and in localStorage, from which the cookie is renewed and other tabs hear of it. */
const KEY = "theme";
const YEAR_SECONDS = 365 * 24 * 3600;
const root = document.documentElement;

function read() {
  try { return localStorage.getItem(KEY); } catch { return null; }
}

function keep(name) {
  document.cookie = `${KEY}=${name}; Path=/; Max-Age=${YEAR_SECONDS}; SameSite=Lax`;
  try { localStorage.setItem(KEY, name); } catch { /* a browser that keeps nothing still has the cookie */ }
}

function show(name) {
  if (name === "light" || name === "dark") root.dataset.theme = `keep-${name}`;
  else delete root.dataset.theme;
  for (const button of document.querySelectorAll("[data-theme-name]")) {
    button.setAttribute("aria-pressed", String(button.dataset.themeName === name));
  }
}

const kept = read();
if (kept && kept !== (root.dataset.theme?.replace("keep-", "") ?? "system")) { keep(kept); show(kept); }

for (const part of document.querySelectorAll("[data-theme-switch]")) {
  part.hidden = false;
  part.addEventListener("click", (event) => {
    const button = event.target.closest("[data-theme-name]");
    if (!button) return;
    keep(button.dataset.themeName);
    show(button.dataset.themeName);
    part.open = false;
    part.querySelector("summary").focus();
  });
}

addEventListener("storage", (event) => { if (event.key === KEY && event.newValue) show(event.newValue); });
