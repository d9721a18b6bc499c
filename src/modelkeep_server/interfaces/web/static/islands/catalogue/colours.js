/* The coloured layer above the query: the same text in the same place, drawn anew with every key. It gives way to the
   plain text wherever it could drift from it: while text is composed, and in scripts that run from right to left. */
const box = document.querySelector(".q-box");
const input = box?.querySelector("input");
const layer = box?.querySelector("[data-query-colours]");
const PIECE = /("(?:[^"\\]|\\.)*"?)|((?:AND|OR|NOT|TO)(?=[\s()]|$)|&&|\|\||[()])|([-!+](?=[^\s]))|([A-Za-z][\w-]*:(?!\/\/)(?:[<>]=?)?)|([[{][^\]}]*[\]}]?)|([^\s()"]+)|(\s+)/gy;
const KINDS = ["phrase", "operator", "minus", "name", "value", "value", "blank"];
const RIGHT_TO_LEFT = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\u200e\u200f\u202a-\u202e\u2066-\u2069]/;

/** The pieces of a query, each with its kind: what the server draws, without asking it. A sign counts where a term begins. */
function* pieces(text) {
  PIECE.lastIndex = 0;
  for (let found; (found = PIECE.exec(text));) {
    const at = found.index;
    let kind = KINDS[found.slice(1).findIndex((part) => part !== undefined)];
    if (kind === "minus" && at > 0 && !/[\s(]/.test(text[at - 1])) kind = "value";
    yield [found[0], kind];
  }
}

/** Draw the layer of what stands in the box; `wrong` is where the server found the query at fault, as [position, length]. */
export function paint(wrong = null) {
  if (!layer) return;
  const text = input.value;
  const spans = [];
  let at = 0;
  for (const [words, kind] of pieces(text)) {
    const span = Object.assign(document.createElement("span"), { textContent: words, className: `q-${kind}` });
    const length = [...words].length; // the server counts an emoji as one character
    if (wrong && at < wrong[0] + wrong[1] && wrong[0] < at + length) span.classList.add("q-wrong");
    spans.push(span);
    at += length;
  }
  layer.replaceChildren(...spans);
  if (layer.textContent !== text) layer.textContent = text;
  box.classList.toggle("q-plain", RIGHT_TO_LEFT.test(text) || box.classList.contains("q-composing"));
  const clear = box.querySelector("[data-query-clear]");
  if (clear) clear.hidden = !text;
  follow();
}

/** Where the box is scrolled, the layer is; where they are not of one width, the layer steps back. */
function follow() {
  layer.scrollLeft = input.scrollLeft;
  if (Math.abs(layer.scrollLeft - input.scrollLeft) > 1) box.classList.add("q-plain");
}

if (layer) {
  input.addEventListener("input", () => paint());
  for (const kind of ["scroll", "keydown", "keyup", "pointerup", "select", "focus", "blur"]) {
    input.addEventListener(kind, () => requestAnimationFrame(follow));
  }
  document.addEventListener("selectionchange", () => document.activeElement === input && requestAnimationFrame(follow));
  input.addEventListener("compositionstart", () => box.classList.add("q-composing", "q-plain"));
  input.addEventListener("compositionend", () => { box.classList.remove("q-composing"); paint(); });
  box.addEventListener("pointerdown", ({ target }) => { if (target === box) setTimeout(() => input.focus()); });
  box.classList.add("q-live");
  const fault = document.querySelector(".q-fault");
  paint(fault && [Number(fault.dataset.position), Number(fault.dataset.length)]);
}
