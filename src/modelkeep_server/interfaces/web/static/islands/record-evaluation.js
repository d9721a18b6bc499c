/* Record evaluation: reads a file into the box of metrics. Without this its text is pasted. */
const BYTES_MAX = 1024 * 1024;
const row = document.querySelector("[data-file-row]");
const input = document.getElementById("metrics-file");
const says = row.querySelector("[data-file-says]");
const box = document.getElementById("metrics");
const format = document.getElementById("format");

row.hidden = false;
input.addEventListener("change", async () => {
  const [file] = input.files;
  if (!file) return;
  if (file.size > BYTES_MAX) {
    says.textContent = `${file.name} is larger than 1 MiB. Split it, or keep only the metrics.`;
    return;
  }
  box.value = await file.text();
  if (format.value === "lines") format.value = "";
  says.textContent = `${file.name} is in the box. Preview shows what is read of it.`;
  input.value = "";
});
