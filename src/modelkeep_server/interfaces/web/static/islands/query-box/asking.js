/* Asks the registry what may come next. A later question cancels the one before, so that no answer comes too late; while
   there is no network, or the registry says no, there is simply nothing to offer. */
const ADDRESS = "/api/v1/models/completions";
const WAIT_MS = 110;
const REMEMBERED = 60;

export function makeAsking() {
  const answers = new Map();
  let timer = 0;
  let running = null;
  let restUntil = 0;

  function cancel() {
    clearTimeout(timer);
    running?.abort();
    running = null;
  }

  async function fetchOffers(query, at) {
    running = new AbortController();
    const { signal } = running;
    const answer = await fetch(`${ADDRESS}?${new URLSearchParams({ q: query, at })}`, { signal, headers: { Accept: "application/json" } });
    if (!answer.ok) {
      restUntil = Date.now() + 1000 * (Number(answer.headers.get("Retry-After")) || 1);
      return [];
    }
    const { items } = await answer.json();
    answers.set(`${at} ${query}`, items);
    if (answers.size > REMEMBERED) answers.delete(answers.keys().next().value);
    return signal.aborted ? null : items;
  }

  /* `tell` gets the offers; it is not called where a later question came between. */
  function ask(query, at, tell, wait = WAIT_MS) {
    cancel();
    const known = answers.get(`${at} ${query}`);
    if (known) { tell(known); return; }
    if (!navigator.onLine || Date.now() < restUntil) { tell([]); return; }
    timer = setTimeout(async () => {
      try {
        const items = await fetchOffers(query, at);
        if (items) tell(items);
      } catch (error) {
        if (error.name !== "AbortError") tell([]);
      }
    }, wait);
  }

  return { ask, cancel };
}
