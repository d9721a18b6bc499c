/* Moving and sizing. The graph lies in a part of the page that scrolls, so that moving it is scrolling, which takes no
   script. Its size is a transformation, which lays out nothing anew within it; its room says how much there is to scroll. */
const [LEAST, MOST, STEP] = [0.1, 3, 1.25];
const MARGIN = 48;
const still = matchMedia("(prefers-reduced-motion: reduce)");

export function makeView(root, graph, kept) {
  const port = root.querySelector("[data-view]");
  const percent = root.querySelector("[data-zoom=one]");
  const room = root.querySelector("[data-room]");
  const drawn = [graph.sheet, root.querySelector("[data-heads]")];
  const { sheet } = graph;
  let scale = 1;

  /** Sets the size so that what is at a point of the port stays there. */
  function resize(wanted, x = port.clientWidth / 2, y = port.clientHeight / 2) {
    const next = Math.min(MOST, Math.max(LEAST, wanted));
    const [left, top] = where();
    const at = [(x - left) / scale, (y - top) / scale];
    scale = next;
    for (const one of drawn) one.style.transform = `scale(${scale})`;
    room.style.width = `${graph.width * scale}px`;
    room.style.height = `${graph.height * scale}px`;
    const [newLeft, newTop] = where();
    port.scrollLeft += newLeft + at[0] * scale - x;
    port.scrollTop += newTop + at[1] * scale - y;
    percent.textContent = `${Math.round(scale * 100)} %`;
  }

  /** Where the corner of the drawing is, from the corner of the port. */
  function where() {
    const [outer, inner] = [port.getBoundingClientRect(), room.getBoundingClientRect()];
    return [inner.left - outer.left - port.clientLeft, inner.top - outer.top - port.clientTop];
  }

  const fitting = () => Math.min(1, port.clientWidth / graph.width, port.clientHeight / graph.height);

  function fit() {
    resize(fitting());
    port.scrollTo(0, 0);
  }

  const middleOf = (node) => [(node.x + node.width / 2) * scale, (node.y + node.height / 2) * scale];

  /** Scrolls so that the middle of a node comes to a point of the port, as far as there is something to scroll. */
  function stay(node, x, y) {
    const [left, top] = where();
    const [nodeX, nodeY] = middleOf(node);
    port.scrollLeft += left + nodeX - x;
    port.scrollTop += top + nodeY - y;
  }

  /** Scrolls no further than it takes to see a node whole. */
  function reveal(node) {
    const [left, top] = where();
    const way = (start, length, room) => {
      if (start < MARGIN) return start - MARGIN;
      return start + length > room - MARGIN ? Math.min(start - MARGIN, start + length - room + MARGIN) : 0;
    };
    const x = way(left + node.x * scale, node.width * scale, port.clientWidth);
    const y = way(top + node.y * scale, node.height * scale, port.clientHeight);
    port.scrollBy({ left: x, top: y, behavior: still.matches ? "auto" : "smooth" });
  }

  /** What the next picture needs to go on where this one is; nothing where none is seen. */
  function keep(node) {
    if (!port.clientWidth) return null;
    const [left, top] = where();
    const [x, y] = middleOf(node);
    return { scale, id: node.id, x: left + x, y: top + y };
  }

  function begin() {
    const middle = graph.find(sheet.dataset.chosen) ?? graph.find(sheet.dataset.middle);
    if (!middle) return;
    const same = kept && graph.find(kept.id);
    // A drawing a little wider than its place is made smaller; another is read at its natural size, and moved.
    const across = port.clientWidth / graph.width;
    resize(kept ? kept.scale : across < 1 && across > 0.7 ? across : 1);
    if (same) stay(same, kept.x, kept.y);
    else stay(middle, port.clientWidth / 2, port.clientHeight / 2);
  }

  const sizes = { in: () => resize(scale * STEP), out: () => resize(scale / STEP), one: () => resize(1), fit };
  for (const button of root.querySelectorAll("[data-zoom]")) {
    button.addEventListener("click", sizes[button.dataset.zoom]);
  }
  port.addEventListener("wheel", (event) => {
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    const box = port.getBoundingClientRect();
    resize(scale * Math.exp(-event.deltaY / 300), event.clientX - box.left, event.clientY - box.top);
  }, { passive: false });
  drag(port);
  pinch(port, () => scale, resize);
  if (port.clientWidth) begin();
  else {
    // On a phone the table is shown; the graph may come to light when the phone is turned.
    const seen = new ResizeObserver(() => {
      if (!port.clientWidth) return;
      seen.disconnect();
      begin();
    });
    seen.observe(port);
  }
  return { port, reveal, keep, sizes };
}

/** With a mouse, the graph is taken and drawn along. A click that ends a drag chooses nothing: it is the port's. */
function drag(port) {
  let from = null;
  port.classList.add("live");
  port.addEventListener("dragstart", (event) => event.preventDefault());
  port.addEventListener("pointerdown", (event) => {
    if (event.pointerType !== "mouse" || event.button !== 0) return;
    from = { x: event.clientX, y: event.clientY, left: port.scrollLeft, top: port.scrollTop, moved: false };
  });
  port.addEventListener("pointermove", (event) => {
    if (!from) return;
    const [x, y] = [event.clientX - from.x, event.clientY - from.y];
    if (!from.moved) {
      if (Math.hypot(x, y) < 5) return;
      from.moved = true;
      port.setPointerCapture(event.pointerId);
      port.classList.add("grabbed");
    }
    port.scrollTo(from.left - x, from.top - y);
  });
  const end = () => {
    from = null;
    port.classList.remove("grabbed");
  };
  port.addEventListener("pointerup", end);
  port.addEventListener("pointercancel", end);
}

/** Two fingers make it larger and smaller; one scrolls, as anywhere. */
function pinch(port, read, resize) {
  let start = null;
  const measure = ([one, other]) => Math.hypot(one.clientX - other.clientX, one.clientY - other.clientY);
  port.addEventListener("touchstart", ({ touches }) => {
    start = touches.length === 2 ? { span: measure(touches), scale: read() } : null;
  }, { passive: true });
  port.addEventListener("touchmove", (event) => {
    if (!start || event.touches.length !== 2) return;
    event.preventDefault();
    const [one, other] = event.touches;
    const box = port.getBoundingClientRect();
    resize(start.scale * (measure(event.touches) / start.span),
      (one.clientX + other.clientX) / 2 - box.left, (one.clientY + other.clientY) / 2 - box.top);
  }, { passive: false });
  port.addEventListener("touchend", () => { start = null; }, { passive: true });
}
