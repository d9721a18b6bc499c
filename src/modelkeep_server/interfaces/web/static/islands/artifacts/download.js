/* The download button: asks for a link by POST, then opens it. Without a script the form's POST redirects there. */
import { announce } from "../lib/announce.js";
import { post } from "./server.js";

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
  const purpose = form.elements.purpose?.value;
  const address = `/api/v1${new URL(form.action).pathname}`;
  const made = await post(address, purpose ? { purpose } : {}, form.querySelector("button"));
  const link = Object.assign(document.createElement("a"), { href: new URL(made.url, location.href).href, download: "" });
  document.body.append(link);
  link.click();
  link.remove();
  announce(`Downloading ${form.dataset.download}`);
}

document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (!form.matches("form[data-download]")) return;
  event.preventDefault();
  try {
    await start(form);
    form.parentElement.querySelector(".err")?.remove();
  } catch (error) {
    complain(form, error.message);
  }
});
