// Tables that sort by a click on a head and show the rows that hold a word.

// spec: {id, columns: [{name, number, text(value), unit}], rows: [[value]], filter, high, row_class(row)}
function sortable_table(parent, spec) {
  const order = {column: -1, down: false};
  const body = el("tbody");
  const shown = el("span", {class: "soft", "aria-live": "polite"});
  let word = "";
  const cell = (column, value) => {
    const text = column.text ? column.text(value) : value === null || value === undefined ? "" : String(value);
    return el("td", {class: `${column.number ? "number" : "text"} ${column.class?.(value) ?? ""}`.trim(), "data-value": typeof value === "number" ? value : null}, text);
  };
  const draw = () => {
    let rows = spec.rows.filter((row) => !word || row.some((v) => String(v ?? "").toLowerCase().includes(word)));
    if (order.column >= 0) {
      const sign = order.down ? -1 : 1;
      rows = [...rows].sort((a, b) => sign * compared(a[order.column], b[order.column]));
    }
    body.replaceChildren(...rows.map((row) => el("tr", {class: spec.row_class?.(row)}, spec.columns.map((column, i) => cell(column, row[i])))));
    shown.textContent = word ? t("rows_shown", rows.length, spec.rows.length) : "";
  };
  const heads = spec.columns.map((column, i) => el("th", {scope: "col", class: column.number ? "number" : null, "aria-sort": "none"},
    el("button", {type: "button", onclick: () => {
      order.down = order.column === i ? !order.down : false;
      order.column = i;
      heads.forEach((head, j) => head.setAttribute("aria-sort", j !== i ? "none" : order.down ? "descending" : "ascending"));
      draw();
    }}, column.name)));
  const csv = () => csv_text(spec.columns.map((column) => column.name), spec.rows);
  parent.append(
    el("div", {class: "table-tools"},
      spec.filter && el("input", {type: "search", placeholder: t("filter"), "aria-label": t("filter"), oninput: (event) => {
        word = event.target.value.trim().toLowerCase();
        draw();
      }}), shown, download_button(`${spec.id}.csv`, csv)),
    el("div", {class: spec.high ? "scroll high" : "scroll", tabindex: 0, role: "region", "aria-label": t("table_" + spec.id)},
      el("table", {id: `table-${spec.id}`}, el("thead", {}, el("tr", {}, heads)), body)));
  draw();
}

// Numbers by size, words by the alphabet, what is missing last.
function compared(a, b) {
  const missing = (v) => v === null || v === undefined || v === "";
  if (missing(a) || missing(b)) return missing(a) - missing(b);
  return typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b), undefined, {numeric: true});
}
