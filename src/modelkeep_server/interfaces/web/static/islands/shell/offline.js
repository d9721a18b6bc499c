/* While the network is gone: says so, and keeps a form on its page, since sending it would lose what was typed. */
import { announce } from "../lib/announce.js";

const line = document.querySelector("[data-offline]");

function show(words) {
  if (!line) return;
  line.hidden = navigator.onLine;
  announce(words);
}

const gone = () => show("You are offline. What you typed stays here.");

window.addEventListener("offline", gone);
window.addEventListener("online", () => show("You are online again."));
document.addEventListener("submit", (event) => {
  if (navigator.onLine || event.target.method === "dialog") return;
  event.preventDefault();
  gone();
  line?.scrollIntoView({ block: "nearest" });
}, true);
if (!navigator.onLine) gone();
