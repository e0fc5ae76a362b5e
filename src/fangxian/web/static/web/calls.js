// One key for what came of the call: 1 to 5, where one is not writing.
addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey) return;
  if (event.target.matches("input:not([type=radio], [type=checkbox]), select, textarea")) return;
  const button = document.querySelector(`.callbar [data-key="${CSS.escape(event.key)}"]`);
  if (!button) return;
  event.preventDefault();
  if (button.value === "again" && !document.getElementById("again").value) document.getElementById("again").focus();
  else button.click();
});
