/* Menus are <details>; this closes them on Escape, on a click outside, and when another one opens. */
const menus = [...document.querySelectorAll("details[data-pop]")];

function close(menu, focus) {
  if (!menu.open) return;
  menu.open = false;
  if (focus) menu.querySelector("summary").focus();
}

for (const menu of menus) {
  menu.addEventListener("toggle", () => {
    if (menu.open) menus.forEach((other) => other !== menu && close(other, false));
  });
  menu.addEventListener("focusout", (event) => {
    if (event.relatedTarget && !menu.contains(event.relatedTarget)) close(menu, false);
  });
}
addEventListener("click", (event) => menus.forEach((menu) => menu.contains(event.target) || close(menu, false)));
addEventListener("keydown", (event) => { if (event.key === "Escape") menus.forEach((menu) => close(menu, true)); });

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
