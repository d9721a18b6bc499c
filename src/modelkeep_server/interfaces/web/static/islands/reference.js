/* The filter of the API reference: routes and their entries in the list without the words typed are hidden. */
import { announce } from "./lib/announce.js";

const field = document.querySelector("[data-ref-filter]");
const input = field?.querySelector("input");
const routes = [...document.querySelectorAll("[data-ref-route]")];
const begin = document.querySelector("[data-ref-begin]");
const none = document.querySelector("[data-ref-none]");
const WAIT_MS = 600;
let telling = 0;

function filter() {
  const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
  let found = 0;
  for (const route of routes) {
    const text = route.dataset.refRoute.toLowerCase();
    route.hidden = !words.every((word) => text.includes(word));
    document.querySelector(`[data-ref-for="${route.id}"]`).hidden = route.hidden;
    if (!route.hidden) found += 1;
  }
  for (const noun of document.querySelectorAll("[data-ref-noun]")) {
    noun.hidden = !noun.querySelector("[data-ref-route]:not([hidden]), [data-ref-for]:not([hidden])");
  }
  begin.hidden = words.length > 0;
  none.hidden = found > 0;
  clearTimeout(telling);
  if (words.length) telling = setTimeout(() => announce(`${found} routes`), WAIT_MS);
}

if (input) {
  field.hidden = false;
  input.addEventListener("input", filter);
  input.addEventListener("keydown", (event) => { if (event.key === "Escape") { input.value = ""; filter(); } });
  // A link to a route that the filter hides shows it again.
  addEventListener("hashchange", () => {
    const wanted = document.getElementById(location.hash.slice(1));
    if (!wanted?.closest("[hidden]")) return;
    input.value = "";
    filter();
    wanted.scrollIntoView();
  });
}
