
// A digest is copied whole. Without this file it can be chosen by hand: it stands there whole.

for (const button of document.querySelectorAll("button.copy")) {
  if (!navigator.clipboard) break;
  button.hidden = false;
  const shown = button.firstChild;
  const before = shown.textContent;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(button.dataset.copy);
    shown.textContent = "Copied";
    setTimeout(() => { shown.textContent = before; }, 2_000);
  });
}
