/* The Artifacts tab: uploads with progress, and downloads that ask for a link first. */
import "./artifacts/download.js";
import "./artifacts/panel.js";
