/* One file on its way by tus, in parts of 16 MiB. A lost connection or a restarted server is waited out for as long as it
   takes: at most the part under way is sent again. */
import { csrfToken } from "../lib/tokens.js";
import { UPLOADS, wordsOf } from "./server.js";

const PART_BYTES = 16 * 1024 * 1024;
const WAITS_SECONDS = [1, 2, 4, 8, 15, 30];
const WINDOW_MS = 4000;
const PASSING = new Set([408, 423, 500, 502, 503, 504]);

/** Says how fast, over the last seconds, and how long still. */
export function makeMeter(total, already = 0) {
  const marks = [[performance.now(), already]];
  return (done) => {
    const now = performance.now();
    marks.push([now, done]);
    while (marks.length > 2 && now - marks[0][0] > WINDOW_MS) marks.shift();
    const seconds = (now - marks[0][0]) / 1000;
    const speed = seconds > 0.25 ? (done - marks[0][1]) / seconds : NaN;
    return { speed, left: speed > 0 ? (total - done) / speed : NaN };
  };
}

/** Whether time alone mends it, and in how many seconds the server wants to be asked again. */
function judge(error) {
  const answer = error.originalResponse;
  const status = answer?.getStatus() ?? 0;
  if (status === 0) return { passing: Boolean(error.originalRequest), after: 0, words: error.message };
  const { code, words } = wordsOf(status, answer.getBody());
  const after = Number(answer.getHeader("Retry-After")) || 0;
  const passing = PASSING.has(status) || (status === 429 && after > 0) || code === "offset_differs";
  return { passing, after, words, status };
}

/**
 * Sends the file. `address` goes on with an upload that is there. Hooks: `opened(address)`, `progress(sent)`,
 * `accepted(bytes)`, `waiting(seconds)`, `done()`, `failed(words, mayRetry, kept)`; kept: what was sent still stands.
 */
export async function send(file, { metadata, address, hooks }) {
  const { Upload } = await import("tus-js-client");
  let tries = 0;
  let timer = null;
  let begunAnew = false;
  const upload = new Upload(file, {
    endpoint: new URL(UPLOADS, location.href).href,
    uploadUrl: address ? new URL(address, location.href).href : null,
    chunkSize: PART_BYTES,
    retryDelays: null,
    storeFingerprintForResuming: false,
    metadata,
    onBeforeRequest: (request) => {
      request.setHeader("X-CSRF-Token", csrfToken());
      request.setHeader("Accept", "application/json");
    },
    onUploadUrlAvailable: () => hooks.opened(upload.url),
    onProgress: (sent) => hooks.progress(sent),
    onChunkComplete: (_, accepted) => { tries = 0; hooks.accepted(accepted); },
    onSuccess: () => { rest(); hooks.done(); },
    onError: (error) => {
      const { passing, after, words, status } = judge(error);
      if ((status === 404 || status === 410) && upload.url && !begunAnew) {
        begunAnew = true;
        upload.url = null;
        upload.options.uploadUrl = null;
        return upload.start();
      }
      if (!passing) { rest(); return hooks.failed(words, status !== 415 && status !== 413, status === 401 || status === 403); }
      const seconds = Math.max(after, WAITS_SECONDS[Math.min(tries, WAITS_SECONDS.length - 1)]);
      tries += 1;
      hooks.waiting(seconds);
      timer = setTimeout(goOn, seconds * 1000);
      return undefined;
    },
  });

  function rest() {
    clearTimeout(timer);
    timer = null;
    removeEventListener("online", hurry);
  }

  /** The network is back: no need to wait for the clock. */
  function hurry() { if (timer) goOn(); }

  function goOn() {
    clearTimeout(timer);
    timer = null;
    addEventListener("online", hurry);
    upload.start();
  }

  goOn();
  return {
    pause() { rest(); return upload.abort(false); },
    goOn() { tries = 0; goOn(); },
    address: () => upload.url,
  };
}
