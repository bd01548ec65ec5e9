// Published beside simulated, every number, every input, how to make it again.

const ROLES = ["input", "identity", "calibrated", "predicted"];

function draw_checks(node) {
  const checks = data.summary.checks ?? [];
  if (!checks.length) {
    node.append(el("p", {class: "soft"}, t("no_checks")));
    return;
  }
  for (const role of ROLES) {
    const rows = checks.filter((row) => row.role === role);
    if (!rows.length) continue;
    node.append(el("h3", {}, t("role_" + role)), el("p", {class: "soft"}, t("role_says_" + role)));
    const unit = (name) => entry_of(data.metrics, name)?.[0];
    const id = `checks_${role}`;
    sortable_table(node, {id, columns: [{name: t("metric")}, {name: t("published_value"), number: true}, {name: t("simulated"), number: true},
      {name: t("error"), number: true, text: (v) => (v === null ? "–" : `${v > 0 ? "+" : ""}${percent_text(+v.toPrecision(3))}`)}, {name: t("within"), class: (v) => (v === t("no") ? "bad" : null)},
      {name: t("band")}, {name: t("source")}],
      rows: rows.map((row) => {
        const of = (v) => value_text(v, unit(row.name));
        const published = row.published_low !== null ? `${of(row.published_low)} … ${of(row.published_high)}` : of(row.published);
        const band = row.low === null && row.high === null ? "" : `${row.low === null ? t("open") : of(row.low)} … ${row.high === null ? t("open") : of(row.high)}${row.band_stale ? ` (${t("stale")})` : ""}`;
        return [row.name, published, of(row.simulated), row.error_ratio, row.within === null ? row.note || "–" : t(row.within ? "yes" : "no"), band, `${row.source}${row.note ? ` (${row.note})` : ""}`];
      })});
  }
}

// How far the guesses could move what was published: the bands, relative to what was simulated.
function draw_sensitivity(node) {
  const rows = (data.summary.checks ?? []).filter((row) => row.simulated && (row.low !== null || row.high !== null));
  if (data.files["sweep.csv"]) draw_tornado(node);
  else node.append(el("p", {class: "soft"}, t("no_tornado")));
  range_bars(node, {id: "bands", title: t("chart_bands"), unit: "share", middle: 0, note: t("note_bands"),
    rows: rows.map((row) => ({name: row.name, value: row.published / row.simulated - 1, low: row.low === null ? null : row.low / row.simulated - 1,
      high: row.high === null ? null : row.high / row.simulated - 1}))});
  draw_margin_by_price(node);
}

// Arithmetic: cost goes with the price of a GPU hour, income does not.
function draw_margin_by_price(node) {
  const s = data.summary, paid = s.cost.usd / s.cost.gpu_hours;
  if (!(paid > 0)) return;
  const prices = Array.from({length: 16}, (_, i) => paid * (0.5 + 0.1 * i));
  scatter_chart(node, {id: "margin_by_price", title: t("chart_margin_by_price"), note: t("note_margin_by_price", number_text(paid)),
    x: {name: t("axis_gpu_price"), unit: ""}, y: {name: "", unit: "share"},
    groups: [["income_theoretical", s.revenue.theoretical_usd], ["income_expected", s.revenue.expected_usd]].map(([key, income]) => ({name: t(key), joined: true,
      points: prices.map((price) => ({x: price, y: income / (price * s.cost.gpu_hours) - 1, strong: Math.abs(price - paid) < 1e-9 * paid}))}))});
}

function draw_metrics(node) {
  const rows = metric_paths().map((path) => {
    const [unit, sentence, part, better] = entry_of(data.metrics, path);
    const value = metric(path);
    return value === undefined ? null : [path, value, value_text(value, unit), with_currency(unit), part ? `${sentence} (${part})` : sentence, better];
  }).filter((row) => row);
  sortable_table(node, {id: "metrics", filter: true, high: true, rows, columns: [{name: t("metric")},
    {name: t("exact"), number: true, text: (v) => (v === null ? "–" : String(v))}, {name: t("value")}, {name: t("unit")}, {name: t("meaning")}, {name: t("better")}]});
  draw_explorer(node);
}

// Any column of timeseries.csv.
function draw_explorer(node) {
  const names = Object.keys(data.series ?? {}).filter((name) => name !== "time_s");
  if (!names.length) return;
  const place = el("div");
  let chart = null;
  const show = (name) => {
    if (chart) {
      state.charts = state.charts.filter((one) => one.id !== "explorer");
      chart.destroy();
    }
    place.replaceChildren();
    const [unit, sentence] = data.columns[name] ?? ["", ""];
    chart = time_chart(place, {id: "explorer", title: name, unit, times: series("time_s"), series: [{name: column_name(name), values: series(name)}], note: sentence});
  };
  node.append(el("h3", {}, t("explorer_title")), el("p", {class: "soft"}, t("explorer_note")),
    el("label", {}, t("column"), " ", el("select", {id: "explorer-column", onchange: (event) => show(event.target.value)}, names.map((name) => el("option", {value: name}, name)))), place);
  show(names[0]);
}

function draw_inputs(node) {
  const said = (key) => entry_of(data.keys, key) ?? [];
  const guessed = (key) => (said(key)[3] ? `${said(key)[3]} … ${said(key)[4]}` : "");
  node.append(el("p", {class: "soft"}, t("inputs_note")));
  sortable_table(node, {id: "inputs", filter: true, high: true,
    columns: [{name: t("key")}, {name: t("value")}, {name: t("given")}, {name: t("plausible")}, {name: t("meaning")}, {name: t("source")}],
    row_class: (row) => (row[3] ? "guess" : null),
    rows: data.inputs.map((row) => [row.key, row.value, [t(row.is_default ? "is_default" : "is_stated"), guessed(row.key) && t("is_guess")].filter(Boolean).join(", "), guessed(row.key), said(row.key)[1] ?? "", said(row.key)[2] ?? ""])});
}

function draw_reproduce(node) {
  const s = data.summary;
  node.append(
    el("p", {}, t("reproduce_note")), el("pre", {id: "command"}, s.command || "–"),
    el("p", {class: "soft"}, t("fingerprints", s.scenario.fingerprint, s.scenario.trajectory_fingerprint, s.scenario.seed)),
    el("div", {class: "table-tools"}, file_buttons()));
  if (s.solved_totals?.length) {
    node.append(el("h3", {}, t("solved_title")));
    sortable_table(node, {id: "solved", columns: [{name: t("metric")}, {name: t("asked"), number: true, text: (v) => number_text(v, 6)}, {name: t("achieved"), number: true, text: (v) => number_text(v, 6)}],
      rows: s.solved_totals.map((row) => [row.name, row.asked, row.achieved])});
  }
}
