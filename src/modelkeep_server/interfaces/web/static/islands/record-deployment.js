// The sum of the shares, told while they are typed.
const form = document.querySelector("[data-shares]");
const told = form?.querySelector("[data-total]");

function tell() {
  const shares = [...form.querySelectorAll("[data-share]")].map((control) => control.value.trim().replace("%", "").replace(",", "."));
  const total = shares.filter(Boolean).reduce((sum, share) => sum + Math.round(Number(share) * 100), 0) / 100;
  told.hidden = false;
  told.textContent = Number.isNaN(total) ? "A share is a number" : `${total} % of 100 %`;
  told.classList.toggle("err", !(total <= 100));
}

if (form && told) {
  form.addEventListener("input", tell);
  tell();
}
