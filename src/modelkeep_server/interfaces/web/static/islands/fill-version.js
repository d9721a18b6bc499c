/* Edit version: puts what files tell into the form, in place. Without this the links load the form with it put in. */
const box = document.getElementById("from-files");
const links = [...box.querySelectorAll("[data-fill]")];
const says = box.querySelector("[data-fill-says]");
const controlOf = (link) => document.getElementById(link.dataset.fill);

function mark() {
  for (const link of links) {
    const [before, after] = link.dataset.words.split("|");
    const there = controlOf(link).value.trim() === link.dataset.value.trim();
    link.textContent = there ? after : before;
    link.toggleAttribute("data-there", there);
  }
}

function put(link) {
  const control = controlOf(link);
  control.value = link.dataset.value;
  control.closest("details")?.setAttribute("open", "");
  control.dispatchEvent(new Event("input", { bubbles: true }));
}

function tell(count) {
  says.textContent = count
    ? `${count} ${count === 1 ? "field is" : "fields are"} set. Nothing is kept before you save.`
    : "Every field that could be filled holds something already.";
}

for (const link of links) {
  link.addEventListener("click", (event) => {
    event.preventDefault();
    put(link);
    mark();
    tell(1);
  });
}

box.querySelector("[data-fill-all]")?.addEventListener("click", (event) => {
  event.preventDefault();
  const empty = links.filter((link) => "plain" in link.dataset && !controlOf(link).value.trim());
  empty.forEach(put);
  mark();
  tell(empty.length);
});
document.getElementById("edit-version").addEventListener("input", mark);
