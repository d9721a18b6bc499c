/* The list under a query box: a listbox that is walked from the input (ARIA Authoring Practices, "Combobox with list
   autocomplete"). What opens is drawn here alone; the page works without. */
import { announce } from "../lib/announce.js";

const ICONS = { FIELD: "list-filter", VALUE: "list-filter", OPERATOR: "braces", MODEL: "box", RECENT: "history", PASTED: "search" };
const WORDS = { FIELD: "field", VALUE: "value", OPERATOR: "operator", MODEL: "go to the model", RECENT: "recent search", PASTED: "pasted query" };
let made = 0;

const sprite = () => document.querySelector("use")?.getAttribute("href")?.replace(/#.*/, "") ?? "";

function element(name, className, text) {
  const node = document.createElement(name);
  if (className) node.className = className;
  if (text !== undefined) node.textContent = text;
  return node;
}

function icon(name) {
  const drawn = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  drawn.setAttribute("class", "i i-s");
  drawn.setAttribute("aria-hidden", "true");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `${sprite()}#${name}`);
  drawn.append(use);
  return drawn;
}

export function makeList(box, input, { choose, forget }) {
  const id = `offers-${made += 1}`;
  const pop = element("div", "offers-pop");
  const list = element("ul");
  const foot = element("div", "offers-foot");
  const hint = element("span");
  const clear = element("button", "link", "Clear recent searches");
  list.id = id;
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", "Suggestions");
  Object.assign(clear, { type: "button", hidden: true });
  foot.append(hint, clear);
  pop.append(list, foot);
  pop.hidden = true;
  box.append(pop);
  for (const [name, value] of Object.entries({ role: "combobox", "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": id })) input.setAttribute(name, value);

  let offers = [];
  let at = -1;

  function mark(place) {
    list.children[at]?.setAttribute("aria-selected", "false");
    at = place;
    const marked = list.children[at];
    if (!marked) { input.removeAttribute("aria-activedescendant"); return; }
    marked.setAttribute("aria-selected", "true");
    marked.scrollIntoView({ block: "nearest" });
    input.setAttribute("aria-activedescendant", marked.id);
  }

  /* What Tab takes: a part of a query, the first that there is. */
  const first = () => offers.find(({ kind }) => ["FIELD", "VALUE", "OPERATOR"].includes(kind));

  function draw(offer, place) {
    const item = element("li");
    item.id = `${id}-${place}`;
    item.setAttribute("role", "option");
    item.setAttribute("aria-selected", "false");
    const says = element("span", "offer-says", offer.says);
    item.append(icon(ICONS[offer.kind]), element("span", offer.kind === "MODEL" ? "offer-model" : "offer-text", offer.label), says);
    if (offer.kind === "MODEL") item.append(element("span", "offer-kind", "Go to"));
    item.append(element("span", "sr-only", `, ${WORDS[offer.kind]}`));
    return item;
  }

  function show(found) {
    offers = found;
    at = -1;
    input.removeAttribute("aria-activedescendant");
    list.replaceChildren(...offers.map(draw));
    pop.hidden = !offers.length;
    input.setAttribute("aria-expanded", String(!pop.hidden));
    clear.hidden = !offers.some((offer) => offer.kind === "RECENT");
    hint.textContent = offers[0]?.kind === "PASTED" ? `You pasted ${offers.length} queries; choose one` : input.value && first() ? `Tab takes ${first().label}` : "";
    foot.hidden = clear.hidden && !hint.textContent;
    if (offers.length) announce(`${offers.length} ${offers.length === 1 ? "suggestion" : "suggestions"}, arrow down to choose`);
  }

  // The input keeps the focus, so that what is typed and where the caret stands stays.
  pop.addEventListener("mousedown", (event) => event.preventDefault());
  list.addEventListener("click", (event) => {
    const place = [...list.children].indexOf(event.target.closest("li"));
    if (place >= 0) choose(offers[place]);
  });
  clear.addEventListener("click", () => { forget(); announce("Recent searches cleared"); });
  clear.addEventListener("keydown", ({ key }) => { if (key === "Escape") input.focus(); });

  return {
    show,
    close: () => show([]),
    holds: (node) => pop.contains(node),
    isOpen: () => !pop.hidden,
    marked: () => offers[at],
    first,
    rest: () => mark(-1),
    // Round in a ring in which the input itself has a place too.
    step(by) {
      const places = offers.length + 1;
      mark(((at + 1 + by + places) % places) - 1);
    },
  };
}
