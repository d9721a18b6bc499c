/* While the network is gone: says so, and keeps a form on its page, since sending it would lose what was typed. */
import { announce } from "../lib/announce.js";

const WORDS = "You are offline. Nothing can be saved until the connection is back; what you typed stays here.";
let line = null;

function show() {
  if (line) return;
  line = document.getElementById("offline-line").content.firstElementChild.cloneNode(true);
  line.querySelector("span").textContent = WORDS;
  document.getElementById("main")?.before(line);
  announce(WORDS);
}

function clear() {
  if (!line) return;
  line.remove();
  line = null;
  announce("You are online again.");
}

window.addEventListener("offline", show);
window.addEventListener("online", clear);
document.addEventListener("submit", (event) => {
  if (navigator.onLine || event.target.method === "dialog") return;
  event.preventDefault();
  show();
  line.scrollIntoView({ block: "nearest" });
}, true);
if (!navigator.onLine) show();
