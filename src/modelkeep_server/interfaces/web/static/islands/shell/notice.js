/* The notice of a success: can be dismissed, and its mark leaves the address, so that a reload does not say it again. */
const notice = document.querySelector("[data-notice]");
if (notice) {
  const button = notice.querySelector("[data-dismiss]");
  button.hidden = false;
  button.addEventListener("click", () => notice.remove());
  const address = new URL(location.href);
  address.searchParams.delete("done");
  history.replaceState(history.state, "", address);
}
