/* Edit version: puts what files tell into the form, in place. Without this the links load the form with it put in. */
const box = document.getElementById("from-files");
const links = [...box.querySelectorAll("[data-fill]")];
const says = box.querySelector("[data-fill-says]");
const controlOf = (link) => document.getElementById(link.dataset.fill);
const isKept = (link) => "kept" in link.dataset;

function mark() {
  let used = 0;
  for (const link of links) {
    const [before, after] = link.dataset.words.split("|");
    const there = controlOf(link).value.trim() === link.dataset.value.trim();
    link.querySelector("[data-word]").textContent = there ? after : before;
    if (!isKept(link)) {
      link.classList.toggle("btn-bare", there);
      link.classList.toggle("btn-quiet", !there);
    }
    used += there && !isKept(link) ? 1 : 0;
  }
  return used;
}

function put(link) {
  const control = controlOf(link);
  control.value = link.dataset.value;
  control.dispatchEvent(new Event("input", { bubbles: true }));
}

function tell(used) {
  const text = used
    ? `${used} ${used === 1 ? "field is" : "fields are"} filled from your files. Nothing is kept before you save.`
    : "A press puts a value into the form. Nothing is kept before you save.";
  // Set anew at every key it would be read out at every key.
  if (says.textContent !== text) says.textContent = text;
}

for (const link of links) {
  link.addEventListener("click", (event) => {
    event.preventDefault();
    put(link);
    controlOf(link).closest("details")?.setAttribute("open", "");
    tell(mark());
  });
}

box.querySelector("[data-fill-all]")?.addEventListener("click", (event) => {
  event.preventDefault();
  const empty = links.filter((link) => "plain" in link.dataset && !controlOf(link).value.trim());
  empty.forEach(put);
  tell(mark());
});
document.getElementById("edit-version").addEventListener("input", () => tell(mark()));
