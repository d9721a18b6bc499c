/* The section of a model card that is being read is marked in the list of its sections. */
const links = new Map([...document.querySelectorAll(".card-nav a")].map((link) => [link.hash.slice(1), link]));
const sections = [...links.keys()].map((id) => document.getElementById(id)).filter(Boolean);
const last = sections.at(-1);
let chosen = null;
let isAtEnd = false;

// What has come up to a quarter of the screen is being read; at the end, what one was led to, or else the last.
function find() {
  if (isAtEnd) return chosen ?? last;
  return sections.findLast((section) => section.getBoundingClientRect().top <= innerHeight / 4) ?? sections[0];
}

function mark() {
  const present = find();
  for (const [id, link] of links) {
    if (id === present.id) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  }
}

if (last) {
  const reading = new IntersectionObserver(mark, { rootMargin: "-25% 0px -75% 0px" });
  for (const section of sections) reading.observe(section);
  // The last ones may be too short to come up as far.
  const end = document.createElement("i");
  last.append(end);
  new IntersectionObserver(([entry]) => {
    isAtEnd = entry.isIntersecting;
    if (!isAtEnd) chosen = null;
    mark();
  }).observe(end);
  for (const [id, link] of links) {
    link.addEventListener("click", () => { chosen = document.getElementById(id); mark(); });
  }
}
