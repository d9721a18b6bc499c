/* A query box that offers what may come next: fields, values, operators, models to go to, and recent searches while it is
   empty. Arrows walk the list, Enter takes what is marked (or searches), Tab takes the first, Escape closes it. */
import { makeAsking } from "./asking.js";
import { makeList } from "./list.js";
import { forgetRecents, keepRecent, readRecents } from "./recents.js";

const FIELDS_BELOW = 5;

/* The queries of a pasted text, each with what the lines above it tell: such a line ends the query before, and so does one
   that fences a block in, which tells nothing. */
function readExamples(text, remark) {
  const found = [];
  let says = "";
  let isOpen = false;
  for (const line of text.split(/[\r\n]+/).filter((one) => one.trim())) {
    const told = remark.exec(line);
    if (told) says = told[1]?.trim() ?? says;
    else if (isOpen) found.at(-1).query += ` ${line.trim()}`;
    else {
      found.push({ query: line.trim(), says });
      says = "";
    }
    isOpen = !told;
  }
  return found;
}

/* What is pasted into it in several lines is given to `paste`. */
export function openBox(box, input, before) {
  const { form } = input;
  const asking = makeAsking();
  const list = makeList(box, input, { choose, forget });
  let shownFor = null;
  let isWanted = false;

  function recents() {
    return readRecents().map((query) => ({ kind: "RECENT", label: query, insert: query, start: 0, end: input.value.length }));
  }

  function offer(wait) {
    if (document.activeElement !== input) return;
    const query = input.value;
    const at = [...query.slice(0, input.selectionStart ?? query.length)].length; // characters, as the server counts
    const kept = query.trim() ? [] : recents();
    if (kept.length) show(kept);
    asking.ask(query, at, (items) => {
      if (document.activeElement !== input || input.value !== query) return;
      show([...kept, ...(kept.length ? items.slice(0, FIELDS_BELOW) : items)]);
      if (isWanted) takeFirst();
    }, wait);
  }

  function show(offers) {
    shownFor = input.value;
    list.show(offers);
  }

  /* Who types fast presses Tab while the list is still that of fewer letters: it takes the first of the next. */
  function takeFirst() {
    isWanted = input.value !== shownFor;
    if (!isWanted && list.first()) choose(list.first());
  }

  function close() {
    isWanted = false;
    asking.cancel();
    list.close();
  }

  function forget() {
    forgetRecents();
    input.focus();
    offer(0);
  }

  function put(one) {
    const typed = [...input.value];
    const behind = typed.slice(one.end).join("");
    const blank = one.kind === "FIELD" || /^[\s)]/.test(behind) ? "" : " ";
    const text = `${typed.slice(0, one.start).join("")}${one.insert}${blank}`;
    input.value = text + (one.kind === "FIELD" ? behind.replace(/^:/, "") : behind);
    input.setSelectionRange(text.length, text.length);
    input.dispatchEvent(new Event("input", { bubbles: true }));
  }

  function choose(one) {
    close();
    if (one.model) { location.assign(`/models/${one.model.split("/").map(encodeURIComponent).join("/")}`); return; }
    if (one.kind === "RECENT" || one.kind === "PASTED") {
      input.value = one.insert;
      keepRecent(one.insert);
      input.dispatchEvent(new Event("input", { bubbles: true }));
      form?.requestSubmit();
      return;
    }
    put(one);
    if (one.kind === "VALUE") close();
  }

  /* Examples are pasted with the line that tells of them; in a box of one line it would be taken for words. Of several,
     one is chosen. */
  function paste(pasted) {
    const examples = readExamples(pasted, new RegExp(box.dataset.remark));
    if (examples.length > 1) {
      asking.cancel();
      show(examples.map(({ query, says }) => ({ kind: "PASTED", label: query, insert: query, says })));
      list.step(1);
      return;
    }
    const text = examples.length ? examples[0].query : pasted.replace(/[\r\n]+/g, " ").trim();
    input.setRangeText(text, input.selectionStart, input.selectionEnd, "end");
    input.dispatchEvent(new Event("input", { bubbles: true }));
  }

  input.addEventListener("input", (event) => {
    isWanted = false;
    list.rest();
    if (!event.isComposing) offer();
  });
  input.addEventListener("focus", () => { if (!input.value) offer(0); });
  // What stands below the list is reached by Tab.
  box.addEventListener("focusout", ({ relatedTarget }) => { if (relatedTarget !== input && !list.holds(relatedTarget)) close(); });
  input.addEventListener("click", () => { if (!list.isOpen()) offer(0); });
  form?.addEventListener("submit", close);

  input.addEventListener("keydown", (event) => {
    if (event.isComposing || event.ctrlKey || event.metaKey) return;
    const { key } = event;
    if (key === "ArrowDown" || key === "ArrowUp") {
      event.preventDefault();
      if (list.isOpen()) list.step(key === "ArrowDown" ? 1 : -1);
      else offer(0);
    } else if (key === "Enter" && list.marked()) {
      event.preventDefault();
      choose(list.marked());
    } else if (key === "Tab" && !event.shiftKey && list.isOpen() && input.value && (list.first() || shownFor !== input.value)) {
      event.preventDefault();
      if (list.marked()) choose(list.marked());
      else takeFirst();
    } else if (key === "Escape" && list.isOpen()) {
      event.preventDefault();
      event.stopPropagation();
      close();
    }
  });
  // Whoever types at once is ahead of this.
  if (!input.value || input.value !== before) offer(0);
  return { paste };
}
