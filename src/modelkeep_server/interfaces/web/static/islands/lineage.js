/* The drawn lineage graph brought to life: it is moved and sized, walked through by keys, searched, and a node is chosen
   in place. What it shows is drawn by the server; htmx fetches what a choice changes. */
import { takeChoices } from "./lineage/choosing.js";
import { takeSearch } from "./lineage/finding.js";
import { readGraph } from "./lineage/graph.js";
import { makeView } from "./lineage/view.js";
import { takeKeys } from "./lineage/walking.js";

/* What a picture that takes the place of another goes on with: its size, and the node that stays where it is. */
let kept = null;
let keepChosen = null;

function open(root) {
  root.dataset.live = "";
  const graph = readGraph(root);
  const view = makeView(root, graph, kept);
  takeKeys(root, graph, view);
  takeSearch(root, graph, view);
  takeChoices(root, graph, view, (node) => { kept = view.keep(node); });
  keepChosen = () => view.keep(graph.find(graph.sheet.dataset.chosen) ?? graph.find(graph.sheet.dataset.middle));
  root.querySelector("[data-tools]").hidden = false;
}

function openAll() {
  for (const root of document.querySelectorAll("[data-lineage]:not([data-live])")) open(root);
  kept = null;
}

openAll();
document.addEventListener("htmx:before:swap", () => { kept ??= keepChosen?.() ?? null; });
document.addEventListener("htmx:after:swap", openAll);
