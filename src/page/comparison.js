// Sweeps and comparisons: cases side by side with intervals, metric by metric.

// comparison.csv as rows of objects; numbers where they are.
function records(table) {
  return table.rows.map((row) => Object.fromEntries(table.names.map((name, i) => [name, row[i] ?? ""])));
}

function number_or_null(text) {
  return text === "" || text === undefined || Number.isNaN(Number(text)) ? null : Number(text);
}

function compared_rows() {
  return records(table_of_csv(data.files["comparison.csv"] ?? "")).map((row) => ({...row,
    name: row.where ? `${row.variant} (${row.where})` : row.variant, unit: unit_of_metric(row.metric),
    mean: number_or_null(row.mean), low: number_or_null(row.mean_low), high: number_or_null(row.mean_high)}));
}

function unit_of_metric(name) {
  return entry_of(data.metrics, name)?.[0] ?? "";
}

function metric_meaning(name) {
  const [, sentence, part] = entry_of(data.metrics, name) ?? [];
  return sentence ? (part ? `${sentence} (${part})` : sentence) : "";
}

function draw_comparison(node) {
  const rows = compared_rows();
  if (!rows.length) {
    node.append(el("p", {class: "soft"}, t("no_comparison")));
    return;
  }
  node.append(el("p", {class: "soft"}, t("comparison_note", [...new Set(rows.map((row) => row.baseline))].join("; "))));
  const difference = (row) => (row.difference === "" ? "–"
    : `${value_text(Number(row.difference), row.unit)} [${value_text(number_or_null(row.difference_low), row.unit)}, ${value_text(number_or_null(row.difference_high), row.unit)}]`);
  sortable_table(node, {id: "comparison", filter: true, high: true,
    columns: [{name: t("metric")}, {name: t("case")}, {name: t("mean"), number: true, text: (v) => number_text(v, 5)}, {name: t("interval")},
      {name: t("difference_to_baseline")}, {name: t("significant")}, {name: t("seeds"), number: true}, {name: t("status")}],
    rows: rows.map((row) => [row.metric, row.name, row.mean, row.low === null ? "–" : `${value_text(row.low, row.unit)} … ${value_text(row.high, row.unit)}`,
      difference(row), row.difference === "" ? "–" : t(row.significant === "1" ? "yes" : "no"), number_or_null(row.seeds), row.status])});
}

// One small chart a metric.
function draw_multiples(node) {
  const rows = compared_rows(), grid = chart_grid(node);
  const metrics = [...new Set(rows.map((row) => row.metric))];
  metrics.forEach((name, i) => {
    const of = rows.filter((row) => row.metric === name && row.mean !== null);
    range_bars(grid, {id: `multiple_${i}`, title: name, unit: unit_of_metric(name), note: metric_meaning(name),
      rows: of.map((row) => ({name: row.name, value: row.mean, low: row.low ?? row.mean, high: row.high ?? row.mean}))});
  });
  if (!metrics.length) node.append(el("p", {class: "soft"}, t("no_comparison")));
}

// Two measured columns against each other, which ones the reader chooses. cases: [{name, group, values: {METRIC: number}, strong}].
function pareto_view(node, cases) {
  const metrics = [...new Set(cases.flatMap((one) => Object.keys(one.values)))].filter((name) => cases.filter((one) => Number.isFinite(one.values[name])).length > 1);
  if (metrics.length < 2) {
    node.append(el("p", {class: "soft"}, t("no_pareto")));
    return;
  }
  const first = (patterns, otherwise) => patterns.map((p) => metrics.find((name) => p.test(name))).find(Boolean) ?? otherwise;
  const chosen = {x: first([/user/, /output_speed_tps\.mean/, /output_speed/, /usd_per_m_output/, /cost/], metrics[0])};
  chosen.y = first([/_per_gpu$/, /tps_per_gpu/, /decode_output_tps_per_node/, /tps_per_node/], metrics.find((name) => name !== chosen.x));
  const place = el("div");
  const draw = () => {
    place.replaceChildren();
    const sign = (name) => (entry_of(data.metrics, name)?.[3] === "less is better" ? -1 : 1);
    const front = (points) => pareto_front(points.map((p) => ({...p, x: sign(chosen.x) * p.x, y: sign(chosen.y) * p.y})))
      .map((p) => ({x: sign(chosen.x) * p.x, y: sign(chosen.y) * p.y}));
    const groups = [...new Set(cases.map((one) => one.group))];
    scatter_chart(place, {id: "pareto", title: t("chart_pareto"), x: {name: chosen.x, unit: unit_of_metric(chosen.x)}, y: {name: chosen.y, unit: unit_of_metric(chosen.y)},
      front, note: t("note_pareto"), groups: groups.map((group) => ({name: group, points: cases.filter((one) => one.group === group)
        .map((one) => ({x: one.values[chosen.x], y: one.values[chosen.y], text: one.name, strong: one.strong}))}))});
  };
  const choice = (axis) => el("label", {}, `${axis}: `, el("select", {id: `pareto-${axis}`, onchange: (event) => { chosen[axis] = event.target.value; draw(); }},
    metrics.map((name) => el("option", {value: name, selected: name === chosen[axis]}, name))));
  node.append(el("div", {class: "table-tools"}, choice("x"), choice("y")), place);
  draw();
}
