/* What the upload panel asks of the registry beside the uploads themselves. */
import { csrfToken } from "../lib/tokens.js";

export const UPLOADS = "/api/v1/uploads";

/** What the server said of a refusal, in words for the row of the file. */
export function wordsOf(status, text) {
  let body = {};
  try { body = JSON.parse(text); } catch { /* a proxy's own page: the status has to do */ }
  const faults = body.errors?.map((item) => item.message).join(" ");
  // The cure of a 422 speaks of a form's fields; here the fault itself says what to change.
  const words = [faults && status === 422 ? faults : body.detail, status === 422 ? "" : body.remedy].filter(Boolean);
  // A list of formats is long; the row folds what stands on a line of its own.
  return { code: body.code, words: words.join(status === 415 ? "\n" : " ") || `The server answered ${status}.` };
}

export async function ask(address, options = {}) {
  const answer = await fetch(address, { ...options, headers: { Accept: "application/json", ...options.headers } });
  const text = await answer.text();
  if (!answer.ok) throw Object.assign(new Error(wordsOf(answer.status, text).words), { status: answer.status });
  return text ? JSON.parse(text) : null;
}

/** Sends one form as JSON, with its button off meanwhile. Throws an Error whose message is fit for the page. */
export async function post(address, body, button) {
  button.disabled = true;
  try {
    const headers = { "Content-Type": "application/json", "X-CSRF-Token": csrfToken() };
    return await ask(address, { method: "POST", headers, body: JSON.stringify(body) });
  } catch (error) {
    throw error.status ? error : new Error("The connection was lost. Try again.");
  } finally {
    button.disabled = false;
  }
}

/** This person's unfinished uploads of one version. */
export async function listUnfinished(model, version) {
  return (await ask(`${UPLOADS}?${new URLSearchParams({ model, version, limit: 200 })}`)).items;
}

export const getUpload = (id) => ask(`${UPLOADS}/${encodeURIComponent(id)}`);

export async function discardUpload(id) {
  const headers = { "Tus-Resumable": "1.0.0", "X-CSRF-Token": csrfToken() };
  try {
    await ask(`${UPLOADS}/${encodeURIComponent(id)}`, { method: "DELETE", headers });
  } catch (error) {
    if (error.status !== 404 && error.status !== 410) throw error;
  }
}
