/* The row of one file in the upload panel: what it shows in each state. */
import { announce } from "../lib/announce.js";
import { size, span } from "../lib/format.js";

const TOKENIZER = /(^|\/)(tokenizer|vocab|merges|special_tokens|added_tokens|spiece|sentencepiece)[^/]*$|(^|\/)tokenizer\/|\.(model|bpe|spm)$/i;
const TYPES = [
  ["TOKENIZER", TOKENIZER],
  ["CONTAINER", /\.(tar|sif|oci)$|(^|\/)image[^/]*\.(tar\.gz|tgz)$/i],
  ["CONFIG", /\.(json|ya?ml|toml|ini|cfg|txt|md)$|(^|\/)MLmodel$/i],
];
const MARKS = { done: "circle-check", held: "shield-x", failed: "circle-x", left: "history", paused: "pause", offline: "wifi-off" };
const BUTTONS = { pause: ["sending", "offline"], resume: ["paused"] };
const FIXED = new Set(["comparing", "sending", "offline", "paused", "checking", "done", "held", "left"]);

/** The verdict's words; `kind` colours it. None says that a file does no harm. */
const VERDICTS = {
  CLEAN_DATA: "Data only", CODE_ALLOWLISTED: "Listed code", UNKNOWN: "Not judged", BLOCKED: "Blocked",
  PENDING: "Being looked through",
};

/** An empty file is plain text, such as `__init__.py`. */
function guessType(path, total) {
  return TYPES.find(([, pattern]) => pattern.test(path))?.[0] ?? (total ? "WEIGHTS" : "CONFIG");
}

export function makeRow(template, path, total, acts) {
  const row = template.content.firstElementChild.cloneNode(true);
  const part = (name) => row.querySelector(`[data-${name}]`);
  const say = (name, words) => { part(name).textContent = words; };
  const percent = (done) => (total ? (100 * done) / total : 0);
  const facts = (done = "", speed = "", left = "") => { say("done", done); say("speed", speed); say("left", left); };
  say("name", path);
  part("type").value = guessType(path, total);
  part("type").addEventListener("change", () => {
    part("guessed").hidden = true;
    // A file that was refused as one type may be taken as another.
    if (row.dataset.state === "failed") part("retry").hidden = false;
  });
  part("progress").setAttribute("aria-label", `Progress of ${path}`);
  for (const [name, act] of Object.entries(acts)) {
    part(name).addEventListener("click", act);
    if (part(name).hasAttribute("aria-label")) part(name).setAttribute("aria-label", `${part(name).getAttribute("aria-label")} ${path}`);
  }

  function show(state) {
    const held = document.activeElement;
    row.dataset.state = state;
    const mark = row.querySelector(".up-icon use");
    mark.setAttribute("href", mark.getAttribute("href").replace(/#.*/, `#${MARKS[state] ?? "file"}`));
    for (const [name, states] of Object.entries(BUTTONS)) part(name).hidden = !states.includes(state);
    part("retry").hidden = part("error").hidden = part("more").hidden = true;
    part("note").hidden = true;
    part("chip").hidden = state !== "done" && state !== "held";
    part("type").disabled = FIXED.has(state);
    if (FIXED.has(state)) part("guessed").hidden = true;
    part("discard").hidden = state !== "left";
    part("cancel").hidden = state === "left" || state === "checking";
    // A pressed button that went away gives its focus to the one that took its place.
    if (held && row.contains(held) && held.hidden) row.querySelector(".up-acts button:not([hidden])")?.focus();
  }

  return {
    element: row, part, show,
    type: () => part("type").value,
    setType(type) { part("type").value = type; },
    wait() { show("waiting"); part("progress").value = 0; facts(size(total), "", "waiting"); },
    compare() { show("comparing"); facts(size(total), "", "comparing with what was sent"); },
    move(done, { speed, left }) {
      part("progress").value = percent(done);
      facts(`${size(done)} of ${size(total)}`, Number.isFinite(speed) ? `${size(Math.round(speed))}/s` : "",
        Number.isFinite(left) ? `${span(left)} left` : "");
    },
    pause(done) { show("paused"); facts(`${size(done)} of ${size(total)}`, "", "paused"); },
    lost(done) { show("offline"); facts(`${size(done)} of ${size(total)}`, "", "waiting for the connection"); },
    check() { show("checking"); part("progress").value = 100; facts(size(total), "", "looking through the file…"); },
    left(upload) {
      show("left");
      part("type").value = upload.type;
      part("progress").value = percent(upload.offsetBytes);
      facts(`${size(upload.offsetBytes)} of ${size(upload.sizeBytes)}`, "", "not finished");
      part("note").hidden = false;
    },
    finish(artifact, sha256) {
      show(artifact.status === "QUARANTINED" ? "held" : "done");
      part("progress").value = 100;
      facts(size(total), `SHA-256 ${sha256.slice(0, 4)}…${sha256.slice(-4)} verified`, "stored");
      part("speed").title = `The registry has ${sha256}, as computed in this browser.`;
      const word = VERDICTS[artifact.scan?.verdict ?? "PENDING"];
      Object.assign(part("chip"), { textContent: word, className: `up-chip v v-${artifact.status === "QUARANTINED" ? "bad" : "none"}` });
      const finding = artifact.scan?.findings?.[0]?.detail;
      if (artifact.status === "QUARANTINED") { part("error").hidden = false; say("error", finding ?? "It is withheld."); }
      announce(`${path} is stored and verified: ${word}`);
    },
    fail(words, mayRetry) {
      show("failed");
      const [wrong, more = ""] = words.split("\n");
      part("error").hidden = false;
      say("error", wrong);
      part("more").hidden = !more;
      say("more-words", more);
      facts(size(total));
      part("retry").hidden = !mayRetry;
      announce(`${path}: ${wrong}`);
    },
  };
}
