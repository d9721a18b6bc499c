/* "150 of 4,000" under a text with a limit. */
export function countCharacters(root) {
  for (const place of root.querySelectorAll("[data-count-for]")) {
    const control = document.getElementById(place.dataset.countFor);
    if (!control || control.maxLength < 1) continue;
    const show = () => {
      const length = [...control.value].length;
      place.textContent = `${length.toLocaleString("en")} of ${control.maxLength.toLocaleString("en")}`;
      place.hidden = length === 0;
    };
    control.addEventListener("input", show);
    show();
  }
}
