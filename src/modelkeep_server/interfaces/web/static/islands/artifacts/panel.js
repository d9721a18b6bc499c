/* The upload panel: files and folders, three at once, each paused, resumed, cancelled and retried by itself; after a reload
   the unfinished uploads of this person stand there, and the same file dropped again goes on. */
import { announce } from "../lib/announce.js";
import { binarySize, size, span } from "../lib/format.js";
import { chosen, takeDrops } from "./drops.js";
import { hash } from "./hashing.js";
import { redraw } from "./list.js";
import { makeRow } from "./row.js";
import { makeMeter, send } from "./sending.js";
import { discardUpload, getUpload, listUnfinished, UPLOADS } from "./server.js";

const AT_ONCE = 3;
const HASHED_FIRST_BYTES = 16 * 1024 * 1024;
const BUSY = new Set(["comparing", "sending", "offline", "checking"]);
const idOf = (address) => decodeURIComponent(address.split("/").pop());

export function openPanel(panel) {
  const find = (name) => panel.querySelector(`[data-${name}]`);
  const { model, version, hasher } = panel.dataset;
  const limit = Number(panel.dataset.limit);
  const inputs = { pick: document.getElementById("files"), "pick-folder": document.getElementById("folders") };
  const jobs = [];

  for (const part of document.querySelectorAll("[data-pick], [data-pick-folder], [data-drop]")) part.hidden = false;
  for (const [name, input] of Object.entries(inputs)) {
    input.addEventListener("change", () => take(input));
    document.addEventListener("click", (event) => { if (event.target.closest(`[data-${name}]`)) input.click(); });
  }
  takeDrops(panel, add);
  addEventListener("beforeunload", (event) => { if (jobs.some((job) => BUSY.has(job.state))) event.preventDefault(); });
  find("pause-all").addEventListener("click", pauseAll);
  // What was chosen before this script was there is taken last: it may be a file that goes on.
  listUnfinished(model, version).then((items) => { items.forEach(addLeft); count(); }).catch(() => {})
    .finally(() => Object.values(inputs).forEach(take));

  function take(input) {
    add(chosen(input));
    input.value = "";
  }

  function add(files) {
    for (const { file, path } of files) addFile(file, path);
    next();
  }

  function addFile(file, path) {
    const left = findLeft(file, path);
    const job = left ?? makeJob(path, file.size);
    job.file = file;
    if (left) return void goOnWith(job);
    const other = jobs.find((one) => one.state === "left" && one.path === path);
    const wrong = file.size > limit ? `It has ${binarySize(file.size)}. One file may have ${binarySize(limit)}: split it, or ask your operator for a higher limit.`
      : other ? `An unfinished upload of this name has ${size(other.total)}, this file has ${size(file.size)}: it is another file. Discard the unfinished upload, then retry.` : "";
    if (wrong) return fail(job, wrong, Boolean(other));
    return show(job, "waiting", (row) => row.wait());
  }

  /** The unfinished upload that this file is of: by path and size, or by its bare name where only one fits. */
  function findLeft(file, path) {
    const fits = jobs.filter((job) => job.state === "left" && job.total === file.size);
    const named = fits.filter((job) => job.path.split("/").pop() === file.name);
    return fits.find((job) => job.path === path) ?? (path === file.name && named.length === 1 ? named[0] : undefined);
  }

  function makeJob(path, total) {
    const job = { path, total, state: "waiting", done: 0, meter: null, sending: null, hashing: null, address: null, turn: 0 };
    job.row = makeRow(find("upload-row"), path, total, {
      pause: () => pause(job), resume: () => resume(job), cancel: () => cancel(job), discard: () => cancel(job),
      retry: () => { job.turn += 1; job.done = 0; show(job, "waiting", (row) => row.wait()); next(); },
    });
    jobs.push(job);
    find("upload-list").append(job.row.element);
    return job;
  }

  function addLeft(upload) {
    if (jobs.some((job) => job.address && idOf(job.address) === upload.id)) return;
    const job = makeJob(upload.path, upload.sizeBytes);
    job.address = `${UPLOADS}/${upload.id}`;
    job.done = upload.offsetBytes;
    job.left = upload;
    show(job, "left", (row) => row.left(upload));
  }

  function show(job, state, draw) {
    job.state = state;
    draw(job.row);
    count();
  }

  function fail(job, words, mayRetry) {
    job.hashing?.stop();
    job.hashing = job.sending = null;
    show(job, "failed", (row) => row.fail(words, mayRetry));
    next();
  }

  /** The same file is there again: what the registry has of it is compared before the rest is sent. */
  async function goOnWith(job) {
    const { turn } = job;
    show(job, "comparing", (row) => row.compare());
    try {
      const { parts } = await getUpload(idOf(job.address));
      job.hashing = hash(hasher, job.file, parts);
      if (parts.length) await job.hashing.same;
      if (job.turn === turn) await start(job);
    } catch (error) {
      if (job.turn !== turn) return;
      job.hashing?.stop();
      if (error.status === 404 || error.status === 410) { job.address = null; show(job, "waiting", (row) => row.wait()); next(); return; }
      show(job, "left", (row) => row.left(job.left));
      const words = error.differs === undefined ? error.message
        : `This is another file of that name: its bytes differ from those already sent, within the part at ${size(error.differs)}. Drop the same file, or discard the unfinished upload.`;
      job.row.part("error").hidden = false;
      job.row.part("error").textContent = words;
      announce(`${job.path}: ${words}`);
      next();
    }
  }

  async function start(job) {
    const { turn } = job;
    job.meter = makeMeter(job.total, job.done);
    show(job, "sending", (row) => { row.show("sending"); row.move(job.done, {}); });
    job.hashing ??= hash(hasher, job.file);
    const metadata = { model, version, type: job.row.type(), path: job.path };
    try {
      if (job.total <= HASHED_FIRST_BYTES) metadata.sha256 = await job.hashing.sha256;
    } catch (error) { return void fail(job, error.message, true); }
    if (job.turn !== turn || job.state === "paused") return undefined;
    const mine = (act) => (...told) => { if (job.turn === turn) act(...told); };
    const sending = await send(job.file, { metadata, address: job.address, hooks: {
      opened: (address) => { job.address = address; },
      progress: mine((done) => move(job, done)),
      accepted: mine((done) => { job.done = done; }),
      waiting: mine(() => { if (job.state !== "offline") { show(job, "offline", (row) => row.lost(job.done)); announce(`${job.path}: waiting for the connection`); } }),
      done: mine(() => finish(job)),
      failed: mine((words, mayRetry, kept) => { if (!kept) job.address = null; fail(job, words, mayRetry); }),
    } });
    if (job.turn === turn) job.sending = sending;
    if (job.turn !== turn || job.state === "paused") void sending.pause();
    return undefined;
  }

  function move(job, done) {
    if (job.state === "paused") return;
    if (done >= job.total) { if (job.state !== "checking") show(job, "checking", (row) => row.check()); return; }
    if (job.state !== "sending") { job.meter = makeMeter(job.total, done); show(job, "sending", (row) => row.show("sending")); }
    job.shown = done;
    job.row.move(done, job.rate = job.meter(done));
    tell();
  }

  async function finish(job) {
    if (job.state !== "checking") show(job, "checking", (row) => row.check());
    try {
      const [{ artifact }, sha256] = await Promise.all([getUpload(idOf(job.address)), job.hashing.sha256]);
      if (!artifact) return void fail(job, "The file was taken out of the version again.", false);
      if (artifact.sha256 !== sha256) {
        return void fail(job, `The registry holds the SHA-256 ${artifact.sha256}, but this file has ${sha256}: it changed while it was sent. Remove ${job.path} below, then send it again.`, false);
      }
      show(job, "done", (row) => row.finish(artifact, sha256));
    } catch (error) {
      fail(job, `It is stored, but could not be compared: ${error.message}`, false);
    }
    return next();
  }

  function pause(job) {
    void job.sending?.pause();
    show(job, "paused", (row) => row.pause(job.done));
    announce(`${job.path}: paused`);
    next();
  }

  function resume(job) {
    job.meter = makeMeter(job.total, job.done);
    show(job, "sending", (row) => { row.show("sending"); row.move(job.done, {}); });
    if (job.sending) job.sending.goOn();
    else { job.turn += 1; void start(job); }
  }

  async function cancel(job) {
    job.turn += 1;
    job.hashing?.stop();
    const finished = job.state === "done" || job.state === "failed";
    await job.sending?.pause();
    try {
      if (job.address && !finished) await discardUpload(idOf(job.address));
    } catch (error) { return void fail(job, error.message, false); }
    jobs.splice(jobs.indexOf(job), 1);
    const focus = job.row.element.contains(document.activeElement);
    job.row.element.remove();
    if (focus) find("upload-title").focus();
    if (!finished) announce(`${job.path}: cancelled, nothing of it is kept`);
    return next();
  }

  function pauseAll() {
    const running = jobs.filter((job) => job.state === "sending" || job.state === "offline");
    if (running.length) running.forEach(pause);
    else jobs.filter((job) => job.state === "paused").forEach(resume);
  }

  function next() {
    const free = AT_ONCE - jobs.filter((job) => BUSY.has(job.state)).length;
    const held = jobs.some((job) => job.state === "paused") && !jobs.some((job) => BUSY.has(job.state));
    if (!held) jobs.filter((job) => job.state === "waiting").slice(0, Math.max(0, free)).forEach((job) => void start(job));
    count();
    const open = jobs.some((job) => BUSY.has(job.state) || job.state === "waiting");
    const fresh = jobs.filter((job) => job.state === "done" && !job.listed);
    if (open || !fresh.length) return;
    for (const job of fresh) job.listed = true;
    void redraw();
  }

  function count() {
    const of = (...states) => jobs.filter((job) => states.includes(job.state)).length;
    const words = [[of("comparing", "sending", "checking"), "under way"], [of("offline"), "waiting for the connection"],
      [of("paused"), "paused"], [of("waiting"), "waiting"], [of("left"), "unfinished"], [of("done"), "done"], [of("failed"), "not stored"]];
    find("upload-sum").textContent = words.filter(([number]) => number).map(([number, word]) => `${number} ${word}`).join(", ") || panel.dataset.hint;
    const running = of("sending", "offline");
    find("pause-all").hidden = !(running + of("paused") > 1 || (running && of("waiting")));
    find("pause-all").querySelector("span").textContent = running ? "Pause all" : "Resume all";
    tell();
  }

  /** How much of everything, and how long still. */
  function tell() {
    const open = jobs.filter((job) => !["done", "failed", "left"].includes(job.state));
    const total = open.reduce((sum, job) => sum + job.total, 0);
    const done = open.reduce((sum, job) => sum + (job.state === "sending" ? job.shown ?? job.done : job.done), 0);
    const speed = open.reduce((sum, job) => sum + (job.state === "sending" && job.rate?.speed > 0 ? job.rate.speed : 0), 0);
    const left = speed ? `, about ${span((total - done) / speed)} left` : "";
    find("upload-all").textContent = open.length ? `${size(done)} of ${size(total)}${left}` : "";
  }
}
