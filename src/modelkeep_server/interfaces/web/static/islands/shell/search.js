/* The search boxes: completion and recent searches are loaded once somebody goes into one. */
const seen = new WeakSet();

document.addEventListener("focusin", async ({ target }) => {
  const box = target.closest?.("[data-query-box]");
  if (!box || seen.has(box) || !target.matches("input")) return;
  seen.add(box);
  const before = target.value;
  const { openBox } = await import("../query-box/box.js");
  openBox(box, target, before);
});
