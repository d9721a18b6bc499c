/* A click chooses a node: its ways are lit at once, and what the page says of it is fetched. A click on "+3" fetches the
   picture with the neighbours that were not in it, unless it is full. Where htmx is not there, the links lead as they are. */
import { announce } from "../lib/announce.js";
import { light } from "./graph.js";

export function takeChoices(root, graph, view, keep) {
  view.port.addEventListener("click", (event) => {
    const link = event.target.closest?.("a");
    if (!link || !window.htmx || event.button || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const node = graph.nodes.find((one) => one.place.contains(link));
    const { picture, panel, beside, chooser } = root.dataset;
    const { pathname, searchParams } = new URL(link.href.baseVal, location.href);
    // What is chosen by now may be another than when the links were drawn.
    searchParams.set(chooser, link === node.link ? node.id : graph.sheet.dataset.chosen);
    const address = `${pathname}?${searchParams}`;
    if (link === node.link) {
      if (!document.querySelector(panel)) return;
      event.preventDefault();
      light(graph, node.id === graph.sheet.dataset.middle ? null : node);
      graph.sheet.dataset.chosen = node.id;
      announce(`Chosen: ${node.title}`);
      window.htmx.ajax("GET", address, { source: root, target: panel, select: panel, selectOOB: beside, swap: "outerHTML", push: "true" });
    } else if ("expand" in link.dataset && document.querySelector(picture)) {
      event.preventDefault();
      keep(node);
      window.htmx.ajax("GET", address, { source: root, target: picture, select: picture, swap: "outerHTML", push: "true" });
    }
  });
}
