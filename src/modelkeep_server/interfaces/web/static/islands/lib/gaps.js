/* Forms of a version: the list beside the form follows what is typed. */
const isIn = (control, name) => control.name === name || control.name.startsWith(`${name}.`);

export function followGaps(form) {
  const controls = [...form.elements].filter((one) => one.name?.startsWith("metadata."));
  const gaps = [...document.querySelectorAll("[data-gap]")];
  function mark() {
    for (const gap of gaps) {
      const filled = controls.some((one) => isIn(one, gap.dataset.gap) && one.value.trim());
      gap.classList.toggle("filled", filled);
    }
  }
  form.addEventListener("input", mark);
  mark();
}
