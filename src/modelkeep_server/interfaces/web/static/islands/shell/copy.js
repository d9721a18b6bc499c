/* Copy buttons: shown once the clipboard can be written, with a tick for a moment as the answer. */
import { announce } from "../lib/announce.js";

const SHOWN_MS = 1500;

function reveal(root) {
  for (const button of root.querySelectorAll("[data-copy][hidden]")) button.hidden = false;
}

async function write(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const area = Object.assign(document.createElement("textarea"), { value: text, className: "sr-only" });
  document.body.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  if (!done) throw new Error("refused");
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const use = button.querySelector("use");
  const plain = use.getAttribute("href").replace(/#.*/, "#copy");
  try {
    await write(button.dataset.copy);
    use.setAttribute("href", plain.replace("#copy", "#check"));
    button.classList.add("copied");
    announce("Copied");
  } catch {
    use.setAttribute("href", plain.replace("#copy", "#circle-x"));
    announce("The browser refused to copy");
  }
  setTimeout(() => { use.setAttribute("href", plain); button.classList.remove("copied"); }, SHOWN_MS);
});
reveal(document);
document.addEventListener("htmx:after:swap", () => reveal(document));
