// SPDX-License-Identifier: GPL-2.0
// A table that sorts by any column and can be searched. A column: {title, value (sorted by), show (a node or text),
// number (right-aligned, largest first), wide}.

const ROWS_SHOWN = 15;

const compare = (a, b) => typeof a === "number" && typeof b === "number" ? a - b :
    String(a ?? "").localeCompare(String(b ?? ""), "en");

const cellOf = (column, row) => {
  const content = column.show ? column.show(row) : column.value(row);
  const shown = typeof content === "number" ? grouped(content) : content ?? "";
  return el("td", {class: [column.number ? "number" : "", column.wide ? "wide" : ""].join(" ").trim() || undefined},
            shown === "" ? "–" : shown);
};

const makeTable = (name, columns, rows, sortedBy) => {
  const body = el("tbody");
  const headers = columns.map((column) => el("th", {scope: "col", class: column.number ? "number" : undefined},
                                             el("button", {type: "button"}, column.title)));
  const table = el("table", {"data-table": name}, el("thead", {}, el("tr", {}, ...headers)), body);
  const lines = rows.map((row) => ({row, line: el("tr", {}, ...columns.map((column) => cellOf(column, row)))}));
  for (const entry of lines) {
    entry.words = entry.line.textContent.toLowerCase();
  }
  const count = el("span", {class: "muted"});
  const all = el("button", {type: "button", class: "plain"}, "");
  const search = el("input", {type: "search", placeholder: "Search", "aria-label": `Search ${name}`});
  let expanded = false;
  let sorted = sortedBy;
  let descending = columns[sortedBy].number === true;

  const render = () => {
    const wanted = search.value.trim().toLowerCase();
    const matching = lines.filter((entry) => entry.words.includes(wanted));
    const column = columns[sorted];
    matching.sort((a, b) => compare(column.value(a.row), column.value(b.row)) * (descending ? -1 : 1));
    const shown = expanded ? matching : matching.slice(0, ROWS_SHOWN);
    body.replaceChildren(...shown.map((entry) => entry.line));
    headers.forEach((header, i) => {
      header.setAttribute("aria-sort", i !== sorted ? "none" : descending ? "descending" : "ascending");
    });
    count.textContent = wanted === "" ? plural(rows.length, "row") : `${grouped(matching.length)} of ${plural(rows.length, "row")}`;
    all.textContent = expanded ? "Show fewer" : `Show all ${grouped(matching.length)}`;
    all.hidden = matching.length <= ROWS_SHOWN;
  };
  headers.forEach((header, i) => header.addEventListener("click", () => {
    descending = sorted === i ? !descending : columns[i].number === true;
    sorted = i;
    render();
  }));
  all.addEventListener("click", () => {
    expanded = !expanded;
    render();
  });
  search.addEventListener("input", render);
  render();
  const bar = el("div", {class: "bar"}, count, all, rows.length > 5 ? search : null);
  return el("div", {class: "table"}, el("div", {class: "scroll"}, table), bar);
};
