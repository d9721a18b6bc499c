/* One file on its way: a streamed PUT by XMLHttpRequest, since only that reports how much has left. */
import { csrfToken } from "../lib/tokens.js";

const WINDOW_MS = 4000;

/** Says how fast, over the last seconds, and how long still. */
export function makeMeter(total) {
  const marks = [[performance.now(), 0]];
  return (done) => {
    const now = performance.now();
    marks.push([now, done]);
    while (marks.length > 2 && now - marks[0][0] > WINDOW_MS) marks.shift();
    const seconds = (now - marks[0][0]) / 1000;
    const speed = seconds > 0.25 ? (done - marks[0][1]) / seconds : NaN;
    return { speed, left: (total - done) / speed };
  };
}

/** What the server said, in words for the row of the file. */
function read(request) {
  let body = {};
  try { body = JSON.parse(request.responseText); } catch { /* a proxy's own page: the status has to do */ }
  const faults = body.errors?.map((item) => item.message).join(" ");
  // The cure of a 422 speaks of a form's fields; here the fault itself says what to change.
  const words = [faults || body.detail, request.status === 422 ? "" : body.remedy].filter(Boolean);
  return { status: request.status, body, words: words.join(" ") || `The server answered ${request.status}.` };
}

/** Sends the file; `hooks.progress(done)`, `hooks.sent()`, `hooks.done(answer)`, `hooks.failed(words, mayRetry)`. */
export function send(file, url, hooks) {
  const request = new XMLHttpRequest();
  request.open("PUT", url);
  request.setRequestHeader("Content-Type", "application/octet-stream");
  request.setRequestHeader("X-CSRF-Token", csrfToken());
  request.setRequestHeader("Accept", "application/json");
  request.upload.onprogress = (event) => hooks.progress(event.loaded);
  request.upload.onload = () => hooks.sent();
  request.onload = () => {
    const answer = read(request);
    if (request.status >= 200 && request.status < 300) hooks.done(answer.body);
    else hooks.failed(answer.words, request.status >= 500 || request.status === 429);
  };
  request.onerror = () => hooks.failed("The connection was lost. Nothing was kept of this file.", true);
  request.onabort = () => hooks.aborted();
  request.send(file);
  return () => request.abort();
}
