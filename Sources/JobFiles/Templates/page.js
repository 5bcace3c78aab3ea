// Sorting by a click on a column's head; the page is complete without it.
for (const table of document.querySelectorAll("table.sortable")) {
  const heads = table.tHead.rows[0].cells;
  for (const [column, head] of [...heads].entries()) {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const rising = head.getAttribute("aria-sort") !== "ascending";
      for (const other of heads) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", rising ? "ascending" : "descending");
      const value = (row) => {
        const text = row.cells[column].textContent.replace(/,/g, "");
        const number = parseFloat(text);
        return Number.isNaN(number) ? text : number;
      };
      const order = (a, b) => typeof a === typeof b ? (a < b ? -1 : a > b ? 1 : 0) : (typeof a === "number" ? -1 : 1);
      const rows = [...table.tBodies[0].rows].sort((a, b) => order(value(a), value(b)) * (rising ? 1 : -1));
      table.tBodies[0].append(...rows);
    });
  }
}
