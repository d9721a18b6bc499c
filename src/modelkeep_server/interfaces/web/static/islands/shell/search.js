/* The search boxes: what was searched for is kept for next time, and completion is loaded once somebody goes into one. */
import { keepRecent } from "../query-box/recents.js";

const BOX = "[data-query-box]";
const seen = new WeakSet();

document.addEventListener("focusin", async ({ target }) => {
  const box = target.closest?.(BOX);
  if (!box || seen.has(box) || !target.matches("input")) return;
  seen.add(box);
  const before = target.value;
  const { openBox } = await import("../query-box/box.js");
  openBox(box, target, before);
});

/* Heard before the form is sent, and also where somebody types, sees the rows change, and goes on to them. */
document.addEventListener("change", ({ target }) => {
  if (target.closest?.(BOX) && target.name === "q") keepRecent(target.value);
});

/* What an offer put in is told by no change. The blank that it left for what comes next is no part of the query. */
document.addEventListener("submit", ({ target }) => {
  const input = target.elements?.namedItem("q");
  if (!input?.closest?.(BOX)) return;
  input.value = input.value.trim();
  keepRecent(input.value);
}, { capture: true });
