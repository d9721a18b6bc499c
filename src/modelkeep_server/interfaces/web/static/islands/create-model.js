/* Create model: chips over the plain inputs, counts, naming advice, and the same thing as JSON, in step both ways. */
import { adviseName } from "./lib/naming.js";
import { makeChips } from "./lib/chips.js";
import { countCharacters } from "./lib/counter.js";

const form = document.getElementById("create-model");
const pane = document.querySelector("[data-json-pane]");
const text = pane.querySelector("textarea");
const says = pane.querySelector("[data-json-says]");
const copyButton = pane.querySelector("[data-copy]");
const PAUSE_MS = 400;
let asking;
let judged = "";
const plainHint = says.innerHTML;
const LISTS = ["owners", "tags"];
const ALWAYS = ["name", "group", "description", "owners", "riskTier", "tags"];
const OPTIONAL = ["documentationUrl", "repositoryUrl", "riskRationale"];
const CHOICES = ["visibility", "origin"];
const KNOWN = [...ALWAYS, ...OPTIONAL, ...CHOICES];

const JUDGES = { owners: { fits: (entry) => /^[^@\s]+@[^@\s]+\.[^@\s.]+$/.test(entry), unfit: "not an e-mail address; write name@company.com." } };
const chips = Object.fromEntries(LISTS.map((name) => [name, makeChips(form.elements[name], JUDGES[name])]));
const valueOf = (name) => (LISTS.includes(name) ? chips[name].entries() : form.elements[name]?.value ?? "");

function toJson() {
  const body = {};
  for (const name of ALWAYS) body[name] = valueOf(name);
  for (const name of OPTIONAL) if (valueOf(name)) body[name] = valueOf(name);
  for (const name of CHOICES) if (valueOf(name) !== "INTERNAL") body[name] = valueOf(name);
  return JSON.stringify(body, null, 2);
}

function say(words, bad) {
  says.textContent = words;
  says.classList.toggle("err", Boolean(bad));
  if (!words) says.innerHTML = plainHint;
}

function fill(body) {
  for (const name of KNOWN) {
    if (!(name in body)) continue;
    if (LISTS.includes(name)) chips[name].set(Array.isArray(body[name]) ? body[name].map(String) : []);
    else form.elements[name].value = String(body[name] ?? "");
  }
  if (body.riskRationale) form.elements.riskRationale.closest("details").open = true;
  form.elements.description.dispatchEvent(new Event("input", { bubbles: false }));
  advise();
}

function fromJson() {
  copyButton.dataset.copy = text.value;
  let body;
  try { body = JSON.parse(text.value); } catch (error) { return say(`Not JSON yet: ${error.message}`, true); }
  if (body === null || typeof body !== "object" || Array.isArray(body)) return say("This must be a JSON object.", true);
  const unknown = Object.keys(body).filter((key) => !KNOWN.includes(key));
  fill(body);
  return unknown.length ? say(`The form has no field for: ${unknown.join(", ")}.`, true) : say("The form follows.", false);
}

const nameTyped = () => `${form.elements.group.value}/${form.elements.name.value}`;

function advise() {
  if (nameTyped() === judged) return;
  judged = nameTyped();
  document.querySelector("[data-advice]").textContent = adviseName(form.elements.name.value) ?? "";
  clearTimeout(asking);
  asking = setTimeout(lookUp, PAUSE_MS);
}

/** Says that a name is taken before the form is sent; what this person may not see, only the server can tell. */
async function lookUp() {
  const [group, name] = ["group", "name"].map((field) => form.elements[field].value.trim());
  if (!group || !name) return;
  const answer = await fetch(`/api/v1/models?${new URLSearchParams({ group, q: name, limit: "100" })}`).catch(() => null);
  const found = answer?.ok ? (await answer.json()).items : [];
  const same = (one, other) => one.toLowerCase() === other.toLowerCase();
  if (!found.some((model) => same(model.name, name) && same(model.group, group))) return;
  document.querySelector("[data-advice]").textContent = `${group} already has ${name}. Choose another name, or add a version to it.`;
}

form.addEventListener("input", () => {
  text.value = toJson();
  copyButton.dataset.copy = text.value;
  say("", false);
  advise();
});
text.addEventListener("input", fromJson);
copyButton.dataset.copy = text.value;
document.getElementById("as-json-hint").insertAdjacentText("beforeend", " Paste here to fill the form.");
countCharacters(form);
// A name that the server has just judged is not judged again until it changes.
if (form.elements.name.getAttribute("aria-invalid")) judged = nameTyped();
advise();
