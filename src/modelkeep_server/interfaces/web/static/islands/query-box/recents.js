/* The last searches of one person in this browser, newest first. They stay in it: the registry is told none of them, and
   whoever else signs in here has others. A browser that keeps nothing has none. */
const KEPT = 10;
const LONGEST = 1000;

function keyOf() {
  const person = document.querySelector("[data-person]")?.dataset.person;
  return person ? `searches.${person}` : null;
}

export function readRecents() {
  const key = keyOf();
  if (!key) return [];
  try {
    const kept = JSON.parse(localStorage.getItem(key) ?? "[]");
    return Array.isArray(kept) ? kept.filter((query) => typeof query === "string" && query).slice(0, KEPT) : [];
  } catch { return []; }
}

export function keepRecent(typed) {
  const key = keyOf();
  const query = typed.trim();
  if (!key || !query || query.length > LONGEST) return;
  const kept = [query, ...readRecents().filter((one) => one !== query)].slice(0, KEPT);
  try { localStorage.setItem(key, JSON.stringify(kept)); } catch { /* it is full, or keeps nothing */ }
}

export function forgetRecents() {
  try { localStorage.removeItem(keyOf()); } catch { /* nothing is kept */ }
}
