// Sends a file by tus-js-client, as it is: node upload.mjs MODULES ENDPOINT TOKEN FILE METADATA WITH_CREATION
import fs from "node:fs";
import { createRequire } from "node:module";

const [modules, endpoint, token, file, metadata, withCreation] = process.argv.slice(2);
const tus = createRequire(`${modules}/`)("tus-js-client");

new tus.Upload(fs.createReadStream(file), {
  endpoint,
  headers: { Authorization: `Bearer ${token}` },
  metadata: JSON.parse(metadata),
  uploadSize: fs.statSync(file).size,
  uploadDataDuringCreation: withCreation === "true",
  retryDelays: [0, 50, 100, 200],
  onError(error) {
    console.error(String(error));
    process.exit(1);
  },
  onSuccess() {
    console.log("done");
    // What is left of a socket that broke may keep the process from ending by itself.
    process.exit(0);
  },
}).start();
