// The day: what came in, what the fleet did about it, what it cost and earned.

function decision_marks() {
  const at = Object.fromEntries(data.decisions.names.map((name, i) => [name, i]));
  return data.decisions.rows.filter((row) => Number(row[at.time_s]) >= 0).map((row) => ({
    time: Number(row[at.time_s]),
    failure: row[at.by] === "failures",
    text: `${clock_text(Number(row[at.time_s]), true)}  ${row[at.by]}\n${t("saw")}: ${row[at.saw]}\n${t("decided")}: ${row[at.decided]}` +
      (row[at.why] ? `\n${t("why")}: ${row[at.why]}` : ""),
  }));
}

// A curve of one column of timeseries.csv, named in words.
function curve(column, more = {}) {
  return {name: column_name(column), values: series(column), ...more};
}

function column_name(column) {
  return TEXTS["column_" + column] ? t("column_" + column) : column;
}

// The charts of one section side by side.
function chart_grid(parent) {
  const grid = el("div", {class: "grid"});
  parent.append(grid);
  return grid;
}

function series_chart(parent, id, unit, curves, more = {}) {
  return time_chart(parent, {id, title: t("chart_" + id), unit, times: series("time_s"), series: curves, ...more});
}

function rates(column) {
  const values = series(column), times = series("time_s");
  if (!values || times.length < 2) return null;
  const step = times[1] - times[0];
  return values.map((v) => (v === null ? null : v / step));
}

function money_charts(grid) {
  const by_hour = numbers(data.hourly, "time_s").length >= 3;
  const times = by_hour ? numbers(data.hourly, "time_s") : series("time_s");
  const of = (name) => (by_hour ? numbers(data.hourly, name) : series(name));
  const published = (name, base) => ({name: t("published", base), values: by_hour ? of(name) : null, dash: true, colour: "c5"});
  const width = times.length > 1 ? times[1] - times[0] : data.summary.simulated_s;
  const note = t(by_hour ? "note_hourly" : "note_interval");
  time_chart(grid, {id: "nodes_mean", title: t("chart_nodes_mean"), unit: "nodes", times, note, width, series: [
    {name: t("column_nodes_mean"), values: of("nodes_mean"), style: "bars", colour: "c1"},
    published("published_nodes_mean", t("column_nodes_mean"))]});
  time_chart(grid, {id: "cost_income", title: t("chart_cost_income"), unit: "USD", times, note, width, series: [
    {name: t("column_theoretical_revenue_usd"), values: of("theoretical_revenue_usd"), style: "bars", colour: "c3"},
    {name: t("column_cost_usd"), values: of("cost_usd"), style: "bars", colour: "c2"},
    {name: t("column_expected_revenue_usd"), values: of("expected_revenue_usd"), style: "line", colour: "c4"},
    published("published_theoretical_revenue_usd", t("column_theoretical_revenue_usd")),
    {...published("published_cost_usd", t("column_cost_usd")), colour: "c6"}]});
}

function draw_day(node) {
  const grid = chart_grid(node);
  series_chart(grid, "load", "tokens/s", [curve("input_tps"), curve("output_tps")]);
  series_chart(grid, "requests", "requests/s", ["arrived_requests", "completed_requests", "rejected_requests", "failed_requests", "retried_requests"]
    .filter((name) => (series(name) ?? []).some((v) => v > 0)).map((name) => ({name: column_name(name), values: rates(name)})));
  const marks = decision_marks();
  const states = ["nodes_serving", "nodes_loading", "nodes_draining", "nodes_down", "nodes_spare"].filter((name, i) => i === 0 || (series(name) ?? []).some((v) => v > 0));
  series_chart(grid, "nodes", "nodes", states.map((name) => curve(name, {style: "step"})), {stacked: true, marks, note: marks.length ? t("note_marks") : null});
  series_chart(grid, "phases", "nodes", [curve("prefill_nodes_allotted", {style: "step"}), curve("decode_nodes_allotted", {style: "step"})], {marks});
  money_charts(grid);
  if (!data.decisions.rows.length) return;
  node.append(el("h3", {}, t("decisions_title")));
  sortable_table(node, {id: "decisions", filter: true, high: true,
    columns: data.decisions.names.map((name) => (name === "time_s"
      ? {name: t("time"), number: true, text: (v) => clock_text(v, true)} : {name: TEXTS[name] ? t(name) : name})),
    rows: data.decisions.rows.map((row) => row.map((v, i) => (data.decisions.names[i] === "time_s" ? Number(v) : v)))});
}
