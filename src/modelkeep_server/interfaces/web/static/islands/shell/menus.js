/* Menus are <details>; this closes them on Escape, on a click outside, and when another one opens. */
const MENU = "details[data-pop]";
const openMenus = () => [...document.querySelectorAll(`${MENU}[open]`)];

function close(menu, focus) {
  menu.open = false;
  if (focus) menu.querySelector("summary").focus();
}

/* Toggle and focusout are heard on the document, so that menus in parts swapped in later close as well. */
document.addEventListener("toggle", ({ target }) => {
  if (target.open && target.matches(MENU)) openMenus().forEach((other) => other.contains(target) || close(other, false));
}, true);
// A press on plain text in a menu gives the focus to what is around the menu.
const isBeside = (menu, place) => !menu.contains(place) && !place.contains(menu);
document.addEventListener("focusout", ({ relatedTarget }) => {
  if (relatedTarget) openMenus().forEach((menu) => isBeside(menu, relatedTarget) && close(menu, false));
});
// The path is that of the moment of the click: what was clicked may be gone from the page by now.
addEventListener("click", (event) => openMenus().forEach((menu) => event.composedPath().includes(menu) || close(menu, false)));
addEventListener("keydown", ({ key }) => { if (key === "Escape") openMenus().reverse().forEach((menu) => close(menu, true)); });

/* Filters fold away on a phone; without a script they stay open. */
const narrow = matchMedia("(max-width: 47.99rem)");
for (const fold of document.querySelectorAll("details[data-fold-phone]")) fold.open = !narrow.matches;

/* A link to a control inside a closed fold opens the fold first. */
function unfold(hash) {
  const target = hash ? document.getElementById(decodeURIComponent(hash.slice(1))) : null;
  const fold = target?.closest("details");
  if (!fold) return;
  fold.open = true;
  target.scrollIntoView({ block: "center" });
  target.focus({ preventScroll: true });
}
addEventListener("hashchange", () => unfold(location.hash));
document.addEventListener("click", (event) => {
  const link = event.target.closest('a[href^="#"]');
  if (link) setTimeout(() => unfold(link.hash));
});
unfold(location.hash);
document.querySelector("[data-focus]")?.focus();

/* On a phone the open tab may stand outside its line. */
document.querySelector(".tabline [aria-current]")?.scrollIntoView({ block: "nearest", inline: "nearest" });
