/* Rows of the log open in place. Without this, or where something is in the way, the link opens the event's page. */
import { announce } from "./lib/announce.js";

function panelOf(row) {
  const next = row.nextElementSibling;
  return next?.classList.contains("unfolded") ? next : null;
}

function show(link, panel, open) {
  panel.hidden = !open;
  link.setAttribute("aria-expanded", String(open));
  link.closest("tr").classList.toggle("open", open);
}

async function fetchPanel(link) {
  const answer = await fetch(link.href, { headers: { Accept: "text/html" }, redirect: "error" });
  if (!answer.ok) throw new Error(String(answer.status));
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const part = page.querySelector(".unfold");
  if (!part) throw new Error("The page has no such part.");
  const panel = document.createElement("tr");
  panel.className = "unfolded";
  const cell = panel.insertCell();
  cell.colSpan = link.closest("tr").cells.length;
  cell.append(part);
  for (const button of cell.querySelectorAll("[data-copy][hidden]")) button.hidden = false;
  return panel;
}

async function toggle(link) {
  const row = link.closest("tr");
  const there = panelOf(row);
  if (there) return show(link, there, there.hidden);
  if (link.ariaBusy === "true") return undefined;
  link.ariaBusy = "true";
  try {
    const panel = await fetchPanel(link);
    row.after(panel);
    show(link, panel, true);
    announce(`${link.getAttribute("aria-label")} is open`);
  } catch {
    location.assign(link.href);
  } finally {
    link.ariaBusy = null;
  }
  return undefined;
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-unfold]");
  if (!link || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  toggle(link);
});
