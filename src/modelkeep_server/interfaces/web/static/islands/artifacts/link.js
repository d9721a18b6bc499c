/* "Make a link" on the page of a file: asks for one and shows it with the lines that fetch the file and check it. */
import { announce } from "../lib/announce.js";
import { post } from "./server.js";

const form = document.querySelector("form[data-link]");
if (form) {
  form.hidden = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const said = form.querySelector("[data-said]");
    const purpose = form.elements.purpose?.value;
    try {
      show(await post(form.dataset.link, purpose ? { purpose } : {}, form.querySelector("button")), said);
    } catch (error) {
      Object.assign(said, { className: "err", textContent: error.message });
      announce(said.textContent);
    }
  });
}

function show(link, said) {
  const url = new URL(link.url, location.href).href;
  const name = form.dataset.name;
  const quoted = `'${name.replaceAll("'", "'\\''")}'`;
  const lines = { url, curl: `curl -fL -C - -o ${quoted} \\\n'${url}'`, wget: `wget -c -O ${quoted} \\\n'${url}'` };
  for (const [kind, line] of Object.entries(lines)) {
    const place = form.querySelector(`[data-line="${kind}"]`);
    place.querySelector("pre").textContent = line;
    Object.assign(place.querySelector("[data-copy]"), { hidden: false }).dataset.copy = line;
  }
  form.querySelector("[data-lines]").hidden = false;
  const until = new Date(link.expiresAt);
  const clock = until.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  Object.assign(said, { className: "hint", textContent: `It opens until ${clock} (${until.toISOString().slice(11, 16)} UTC).`, title: link.expiresAt });
  announce(`A link is made. ${said.textContent}`);
}
