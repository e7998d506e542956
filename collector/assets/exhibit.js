// Lists sort and filter at once where all their rows are on the page. Without this file the same links and forms ask
// the collector.

function enhance(list) {
  const table = list.querySelector("table");
  const form = list.querySelector("form.filter");
  if (!table || !form || !("whole" in list.dataset)) return;
  const body = table.tBodies[0];
  const rows = [...body.rows];
  const number = form.querySelector("[data-number]");
  const nothing = list.querySelector("[data-nothing]");
  const search = form.querySelector("[data-q]");
  const selects = [...form.querySelectorAll("select[data-column]")];
  const csv = form.querySelector("a.csv");
  const total = Number((number.textContent.match(/\d+$/) || [rows.length])[0]);
  // A page that the collector filtered already holds only a part: leave it to the collector until the filter is empty.
  if (rows.length !== total) return;

  const text = (cell) => cell.dataset.text ?? cell.textContent;
  const haystack = new Map(rows.map((row) => [row, row.textContent.toLowerCase()]));

  function filter() {
    const needle = search.value.trim().toLowerCase();
    let shown = 0;
    for (const row of rows) {
      const fits = haystack.get(row).includes(needle) &&
        selects.every((s) => s.value === "" || text(row.cells[Number(s.dataset.column)]) === s.value);
      row.hidden = !fits;
      if (fits) shown += 1;
    }
    number.textContent = shown === rows.length ? String(shown) : `${shown} of ${rows.length}`;
    nothing.hidden = shown > 0;
    list.dispatchEvent(new CustomEvent("filtered", { bubbles: true, detail: rows.filter((row) => !row.hidden) }));
    remember();
  }

  // The address follows, so that it can be shared and reloaded.
  function remember() {
    const address = new URL(location.href);
    for (const field of [search, ...selects]) {
      if (field.value) address.searchParams.set(field.name, field.value);
      else address.searchParams.delete(field.name);
    }
    history.replaceState(null, "", address);
    if (csv) csv.search = address.search;
  }

  const key = (cell) => cell.dataset.sort ?? text(cell).toLowerCase();
  table.tHead.addEventListener("click", (event) => {
    const link = event.target.closest("th a:not(.term)");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    const head = link.closest("th");
    const descending = head.getAttribute("aria-sort") === "ascending";
    for (const other of head.parentNode.cells) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", descending ? "descending" : "ascending");
    const column = head.cellIndex;
    const order = (a, b) => (key(a.cells[column]) < key(b.cells[column]) ? -1 : key(a.cells[column]) > key(b.cells[column]) ? 1 : 0);
    rows.sort(descending ? (a, b) => order(b, a) : order);
    body.append(...rows);
  });

  form.querySelector("[data-apply]").hidden = true;
  search.addEventListener("input", filter);
  for (const select of selects) select.addEventListener("change", filter);
  form.addEventListener("submit", (event) => { event.preventDefault(); filter(); });
}

document.querySelectorAll("[data-list]").forEach(enhance);

// Tables inside a page (a target's kinds, the rows of a document) are whole already: their heads sort, long ones filter.
const LONG = 8;

function loose(table) {
  const body = table.tBodies[0];
  if (!table.tHead || !body || body.rows.length < 2) return;
  const rows = [...body.rows];
  const shown = (row, column) => row.cells[column].textContent.trim();
  const order = new Intl.Collator("en", { numeric: true }).compare;
  for (const head of table.tHead.rows[0].cells) {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const descending = head.getAttribute("aria-sort") === "ascending";
      for (const other of head.parentNode.cells) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", descending ? "descending" : "ascending");
      const column = head.cellIndex;
      rows.sort((a, b) => order(shown(a, column), shown(b, column)) * (descending ? -1 : 1));
      body.append(...rows);
    });
  }
  if (rows.length < LONG) return;
  const filter = document.createElement("div");
  const label = document.createElement("label");
  const name = document.createElement("span");
  const search = document.createElement("input");
  const number = document.createElement("output");
  filter.className = "filter";
  number.className = "number";
  name.textContent = "Filter";
  search.type = "search";
  search.placeholder = "any text";
  number.textContent = String(rows.length);
  label.append(name, search);
  filter.append(label, number);
  table.parentNode.before(filter);
  const haystack = new Map(rows.map((row) => [row, row.textContent.toLowerCase()]));
  search.addEventListener("input", () => {
    const needle = search.value.trim().toLowerCase();
    let fitting = 0;
    for (const row of rows) {
      row.hidden = !haystack.get(row).includes(needle);
      if (!row.hidden) fitting += 1;
    }
    number.textContent = fitting === rows.length ? String(fitting) : `${fitting} of ${rows.length}`;
  });
}

for (const table of document.querySelectorAll(".scroll > table")) {
  if (!table.closest("[data-list]")) loose(table);
}

// What has unfolded above the page folds again by Escape, and by a click beside it.
const unfolded = () => document.querySelector(".top details[open]");
addEventListener("click", (event) => {
  const open = unfolded();
  if (open && !open.contains(event.target)) open.open = false;
});
addEventListener("keydown", (event) => {
  const open = unfolded();
  if (event.key !== "Escape" || !open) return;
  open.open = false;
  open.querySelector("summary").focus();
});

// The picture of the controls shows those that the list below it shows.
addEventListener("filtered", (event) => {
  const picture = document.querySelector("[data-picture]");
  if (!picture) return;
  const shown = new Set(event.detail.map((row) => row.cells[0].textContent.trim()));
  for (const theme of picture.children) {
    const tiles = [...theme.querySelectorAll("li")];
    for (const tile of tiles) tile.hidden = !shown.has(tile.querySelector("a > span").textContent);
    theme.hidden = tiles.every((tile) => tile.hidden);
  }
});

// Paper cannot be unfolded.
addEventListener("beforeprint", () => {
  for (const part of document.querySelectorAll(".finding details, .card details")) part.open = true;
});
