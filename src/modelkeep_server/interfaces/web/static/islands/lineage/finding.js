/* Finding in the graph: what has all the words typed is lit and the rest fades. Enter goes to the next, and chooses what
   alone was found; the arrow leads to the node, Escape ends it. */
export function takeSearch(root, graph, view) {
  const field = root.querySelector("[data-find]");
  const told = root.querySelector("[data-found]");
  const texts = graph.nodes.map((node) => `${node.title} ${node.id}`.toLowerCase());
  let found = [];
  let at = 0;

  function show() {
    told.textContent = !field.value.trim() ? "" : found.length ? `${at + 1} of ${found.length}` : "Nothing of that name";
    if (found.length) told.append(Object.assign(document.createElement("span"), { className: "sr-only", textContent: `: ${found[at].title}` }));
    for (const node of graph.nodes) node.place.classList.toggle("at", node === found[at]);
    if (found.length) view.reveal(found[at]);
  }

  function search() {
    const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
    const hits = new Set(words.length ? graph.nodes.filter((_, index) => words.every((word) => texts[index].includes(word))) : []);
    for (const node of graph.nodes) {
      node.place.classList.toggle("hit", hits.has(node));
      node.place.classList.toggle("off", words.length > 0 && !hits.has(node));
    }
    for (const { path, from, to } of graph.lines) path.classList.toggle("off", words.length > 0 && !(hits.has(from) && hits.has(to)));
    found = [...hits];
    at = 0;
    show();
  }

  field.addEventListener("input", search);
  field.addEventListener("keydown", (event) => {
    if (event.key === "Enter") {
      event.preventDefault();
      if (!found.length) return;
      if (found.length === 1) {
        found[0].link.dispatchEvent(new MouseEvent("click", { bubbles: true, cancelable: true }));
        return;
      }
      at = (at + (event.shiftKey ? found.length - 1 : 1)) % found.length;
      show();
    } else if (event.key === "ArrowDown" && found.length) {
      event.preventDefault();
      root.dispatchEvent(new CustomEvent("lineage:go", { detail: found[at] }));
    } else if (event.key === "Escape" && field.value) {
      event.preventDefault();
      field.value = "";
      search();
    }
  });
}
