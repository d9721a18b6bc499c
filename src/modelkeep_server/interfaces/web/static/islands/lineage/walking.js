/* By keys: from a node left and right along its lines, up and down in its column; + − 0 f for the size. One node at a time
   takes part in the order of Tab, so that whoever passes by need not pass them all. */
const SIZES = { "+": "in", "=": "in", "-": "out", "−": "out", 0: "one", f: "fit" };

export function takeKeys(root, graph, view) {
  let at = graph.find(graph.sheet.dataset.chosen) ?? graph.nodes[0];

  function stand(node) {
    at = node;
    for (const one of graph.nodes) {
      for (const link of one.place.querySelectorAll("a")) link.setAttribute("tabindex", one === node ? "0" : "-1");
    }
  }

  function go(node) {
    if (!node) return;
    stand(node);
    node.link.focus({ preventScroll: true });
    view.reveal(node);
  }

  const shown = (node) => !node.place.classList.contains("gone");
  const heightOf = (node) => node.y + node.height / 2;

  /** The neighbour that stands nearest, by columns and then in height. */
  function beside(node, side, end) {
    const far = (other) => [Math.abs(other.column - node.column), Math.abs(heightOf(other) - heightOf(node))];
    const nearer = (a, b) => far(a)[0] - far(b)[0] || far(a)[1] - far(b)[1];
    return node[side].map((line) => line[end]).filter(shown).sort(nearer)[0];
  }

  function inColumn(node, step) {
    const column = graph.nodes.filter((one) => one.column === node.column && shown(one)).sort((a, b) => a.y - b.y);
    return column[column.indexOf(node) + step];
  }

  const ways = {
    ArrowRight: (node) => beside(node, "after", "to"),
    ArrowLeft: (node) => beside(node, "before", "from"),
    ArrowUp: (node) => inColumn(node, -1),
    ArrowDown: (node) => inColumn(node, 1),
    Home: () => graph.find(graph.sheet.dataset.middle),
  };

  view.port.addEventListener("focusin", (event) => {
    const node = graph.nodes.find((one) => one.place.contains(event.target));
    if (node) stand(node);
  });
  view.port.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const node = graph.nodes.find((one) => one.place.contains(event.target));
    if (SIZES[event.key]) {
      event.preventDefault();
      view.sizes[SIZES[event.key]]();
      if (node) view.reveal(node);
    } else if (ways[event.key] && node) {
      event.preventDefault();
      go(ways[event.key](node));
    } else if (event.key === "Enter" && event.target === view.port) go(at);
  });
  view.port.setAttribute("aria-label", `${view.port.getAttribute("aria-label")}. Arrow keys move it, Enter goes to a node, and arrow keys from there to its neighbours`);
  root.addEventListener("lineage:go", (event) => go(event.detail));
  stand(at);
}
