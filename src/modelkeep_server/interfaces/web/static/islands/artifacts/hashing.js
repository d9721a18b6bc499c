/* The SHA-256 of a file, computed in a worker while the file is on its way. */

/** Begins at once. `same` settles when the stretches agree, `sha256` at the end; both reject with words, `stop` ends it. */
export function hash(address, file, parts = []) {
  const worker = new Worker(address, { type: "module" });
  const stop = () => worker.terminate();
  let settle;
  const same = new Promise((done, failed) => { settle = { done, failed }; });
  const sha256 = new Promise((done, failed) => {
    const fail = (words, differs) => {
      const error = Object.assign(new Error(words), { differs });
      settle.failed(error);
      failed(error);
      stop();
    };
    worker.onerror = () => fail("This browser could not compute the SHA-256.");
    worker.onmessage = ({ data }) => {
      if (data.same) settle.done();
      if (data.differs !== undefined) fail("The bytes are others.", data.differs);
      if (data.failed) fail(`The file cannot be read: ${data.failed}`);
      if (data.sha256) { settle.done(); done(data.sha256); stop(); }
    };
    worker.postMessage({ file, parts });
  });
  same.catch(() => {});
  sha256.catch(() => {});
  return { same, sha256, stop };
}
