/* Keys: "/" to the search, "?" the list, "g" then a letter to a page. Silent while one types, or with a modifier. */
const GO = { d: "/", m: "/models", r: "/reviews", l: "/lineage", a: "/audit", n: "/models/new", h: "/help" };
const WAIT_MS = 1200;
const list = document.getElementById("shortcuts");
let waiting = 0;

const typing = (target) => target.closest?.("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]");

function focusSearch() {
  const shown = [...document.querySelectorAll("[data-search]")].filter((input) => input.offsetParent !== null);
  const input = shown.at(-1);
  input?.focus();
  input?.select();
}

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && event.target.matches?.("[data-search]")) event.target.blur();
  if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target) || list?.open) return;
  if (Date.now() < waiting && GO[event.key]) {
    event.preventDefault();
    waiting = 0;
    location.assign(GO[event.key]);
    return;
  }
  waiting = event.key === "g" ? Date.now() + WAIT_MS : 0;
  if (event.key === "/") { event.preventDefault(); focusSearch(); }
  if (event.key === "?" && list) { event.preventDefault(); list.showModal(); }
});

for (const button of document.querySelectorAll("[data-shortcuts]")) {
  button.hidden = false;
  button.addEventListener("click", () => list?.showModal());
}
list?.addEventListener("click", (event) => { if (event.target === list) list.close(); });
