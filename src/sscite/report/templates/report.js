// Sort a table by the column whose head is clicked; numbers as numbers.
document.querySelectorAll("table.sortable th").forEach((head) =>
  head.addEventListener("click", () => {
    const body = head.closest("table").tBodies[0], column = head.cellIndex;
    const up = head.dataset.up !== "true";
    head.dataset.up = up;
    const value = (row) => row.cells[column].dataset.value ?? row.cells[column].textContent;
    const order = (a, b) => (isNaN(a) || isNaN(b) ? String(a).localeCompare(String(b)) : a - b) * (up ? 1 : -1);
    [...body.rows].sort((a, b) => order(value(a), value(b))).forEach((row) => body.append(row));
  }),
);
// A link into a closed block opens it.
addEventListener("hashchange", () => document.querySelector(location.hash)?.closest("details")?.setAttribute("open", ""));
