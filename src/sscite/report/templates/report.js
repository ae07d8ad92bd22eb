// Tables: sort by the button in a column's head, search, download as CSV. Works by keyboard; no library, no network.
document.querySelectorAll("table.data").forEach((table) => {
  const body = table.tBodies[0], tools = table.parentElement.previousElementSibling;
  const text = (cell) => cell.dataset.n || cell.textContent.trim();
  table.querySelectorAll(".sort").forEach((button) =>
    button.addEventListener("click", () => {
      const head = button.parentElement, column = head.cellIndex, up = head.getAttribute("aria-sort") !== "ascending";
      table.querySelectorAll("th").forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", up ? "ascending" : "descending");
      const numeric = (value) => value !== "" && !isNaN(value);
      const order = (a, b) => (numeric(a) && numeric(b) ? a - b : numeric(a) ? -1 : numeric(b) ? 1 : a.localeCompare(b)) * (up ? 1 : -1);
      [...body.rows].sort((a, b) => order(text(a.cells[column]), text(b.cells[column]))).forEach((row) => body.append(row));
    }),
  );
  tools.querySelector(".find").addEventListener("input", (event) => {
    const wanted = event.target.value.toLowerCase();
    let shown = 0;
    for (const row of body.rows) shown += !(row.hidden = !row.textContent.toLowerCase().includes(wanted));
    tools.querySelector(".count").textContent = wanted ? `${shown} of ${body.rows.length} rows` : "";
  });
  tools.querySelector(".csv").addEventListener("click", () => {
    // a text that a spreadsheet would run as a formula is kept a text
    const quote = (value) => `"${(isNaN(value) && /^[=+@\t\r-]/.test(value) ? "'" + value : value).replaceAll('"', '""')}"`;
    const heads = [...table.tHead.rows[0].cells].map((cell) => cell.textContent.trim());
    const lines = [heads, ...[...body.rows].map((row) => [...row.cells].map(text))];
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob(["\ufeff" + lines.map((line) => line.map(quote).join(",")).join("\r\n")], { type: "text/csv" }));
    link.download = `${table.parentElement.getAttribute("aria-label").replace(/[^A-Za-z0-9]+/g, "_")}.csv`;
    link.click();
    URL.revokeObjectURL(link.href);
  });
});
// A link into a closed block opens it; all blocks are open on paper.
const reveal = () => {
  const target = location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  for (let block = target && target.closest("details"); block; block = block.parentElement.closest("details")) block.open = true;
  if (target) target.scrollIntoView();
};
addEventListener("hashchange", reveal);
reveal();
addEventListener("beforeprint", () => document.querySelectorAll("#summary details, details.entry").forEach((block) => (block.open = true)));
