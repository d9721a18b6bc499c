/* The list of files: a filter by name, and files that are still being looked through are asked about again. */
const REDRAWN = ["#files-box", ".tabline", ".foot-pair"];
const LOOKS_SECONDS = [2, 4, 8, 15, 30];

/** Swaps in what the server now says of the files. */
export async function redraw() {
  const answer = await fetch(location.href).catch(() => null);
  if (!answer?.ok || answer.redirected) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const part of REDRAWN) {
    const next = fresh.querySelector(part);
    if (!next) continue;
    for (const hidden of next.querySelectorAll("[data-copy], [data-pick], [data-filter]")) hidden.hidden = false;
    document.querySelector(part)?.replaceWith(next);
  }
  lookAgain(0);
}

let timer = null;
function lookAgain(turn) {
  clearTimeout(timer);
  if (!document.querySelector("#files-box [data-pending]")) return;
  timer = setTimeout(async () => {
    if (!document.hidden && !document.querySelector("#files-box [data-filter] input:focus, #files-box details.pop[open]")) await redraw();
    lookAgain(Math.min(turn + 1, LOOKS_SECONDS.length - 1));
  }, LOOKS_SECONDS[turn] * 1000);
}
lookAgain(0);

for (const place of document.querySelectorAll("[data-filter]")) place.hidden = false;
document.addEventListener("input", (event) => {
  const place = event.target.closest("[data-filter]");
  if (!place) return;
  const box = place.closest(place.dataset.filter);
  const words = event.target.value.trim().toLowerCase().split(/\s+/).filter(Boolean);
  let shown = 0;
  for (const row of box.querySelectorAll("[data-name]")) {
    const name = row.dataset.name.toLowerCase();
    row.hidden = !words.every((word) => name.includes(word));
    if (!row.hidden) shown += 1;
  }
  for (const folder of [...box.querySelectorAll("details.folder")].reverse()) {
    folder.hidden = !folder.querySelector("[data-name]:not([hidden])");
    if (words.length && !folder.hidden) folder.open = true;
  }
  const none = box.querySelector("[data-none]");
  if (none) none.hidden = shown > 0;
});
