/* SHA-256 of a file beside the page, so that the page stays smooth. Takes {file, parts}: `parts` are the stretches that the
   registry has of an unfinished upload, compared on the way. Says {same: true} once all of them agree, {differs: start} at
   the first that does not, {sha256} at the end, or {failed} where the file cannot be read. */
import { createSHA256 } from "hash-wasm";

const READ_BYTES = 4 * 1024 * 1024;

onmessage = async ({ data: { file, parts } }) => {
  try {
    const whole = (await createSHA256()).init();
    const sent = await comparePrefix(file, parts, whole);
    if (sent === null) return;
    if (parts.length) postMessage({ same: true });
    await feed(file, sent, file.size, [whole]);
    postMessage({ sha256: whole.digest() });
  } catch (error) {
    postMessage({ failed: error.message || String(error) });
  }
};

/** Where the stretches end, having fed them to `whole`; null where the file has other bytes there. */
async function comparePrefix(file, parts, whole) {
  let end = 0;
  for (const part of parts) {
    const one = (await createSHA256()).init();
    await feed(file, part.start, part.start + part.sizeBytes, [whole, one]);
    if (one.digest() !== part.sha256) {
      postMessage({ differs: part.start });
      return null;
    }
    end = part.start + part.sizeBytes;
  }
  return end;
}

async function feed(file, start, end, digests) {
  for (let at = start; at < end; at += READ_BYTES) {
    const bytes = new Uint8Array(await file.slice(at, Math.min(end, at + READ_BYTES)).arrayBuffer());
    for (const digest of digests) digest.update(bytes);
  }
}
