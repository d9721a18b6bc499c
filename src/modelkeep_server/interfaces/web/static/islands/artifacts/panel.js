/* The upload panel: drag and drop or choose, several at once (two travel, the others wait), each with its type, progress,
   speed, time left, cancel, and, if it fails, the reason and a retry. */
import { announce } from "../lib/announce.js";
import { size, span } from "../lib/format.js";
import { makeMeter, send } from "./transfer.js";

const AT_ONCE = 2;
const MARKS = { waiting: "file", sending: "file", done: "circle-check", failed: "circle-x" };
const TOKENIZER = /(^|\/)(tokenizer|vocab|merges|special_tokens|added_tokens|spiece|sentencepiece)[^/]*$|\/?tokenizer\/|\.(model|bpe|spm)$/i;
const TYPES = [
  ["TOKENIZER", TOKENIZER],
  ["CONTAINER", /\.(tar|tar\.gz|tgz|sif|oci)$/i],
  ["CONFIG", /\.(json|ya?ml|toml|ini|cfg|txt|md)$|(^|\/)MLmodel$/i],
];

const panel = document.querySelector("[data-upload]");
if (panel) openPanel();

function guessType(path) {
  return TYPES.find(([, pattern]) => pattern.test(path))?.[0] ?? "WEIGHTS";
}

function openPanel() {
  const list = panel.querySelector("[data-upload-list]");
  const sum = panel.querySelector("[data-upload-sum]");
  const template = panel.querySelector("[data-upload-row]");
  const input = document.getElementById("files");
  const limit = Number(panel.dataset.limit);
  const jobs = [];

  for (const part of document.querySelectorAll("[data-pick], [data-drop]")) part.hidden = false;
  input.addEventListener("change", () => { add(input.files); input.value = ""; });
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-pick]")) input.click();
  });
  takeDrops(panel, add);
  addEventListener("beforeunload", (event) => { if (jobs.some((job) => job.state === "sending")) event.preventDefault(); });

  function add(files) {
    for (const file of files) jobs.push(makeJob(file));
    next();
  }

  function makeJob(file) {
    const path = (file.path_ ?? file.webkitRelativePath) || file.name;
    const row = template.content.firstElementChild.cloneNode(true);
    const part = (name) => row.querySelector(`[data-${name}]`);
    const job = { file, path, row, part, state: "waiting", done: 0, stop: null };
    part("name").textContent = path;
    part("type").value = guessType(path);
    part("done").textContent = size(file.size);
    part("left").textContent = "waiting";
    part("cancel").addEventListener("click", () => cancel(job));
    part("retry").addEventListener("click", () => { show(job, "waiting"); next(); });
    list.append(row);
    const wrong = file.size > limit ? `${size(file.size)} is more than the ${size(limit)} that one file may have.`
      : file.size === 0 ? "The file is empty." : "";
    if (wrong) fail(job, wrong, false);
    return job;
  }

  function show(job, state) {
    job.state = state;
    job.row.dataset.state = state;
    const mark = job.row.querySelector(".up-icon use");
    mark.setAttribute("href", mark.getAttribute("href").replace(/#.*/, `#${MARKS[state]}`));
    job.part("error").hidden = state !== "failed";
    job.part("retry").hidden = true;
    job.part("type").disabled = state === "sending" || state === "done";
    if (state === "waiting") { job.part("progress").value = 0; job.part("left").textContent = "waiting"; }
    count();
  }

  function fail(job, words, mayRetry) {
    show(job, "failed");
    job.part("error").textContent = words;
    job.part("done").textContent = size(job.file.size);
    job.part("left").textContent = job.part("speed").textContent = "";
    job.part("retry").hidden = !mayRetry;
    announce(`${job.path}: ${words}`);
  }

  function cancel(job) {
    if (job.state === "sending") return job.stop();
    jobs.splice(jobs.indexOf(job), 1);
    job.row.remove();
    count();
    return undefined;
  }

  function start(job) {
    const meter = makeMeter(job.file.size);
    const path = job.path.split("/").map(encodeURIComponent).join("/");
    show(job, "sending");
    job.stop = send(job.file, `${panel.dataset.url}${path}?type=${job.part("type").value}`, {
      progress(done) {
        const { speed, left } = meter(done);
        job.done = done;
        job.part("progress").value = (100 * done) / job.file.size;
        job.part("done").textContent = `${size(done)} of ${size(job.file.size)}`;
        job.part("speed").textContent = Number.isFinite(speed) ? `${size(Math.round(speed))}/s` : "";
        job.part("left").textContent = Number.isFinite(left) ? `${span(left)} left` : "";
        count();
      },
      sent() { job.part("speed").textContent = ""; job.part("left").textContent = "reading it back"; },
      done(answer) { finish(job, answer); },
      failed(words, mayRetry) { fail(job, words, mayRetry); next(); },
      aborted() { jobs.splice(jobs.indexOf(job), 1); job.row.remove(); announce(`${job.path}: cancelled`); next(); },
    });
  }

  function finish(job, answer) {
    show(job, "done");
    job.part("progress").value = 100;
    job.part("done").textContent = size(job.file.size);
    job.part("speed").textContent = answer.sha256 ? `SHA-256 ${answer.sha256.slice(0, 4)}…${answer.sha256.slice(-4)}` : "";
    job.part("left").textContent = "stored";
    announce(`${job.path} is stored`);
    next();
  }

  function next() {
    const free = AT_ONCE - jobs.filter((job) => job.state === "sending").length;
    jobs.filter((job) => job.state === "waiting").slice(0, free).forEach(start);
    count();
    const open = jobs.some((job) => job.state === "sending" || job.state === "waiting");
    if (!open && jobs.some((job) => job.state === "done")) settle();
  }

  function count() {
    const of = (state) => jobs.filter((job) => job.state === state).length;
    const words = [[of("sending"), "under way"], [of("waiting"), "waiting"], [of("done"), "done"], [of("failed"), "not stored"]];
    sum.textContent = words.filter(([number]) => number).map(([number, word]) => `${number} ${word}`).join(", ");
  }

  /** All done: the page is read anew; where something failed, its row stays and only the table of files changes. */
  function settle() {
    const address = `${location.pathname}?done=uploaded`;
    if (!jobs.some((job) => job.state === "failed")) return void setTimeout(() => location.assign(address), 900);
    return void redraw();
  }
}

const REDRAWN = ["#files-box", ".tabline", ".foot-pair"];

/** Swaps in what the server now says of the files. */
async function redraw() {
  const answer = await fetch(location.pathname).catch(() => null);
  if (!answer?.ok) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const part of REDRAWN) {
    const next = fresh.querySelector(part);
    if (!next) continue;
    next.querySelectorAll("[data-copy], [data-pick]").forEach((hidden) => { hidden.hidden = false; });
    document.querySelector(part)?.replaceWith(next);
  }
}

