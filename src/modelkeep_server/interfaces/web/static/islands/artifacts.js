/* The Artifacts tab and the page of a file: downloads, the filter of a long list, and, for who may send, the uploads. */
import "./artifacts/download.js";
import "./artifacts/images.js";
import "./artifacts/link.js";
import "./artifacts/list.js";

const panel = document.querySelector("[data-upload]");
if (panel) import("./artifacts/panel.js").then(({ openPanel }) => openPanel(panel));
