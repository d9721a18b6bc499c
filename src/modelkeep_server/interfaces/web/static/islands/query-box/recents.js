/* The last searches of one person in this browser, newest first. They stay in it: the registry is told none of them, and
   whoever else signs in here has others. A browser that keeps nothing has none. */
const KEPT = 10;
const LONGEST = 1000;

const keyOf = (person) => `searches.${person}`;

export function readRecents(person) {
  if (!person) return [];
  try {
    const kept = JSON.parse(localStorage.getItem(keyOf(person)) ?? "[]");
    return Array.isArray(kept) ? kept.filter((query) => typeof query === "string" && query).slice(0, KEPT) : [];
  } catch { return []; }
}

export function keepRecent(person, typed) {
  const query = typed.trim();
  if (!person || !query || query.length > LONGEST) return;
  const kept = [query, ...readRecents(person).filter((one) => one !== query)].slice(0, KEPT);
  try { localStorage.setItem(keyOf(person), JSON.stringify(kept)); } catch { /* it is full, or keeps nothing */ }
}

export function forgetRecents(person) {
  try { localStorage.removeItem(keyOf(person)); } catch { /* nothing is kept */ }
}
