/* Where a row of tabs is wider than the screen, the present one is brought into sight. */
for (const present of document.querySelectorAll(".tabline [aria-current]")) {
  const row = present.parentElement;
  const past = present.offsetLeft - row.offsetLeft + present.offsetWidth - row.clientWidth;
  if (past > 0) row.scrollLeft = past + 32;
}
