/* "Report a problem": the report follows what one types, with what only the browser knows (its window and language). */
const form = document.querySelector("[data-report]");
const shown = document.querySelector("[data-report-text]");
const mail = document.querySelector("[data-report-mail]");
const copy = form?.querySelector(".box-head [data-copy]");
const BLOCKS = { description: "Description", steps: "Steps to reproduce", error: "Error message" };
const FACTS = { request_id: "Request id", page: "Page", browser: "Browser", system: "Operating system" };
const NOT_SAID = "(not said)";
const MAIL_CHARS = 1800;
const TOO_LONG = "Paste the report here: it is too long to be put in for you.\n";

const value = (name) => form.elements[name].value.trim();

/** The lines that the server alone knows (release, person, roles), as it wrote them. */
const kept = (shown?.textContent ?? "").trimEnd().split("\n").slice(-3);
const facts = [`Window: ${innerWidth} × ${innerHeight}, ${devicePixelRatio}x`, `Language: ${navigator.language}`];

function write() {
  const blocks = Object.entries(BLOCKS).map(([name, title]) => `${title}\n${value(name) || NOT_SAID}`);
  const lines = Object.entries(FACTS).map(([name, title]) => `${title}: ${value(name) || NOT_SAID}`);
  return [...blocks, [...lines, ...facts, ...kept].join("\n")].join("\n\n") + "\n";
}

function refresh() {
  const text = write();
  shown.textContent = text;
  copy.dataset.copy = text;
  if (!mail) return;
  const body = encodeURIComponent(text);
  const subject = encodeURIComponent(`Modelkeep: ${(value("description").split("\n")[0] || "a problem").slice(0, 80)}`);
  const fits = body.length <= MAIL_CHARS ? body : encodeURIComponent(TOO_LONG);
  mail.href = `mailto:${form.dataset.mail}?subject=${subject}&body=${fits}`;
}

if (form) {
  form.addEventListener("input", refresh);
  form.addEventListener("submit", (event) => event.preventDefault());
  refresh();
}
