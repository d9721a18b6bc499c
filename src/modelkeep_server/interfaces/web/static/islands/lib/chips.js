/* Chips over a plain text input: Enter, comma or blank ends an entry, Backspace in the empty field takes the last one back.
   `fits` judges an entry while one types; the form is sent all the same, and the server judges again.
   The plain input stays in the form, hidden, and holds the entries apart by commas. */
const SEPARATORS = /[,;\s]+/;

export function makeChips(input, { fits = () => true, unfit = "" } = {}) {
  let entries = split(input.value);
  const typed = Object.assign(document.createElement("input"), {
    className: "chips-typed", autocomplete: "off", placeholder: input.placeholder.split(",")[0], type: "text",
  });
  const box = Object.assign(document.createElement("div"), { className: `${input.className} chips-box` });
  const { id } = input;
  input.removeAttribute("id");
  input.type = "hidden";
  typed.id = id;
  for (const name of ["aria-describedby", "aria-invalid"]) {
    if (input.hasAttribute(name)) typed.setAttribute(name, input.getAttribute(name));
  }
  const says = Object.assign(document.createElement("p"), { className: "hint advice" });
  says.setAttribute("role", "status");
  input.after(box, says);
  box.append(typed);

  function split(text) {
    return [...new Set(text.split(SEPARATORS).filter(Boolean))];
  }

  function draw() {
    box.querySelectorAll(".chip").forEach((chip) => chip.remove());
    for (const entry of entries) {
      const chip = Object.assign(document.createElement("span"), { className: "chip", textContent: entry });
      if (!fits(entry)) Object.assign(chip, { className: "chip chip-bad", title: unfit });
      const drop = Object.assign(document.createElement("button"), { type: "button", textContent: "×" });
      drop.setAttribute("aria-label", `Remove ${entry}`);
      drop.addEventListener("click", () => { change(entries.filter((other) => other !== entry)); typed.focus(); });
      chip.append(drop);
      typed.before(chip);
    }
    const bad = entries.filter((entry) => !fits(entry));
    says.textContent = bad.length ? `${bad.join(", ")}: ${unfit}` : "";
    typed.placeholder = entries.length ? "" : input.placeholder.split(",")[0];
  }

  function change(next) {
    entries = next;
    input.value = entries.join(", ");
    draw();
    input.dispatchEvent(new Event("input", { bubbles: true }));
  }

  function take() {
    const fresh = split(typed.value);
    typed.value = "";
    if (fresh.length) change([...new Set([...entries, ...fresh])]);
  }

  typed.addEventListener("keydown", (event) => {
    if (event.key === "Enter") { event.preventDefault(); take(); }
    else if (event.key === "Backspace" && !typed.value && entries.length) {
      event.preventDefault();
      typed.value = entries.at(-1);
      change(entries.slice(0, -1));
    }
  });
  typed.addEventListener("input", (event) => { event.stopPropagation(); if (SEPARATORS.test(typed.value)) take(); });
  typed.addEventListener("blur", take);
  box.addEventListener("click", (event) => { if (event.target === box) typed.focus(); });
  input.form.addEventListener("submit", take, { capture: true });
  draw();

  return {
    entries: () => entries,
    set(next) { entries = [...new Set(next)]; input.value = entries.join(", "); draw(); },
  };
}
