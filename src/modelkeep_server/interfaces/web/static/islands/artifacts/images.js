/* The form that refers to a container image by its digest, in place of uploading it. */
import { announce } from "../lib/announce.js";
import { redraw } from "./list.js";
import { post } from "./server.js";

const form = document.querySelector("form[data-image]");
if (form) {
  form.hidden = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const said = form.querySelector("[data-said]");
    const { reference } = form.elements;
    let words = "";
    try {
      await post(form.dataset.image, { reference: reference.value.trim() }, form.querySelector("button"));
    } catch (error) {
      words = error.message;
    }
    Object.assign(said, { className: words ? "err" : "hint", textContent: words || "The image is referred to below." });
    announce(said.textContent);
    reference.toggleAttribute("aria-invalid", Boolean(words));
    if (words) { reference.focus(); return; }
    form.reset();
    await redraw();
  });
}
