/* Requests of htmx carry the CSRF token; filters that are empty stay out of the address. */
import { csrfToken } from "../lib/tokens.js";

document.addEventListener("htmx:config:request", (event) => {
  event.detail.ctx.request.headers["X-CSRF-Token"] = csrfToken();
});

document.addEventListener("submit", (event) => {
  if (event.target.method !== "get") return;
  for (const control of event.target.elements) {
    if (control.name && !control.value && !control.disabled) {
      control.disabled = true;
      setTimeout(() => { control.disabled = false; });
    }
  }
});
