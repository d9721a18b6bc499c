/* Requests of htmx carry the CSRF token; empty filters stay out of addresses; an answer that is another page (an error,
   the sign-in) is opened as that page, not swapped into a part of this one. */
import { csrfToken } from "../lib/tokens.js";

document.addEventListener("htmx:config:request", (event) => {
  const { request } = event.detail.ctx;
  request.headers["X-CSRF-Token"] = csrfToken();
  if (request.method !== "GET" || !(request.body instanceof FormData)) return;
  for (const [name, value] of [...request.body]) if (value === "") request.body.delete(name);
});

document.addEventListener("htmx:before:response", (event) => {
  const { raw } = event.detail.ctx.response;
  if (raw.ok && !raw.redirected) return;
  event.preventDefault();
  location.assign(raw.url);
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
