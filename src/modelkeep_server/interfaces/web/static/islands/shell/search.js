/* The search boxes: what was searched for is kept for next time, and completion is loaded once somebody goes into one. */
import { keepRecent } from "../query-box/recents.js";

const BOX = "[data-query-box]";
const opened = new WeakMap();

/* The box around an input, once completion is loaded; null for any other input. */
function open(input) {
  const box = input.matches?.("input") ? input.closest(BOX) : null;
  if (!box) return null;
  if (!opened.has(box)) {
    const before = input.value;
    opened.set(box, import("../query-box/box.js").then(({ openBox }) => openBox(box, input, before)));
  }
  return opened.get(box);
}

document.addEventListener("focusin", ({ target }) => { open(target); });
// Whoever was there first has gone in already.
if (document.activeElement) open(document.activeElement);

/* Several lines are examples, or one query in pieces: the box knows, also where it is still being loaded. */
document.addEventListener("paste", async (event) => {
  const box = open(event.target);
  const pasted = event.clipboardData?.getData("text/plain") ?? "";
  if (!box || !/[\r\n]\s*\S/.test(pasted)) return;
  event.preventDefault();
  (await box).paste(pasted);
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
