/* The form that refers to a container image by its digest, in place of uploading it. */
import { announce } from "../lib/announce.js";
import { csrfToken } from "../lib/tokens.js";
import { redraw } from "./list.js";
import { wordsOf } from "./server.js";

const form = document.querySelector("form[data-image]");
if (form) {
  form.hidden = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const button = form.querySelector("button");
    const said = form.querySelector("[data-said]");
    const reference = form.elements.reference.value.trim();
    button.disabled = true;
    const answer = await fetch(form.dataset.image, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-CSRF-Token": csrfToken(), Accept: "application/json" },
      body: JSON.stringify({ reference }),
    }).catch(() => null);
    button.disabled = false;
    said.className = answer?.ok ? "hint" : "err";
    said.textContent = answer?.ok ? "The image is referred to below."
      : answer ? wordsOf(answer.status, await answer.text()).words : "The connection was lost. Try again.";
    announce(said.textContent);
    form.elements.reference.toggleAttribute("aria-invalid", !answer?.ok);
    if (!answer?.ok) { form.elements.reference.focus(); return; }
    form.reset();
    await redraw();
  });
}
