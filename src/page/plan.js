// A plan: the answer, what was tried, what a change of the question would change.

// {rows, keys, metrics, searched, whole}: the columns before "met" are keys, those behind it metrics. A plan that was
// interrupted has no column of answers.
function plan_parts() {
  const table = table_of_csv(data.files["plan.csv"] ?? "");
  const met = table.names.indexOf("met");
  const keys = table.names.slice(0, met).filter((name) => name !== "change");
  return {rows: records(table).map((row) => ({change: "", best: "0", ...row})), keys, searched: keys.at(-1), whole: table.names.includes("best"),
    metrics: table.names.slice(met + 1).filter((name) => !["best", "why_not"].includes(name))};
}

function setting_text(row, keys) {
  return keys.map((key) => `${key} = ${row[key]}`).join(", ");
}

function draw_plan(node) {
  const {rows, keys, metrics, whole} = plan_parts();
  const answers = rows.filter((row) => row.best === "1");
  const best = answers.find((row) => row.change === "");
  const tried = rows.filter((row) => row.change === "").length;
  const card = (name) => el("div", {class: "card", title: metric_meaning(name)}, el("span", {}, name), el("b", {}, value_text(number_or_null(best[name]), unit_of_metric(name))));
  fill(node, {}, [
    el("p", {class: `headline ${best ? "good" : "bad"}`, id: "headline"}, best ? t("plan_answer", setting_text(best, keys), tried) : t(whole ? "plan_none" : "plan_partial", tried)),
    best && el("div", {class: "cards"}, metrics.map(card)),
    best && el("ul", {}, answers.filter((row) => row.change !== "").map((row) => el("li", {}, t("plan_change", row.change,
      setting_text(row, keys), row["cost.usd"] ? usd_text(Number(row["cost.usd"])) : "–", best["cost.usd"] ? usd_text(Number(best["cost.usd"])) : "–"))))]);
  const first = keys.length + 1;
  sortable_table(node, {id: "plan", filter: rows.length > 12, high: true, row_class: (row) => (row[first + 1] === t("the_answer") ? "best" : null),
    columns: [{name: t("change")}, ...keys.map((name) => ({name})), {name: t("meets"), class: (v) => (v === t("no") ? "bad" : null)}, {name: t("answer")},
      ...metrics.map((name) => ({name, number: true, text: (v) => value_text(v, unit_of_metric(name))})), {name: t("why_not"), class: () => "wide"}],
    rows: rows.map((row) => [row.change, ...keys.map((key) => row[key]), t(row.met === "1" ? "yes" : "no"), row.best === "1" ? t("the_answer") : "",
      ...metrics.map((name) => number_or_null(row[name])), row.why_not])});
}

// Each metric against the key that was searched; one curve for each combination of the grid and change.
function draw_plan_multiples(node) {
  const {rows, keys, metrics, searched} = plan_parts();
  const grid = chart_grid(node);
  const group_of = (row) => [row.change || t("as_asked"), ...keys.slice(0, -1).map((key) => `${key}=${row[key]}`)].join(", ");
  const groups = [...new Set(rows.map(group_of))];
  metrics.forEach((name, i) => scatter_chart(grid, {id: `plan_${i}`, title: name, note: `${metric_meaning(name)} ${t("note_plan")}`.trim(),
    x: {name: searched, unit: ""}, y: {name: "", unit: unit_of_metric(name)},
    groups: groups.map((group) => ({name: group, joined: true, points: rows.filter((row) => group_of(row) === group)
      .map((row) => ({x: parseFloat(row[searched].replace(/^.*=/, "")), y: number_or_null(row[name]) ?? NaN, strong: row.best === "1", text: row.met === "1" ? t("meets") : row.why_not}))
      .sort((a, b) => a.x - b.x)}))}));
}

function draw_plan_pareto(node) {
  const {rows, keys, metrics} = plan_parts();
  pareto_view(node, rows.map((row) => ({name: setting_text(row, keys), group: row.change || t("as_asked"), strong: row.best === "1",
    values: Object.fromEntries(metrics.map((name) => [name, number_or_null(row[name]) ?? NaN]))})));
}

// pareto.csv, whatever columns it has: numbers are what can be drawn, the other columns name the points.
function draw_pareto_file(node) {
  const table = table_of_csv(data.files["pareto.csv"]);
  const is_number = table.names.map((name, i) => !entry_of(data.keys, name) && !["met", "best"].includes(name) && table.rows.every((row) => row[i] === "" || number_or_null(row[i]) !== null) && table.rows.some((row) => row[i] !== ""));
  const labels = table.names.filter((name, i) => !is_number[i] && !["met", "best"].includes(name));
  pareto_view(node, records(table).map((row) => ({name: labels.filter((name) => row[name]).map((name) => `${name} ${row[name]}`).join(", "), group: t("case"), strong: row.best === "1",
    values: Object.fromEntries(table.names.filter((name, i) => is_number[i]).map((name) => [name, number_or_null(row[name]) ?? NaN]))})));
  sortable_table(node, {id: "pareto", filter: true, high: true, columns: table.names.map((name, i) => (is_number[i] ? {name, number: true, text: (v) => value_text(v, unit_of_metric(name))} : {name})),
    rows: table.rows.map((row) => row.map((v, i) => (is_number[i] ? number_or_null(v) : v)))});
}
