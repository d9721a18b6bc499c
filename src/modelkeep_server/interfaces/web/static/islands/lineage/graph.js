/* The graph as it stands in the drawing: nodes, the lines between them, and what lies on the ways of a node. */
export function readGraph(root) {
  const sheet = root.querySelector("[data-sheet]");
  const nodes = [...sheet.querySelectorAll("[data-node]")].map((place, index) => {
    const [x, y, width, height] = ["x", "y", "width", "height"].map((name) => Number(place.querySelector("rect").getAttribute(name)));
    const link = place.querySelector("a");
    const title = link.querySelector("title").textContent;
    return { index, place, link, title, x, y, width, height, id: place.dataset.node, column: Number(place.dataset.column), before: [], after: [] };
  });
  const lines = [...sheet.querySelectorAll("[data-from]")].map((path) => {
    const [from, to] = [nodes[path.dataset.from], nodes[path.dataset.to]];
    const line = { path, from, to };
    from.after.push(line);
    to.before.push(line);
    return line;
  });
  const { width, height } = sheet.viewBox.baseVal;
  return { sheet, nodes, lines, width, height, find: (id) => nodes.find((node) => node.id === id) };
}

/** All that leads to a node and that it leads to. */
function trace(node) {
  const on = { nodes: new Set([node]), lines: new Set() };
  for (const [side, end] of [["before", "from"], ["after", "to"]]) {
    const ahead = [node];
    const seen = new Set(ahead);
    while (ahead.length) {
      for (const line of ahead.pop()[side]) {
        on.lines.add(line);
        if (!seen.has(line[end])) { seen.add(line[end]); ahead.push(line[end]); }
      }
    }
    for (const one of seen) on.nodes.add(one);
  }
  return on;
}

/** Light the ways of a node, or none. The lit lines are drawn last, above the others. */
export function light(graph, node) {
  const on = node ? trace(node) : { nodes: new Set(), lines: new Set() };
  for (const one of graph.nodes) {
    one.place.classList.toggle("on", on.nodes.has(one));
    one.place.classList.toggle("chosen", one === node);
    if (one === node) one.link.setAttribute("aria-current", "true");
    else one.link.removeAttribute("aria-current");
  }
  for (const line of graph.lines) {
    line.path.classList.toggle("on", on.lines.has(line));
    if (on.lines.has(line)) line.path.parentNode.append(line.path);
  }
}
