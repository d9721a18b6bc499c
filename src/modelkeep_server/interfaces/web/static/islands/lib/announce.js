/* Says something to people who use a screen reader. */
export function announce(words) {
  const place = document.getElementById("announcer");
  if (place) place.textContent = words;
}