/** Files dropped anywhere on the page; folders keep their paths. */
function takeDrops(place, add) {
  let depth = 0;
  const carries = (event) => event.dataTransfer?.types.includes("Files");
  document.addEventListener("dragenter", (event) => { if (carries(event)) { depth += 1; place.classList.add("dragging"); } });
  document.addEventListener("dragleave", (event) => {
    if (carries(event) && (depth -= 1) <= 0) place.classList.remove("dragging");
  });
  document.addEventListener("dragover", (event) => { if (carries(event)) event.preventDefault(); });
  document.addEventListener("drop", async (event) => {
    if (!carries(event)) return;
    event.preventDefault();
    depth = 0;
    place.classList.remove("dragging");
    const entries = [...event.dataTransfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
    const plain = [...event.dataTransfer.files];
    add(entries.some((entry) => entry.isDirectory) ? (await Promise.all(entries.map(walk))).flat() : plain);
  });
}

async function walk(entry) {
  if (entry.isFile) {
    const file = await new Promise((done, failed) => entry.file(done, failed));
    return [Object.assign(file, { path_: entry.fullPath.slice(1) })];
  }
  const reader = entry.createReader();
  const found = [];
  for (;;) {
    const some = await new Promise((done, failed) => reader.readEntries(done, failed));
    if (!some.length) break;
    found.push(...some);
  }
  return (await Promise.all(found.map(walk))).flat();
}
