/* What comes back while one types or presses: what was unfolded stays so, a query half typed leaves the last answer in
   its place, the address follows, and where no answer came it is said in words. */
import { announce } from "../lib/announce.js";
import { paint } from "./colours.js";

const page = document.getElementById("catalogue");
const form = document.getElementById("filters");
const input = document.getElementById("q");
const failed = document.getElementById("unanswered");
let typing = false;
let noted = false;
let last = null;
let pressed = null;
let waiting = null;
let missed = false;

const found = () => document.getElementById("found");
const here = () => location.pathname + location.search;

/** Where the fault of an answer is, as [position, length]. */
function faultOf(root) {
  const fault = root.querySelector(".q-fault");
  return fault && [Number(fault.dataset.position), Number(fault.dataset.length)];
}

/** Say why there is no answer, and offer to ask again. */
function fail(words) {
  failed.querySelector("[data-why]").textContent = words;
  failed.hidden = false;
  waiting = null;
}

/** A query that is only half typed: what is wrong is told gently, and what was found before stays. */
function tellFault(fresh) {
  const fault = faultOf(fresh);
  found().querySelector("#query-says").replaceChildren(...fresh.querySelector("#query-says").childNodes);
  found().classList.add("is-stale");
  // What reaches to the end, or wants nothing but an end, is not typed to its end yet.
  const typed = input.value.trim();
  const { correction } = found().querySelector(".q-fault").dataset;
  found().classList.toggle("is-soft", fault[0] + fault[1] >= typed.length || correction.startsWith(typed));
  paint(found().classList.contains("is-soft") ? null : fault);
  document.querySelector(".q-box").classList.toggle("q-bad", !found().classList.contains("is-soft"));
}

function keepFolds(fresh) {
  for (const fold of found().querySelectorAll("details[id]")) {
    const same = fresh.querySelector(`details[id="${CSS.escape(fold.id)}"]`);
    if (same) same.open = fold.open;
  }
  const filters = fresh.querySelector("#facets");
  if (filters && !found().querySelector("#facets")) filters.open = !matchMedia("(max-width: 47.99rem)").matches;
}

/** The address has the query as it is meant: without the blank that one types before the next word. */
function tidy({ detail }) {
  const { body } = detail.ctx.request;
  const query = body?.get?.("q")?.trim();
  if (query) body.set("q", query);
  else body?.delete?.("q");
}

/** While there is no network the page says so already; the question is asked once it is back. */
function failFor(error) {
  missed = !navigator.onLine;
  if (missed) { waiting = null; return; }
  fail(error?.name === "AbortError" ? "The registry takes too long to answer." : "The registry did not answer; the connection may be gone.");
}

function beforeSwap(event) {
  const { ctx, tasks } = event.detail;
  const fresh = tasks.find((task) => task.type === "main")?.fragment.querySelector("#found");
  failed.hidden = true;
  if (!fresh) return;
  if (typing && ctx.sourceElement === form && "fault" in fresh.dataset && found().querySelector("#results")) {
    event.preventDefault();
    announce(fresh.querySelector(".q-fault p").textContent);
    tellFault(fresh);
    return;
  }
  keepFolds(fresh);
  pressed = ctx.sourceElement === form ? null : document.activeElement;
  last = ctx.sourceElement;
}

function afterSwap() {
  const fresh = found();
  const ofForm = last === form;
  if (!ofForm) input.value = fresh.dataset.query;
  paint(faultOf(fresh));
  document.querySelector(".q-box").classList.toggle("q-bad", "fault" in fresh.dataset);
  announce(fresh.dataset.says);
  const menu = document.getElementById("syntax");
  if (menu?.open && !ofForm) menu.open = false;
  // What was pressed may be gone: the next chip takes its place, or what was found.
  if (pressed && !pressed.isConnected && document.activeElement === document.body) {
    const next = pressed.matches(".chip") && fresh.querySelector("a.chip");
    (next || fresh.querySelector("#results")).focus({ preventScroll: true });
  }
  if (["newer", "older"].includes(pressed?.id)) scrollTo(0, 0);
  setTimeout(pressWaiting);
}

/** While one types, the address is written over: going back leaves the search as a whole. */
function note(event) {
  const { history, sourceElement } = event.detail;
  if (sourceElement === form && typing) {
    if (noted || history.path === here()) history.type = "replace";
    noted = true;
  } else if (history.path === here()) history.type = "replace";
}

/** What is pressed while an answer is under way would be of the query before: it waits, and is pressed in the answer. */
function press(event) {
  typing = false;
  const link = event.target.closest("#found a[id]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey || !page.classList.contains("htmx-request")) return;
  event.preventDefault();
  event.stopPropagation();
  waiting = link.id;
}

/** Facets look like boxes to tick, and chips like buttons: Space presses their links as Enter does. */
function pressBySpace(event) {
  const { target, key } = event;
  if (key !== " " || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey || !target.matches("#facets a[id], a.chip")) return;
  event.preventDefault();
  target.click();
}

function pressWaiting() {
  const link = waiting && document.getElementById(waiting);
  waiting = null;
  link?.click();
}

function beforeResponse(event) {
  const { raw } = event.detail.ctx.response;
  if (raw.status < 429) return;
  event.preventDefault();
  event.stopPropagation();
  fail(raw.status === 429 ? "Too many questions in a short time; wait a moment."
    : raw.status === 503 ? "That takes too long, or the registry is busy; ask for less, or wait a moment."
    : "The registry could not answer.");
}

if (page && form) {
  input.addEventListener("input", () => { typing = true; });
  input.addEventListener("blur", () => { noted = false; });
  form.addEventListener("submit", () => { typing = false; noted = false; }, true);
  page.addEventListener("click", press, true);
  page.addEventListener("keydown", pressBySpace);
  page.addEventListener("htmx:before:swap", beforeSwap);
  page.addEventListener("htmx:after:swap", afterSwap);
  page.addEventListener("htmx:before:response", beforeResponse);
  form.addEventListener("htmx:config:request", tidy);
  page.addEventListener("htmx:error", ({ detail }) => { if (detail.ctx) failFor(detail.error); });
  addEventListener("online", () => { if (missed) form.requestSubmit(); missed = false; });
  document.addEventListener("htmx:before:history:update", note);
  failed.querySelector("[data-again]").addEventListener("click", () => { failed.hidden = true; form.requestSubmit(); });
  page.querySelector("[data-query-clear]").addEventListener("click", (event) => {
    event.preventDefault();
    input.value = "";
    paint();
    input.focus();
    form.requestSubmit();
  });
}
