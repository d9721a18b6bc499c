/* Files dropped anywhere on the page, or chosen, each as {file, path}; folders keep their paths. */

export function takeDrops(place, add) {
  let depth = 0;
  const carries = (event) => event.dataTransfer?.types.includes("Files");
  const rest = () => { depth = 0; place.classList.remove("dragging"); };
  document.addEventListener("dragenter", (event) => { if (carries(event)) { depth += 1; place.classList.add("dragging"); } });
  document.addEventListener("dragleave", (event) => { if (carries(event) && (depth -= 1) <= 0) rest(); });
  document.addEventListener("dragover", (event) => { if (carries(event)) event.preventDefault(); });
  document.addEventListener("drop", async (event) => {
    if (!carries(event)) return;
    event.preventDefault();
    rest();
    const entries = [...event.dataTransfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
    const plain = [...event.dataTransfer.files].map((file) => ({ file, path: file.name }));
    add(entries.some((entry) => entry.isDirectory) ? (await Promise.all(entries.map(walk))).flat() : plain);
  });
}

export const chosen = (input) => [...input.files].map((file) => ({ file, path: file.webkitRelativePath || file.name }));

async function walk(entry) {
  if (entry.isFile) {
    const file = await new Promise((done, failed) => entry.file(done, failed));
    return [{ file, path: entry.fullPath.replace(/^\//, "") }];
  }
  const reader = entry.createReader();
  const found = [];
  for (;;) {
    const some = await new Promise((done, failed) => reader.readEntries(done, failed));
    if (!some.length) break;
    found.push(...some);
  }
  return (await Promise.all(found.map(walk))).flat();
}
