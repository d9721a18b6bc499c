/* The download button: asks for a link by POST, then opens it. Without a script the form's POST redirects there. */
import { announce } from "../lib/announce.js";
import { csrfToken } from "../lib/tokens.js";

function complain(form, words) {
  let place = form.parentElement.querySelector(".err");
  if (!place) {
    place = Object.assign(document.createElement("p"), { className: "err" });
    place.setAttribute("role", "alert");
    form.after(place);
  }
  place.textContent = words;
}

async function start(form) {
  const answer = await fetch(`/api/v1${new URL(form.action).pathname}`, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-CSRF-Token": csrfToken() },
    body: JSON.stringify(form.elements.purpose?.value ? { purpose: form.elements.purpose.value } : {}),
  });
  const body = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Error([body.detail, body.remedy].filter(Boolean).join(" ") || `The server answered ${answer.status}.`);
  const link = Object.assign(document.createElement("a"), { href: new URL(body.url, location.href).href, download: "" });
  document.body.append(link);
  link.click();
  link.remove();
  announce(`Downloading ${form.dataset.download}`);
}

document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (!form.matches("form[data-download]")) return;
  event.preventDefault();
  const button = form.querySelector("button");
  button.disabled = true;
  try {
    await start(form);
    form.parentElement.querySelector(".err")?.remove();
  } catch (error) {
    complain(form, error.message || "The link could not be made. Try again.");
  } finally {
    button.disabled = false;
  }
});
