/* Create version: character counts, and JSON fields that say what is wrong and where while one types. */
import { countCharacters } from "./lib/counter.js";
import { followGaps } from "./lib/gaps.js";

const NOTE_CLASS = "json-says hint";

function place(error, text) {
  const at = /position (\d+)/.exec(error.message);
  if (!at) return error.message;
  const before = text.slice(0, Number(at[1])).split("\n");
  return `Not JSON yet: line ${before.length}, column ${before.at(-1).length + 1}.`;
}

function judge(area) {
  const text = area.value.trim();
  if (!text) return "";
  try {
    const value = JSON.parse(text);
    if (value === null || typeof value !== "object" || Array.isArray(value)) return "This must be a JSON object: { … }.";
    return area.dataset.json === "schema" && !("type" in value || "properties" in value || "$ref" in value)
      ? "JSON, but it says neither type nor properties." : "";
  } catch (error) {
    return place(error, area.value);
  }
}

for (const area of document.querySelectorAll("textarea[data-json]")) {
  const says = Object.assign(document.createElement("p"), { className: NOTE_CLASS });
  says.setAttribute("role", "status");
  area.after(says);
  area.addEventListener("input", () => { says.textContent = judge(area); });
  area.addEventListener("blur", () => {
    if (area.value.trim() && !judge(area)) area.value = JSON.stringify(JSON.parse(area.value), null, 2);
  });
}
countCharacters(document);
const form = document.querySelector("[data-gap]") && document.querySelector('[name="commitSha"]')?.form;
if (form) followGaps(form);
