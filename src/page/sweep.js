// A sweep: its cases, what each metric came to, which input moves it most.

function sweep_table() {
  return table_of_csv(data.files["sweep.csv"] ?? data.files["sweep.partial.csv"] ?? "");
}

const SWEEP_WORDS = ["case_id", "replicate", "seed", "case", "status", "message"];

function sweep_keys() {
  return sweep_table().names.filter((name) => entry_of(data.keys, name) && !SWEEP_WORDS.includes(name));
}

function sweep_metrics() {
  const keys = sweep_keys();
  return sweep_table().names.filter((name) => !SWEEP_WORDS.includes(name) && !keys.includes(name));
}

// One for each case: {id, name, settings, values: means over the replicates that ended well, runs, bad}.
function sweep_cases() {
  const rows = records(sweep_table()), keys = sweep_keys(), metrics = sweep_metrics();
  const varied = keys.filter((key) => new Set(rows.map((row) => row[key])).size > 1);
  return [...new Set(rows.map((row) => row.case_id))].map((id) => {
    const own = rows.filter((row) => row.case_id === id);
    const mean_of = (name) => {
      const known = own.map((row) => number_or_null(row[name])).filter((v) => v !== null);
      return known.length ? mean(known) : NaN;
    };
    const settings = Object.fromEntries(varied.map((key) => [key, own[0][key]]));
    return {id, settings, runs: own.length, status: [...new Set(own.map((row) => row.status))].join(", "),
      name: own[0].case || varied.map((key) => `${key}=${own[0][key]}`).join(", ") || id,
      values: Object.fromEntries(metrics.map((name) => [name, mean_of(name)])), group: own[0].status || t("case")};
  });
}

function draw_cases(node) {
  const cases = sweep_cases(), metrics = sweep_metrics();
  const partial = !data.files["sweep.csv"];
  const bad = cases.filter((one) => /failed|unstable/.test(one.status));
  fill(node, {}, [
    el("p", {class: `headline ${partial || bad.length ? "bad" : "good"}`, id: "headline"}, t("sweep_line", cases.length, cases.reduce((n, one) => n + one.runs, 0)) +
      (bad.length ? ` ${t("sweep_bad", bad.map((one) => `${one.name}: ${one.status}`).slice(0, 5).join("; "))}` : "")),
    partial && el("p", {class: "bad"}, t("sweep_partial"))]);
  sortable_table(node, {id: "cases", filter: cases.length > 8, high: true,
    columns: [{name: t("case")}, {name: t("runs"), number: true}, {name: t("status"), class: (v) => (/failed|unstable/.test(v) ? "bad" : null)},
      ...metrics.map((name) => ({name, number: true, text: (v) => value_text(Number.isFinite(v) ? v : null, unit_of_metric(name))}))],
    rows: cases.map((one) => [one.name, one.runs, one.status, ...metrics.map((name) => (Number.isFinite(one.values[name]) ? one.values[name] : null))])});
}

function draw_claims(node) {
  const rows = records(table_of_csv(data.files["claims.csv"]));
  sortable_table(node, {id: "claims", columns: [{name: t("claim")}, {name: t("says")}, {name: t("case")}, {name: t("metric")},
    {name: t("measured_ratio"), number: true, text: (v) => number_text(v)}, {name: t("interval")}, {name: t("note")}],
    rows: rows.map((row) => [row.claim, row.says, row.case, row.metric, number_or_null(row.ratio),
      row.ratio_low ? `${number_text(Number(row.ratio_low))} … ${number_text(Number(row.ratio_high))}` : "–", row.note])});
}

function draw_sweep_pareto(node) {
  pareto_view(node, sweep_cases());
}

// Cases that differ from the baseline in one key: how far each key moves the metric.
function tornado_rows(metric_name) {
  const cases = sweep_cases();
  const named = compared_rows().find((row) => row.baseline)?.baseline;
  const base = cases.find((one) => one.name === named) ?? cases[0];
  const by_key = new Map();
  for (const one of cases) {
    const changed = Object.keys(one.settings).filter((key) => one.settings[key] !== base.settings[key]);
    const value = one.values[metric_name];
    if (changed.length !== 1 || !Number.isFinite(value)) continue;
    if (!by_key.has(changed[0])) by_key.set(changed[0], []);
    by_key.get(changed[0]).push({value, setting: one.settings[changed[0]]});
  }
  const middle = base?.values[metric_name];
  const rows = [...by_key].map(([name, ends]) => {
    const all = [...ends, {value: middle, setting: base.settings[name]}].sort((a, b) => a.value - b.value);
    return {name, low: all[0].value, high: all.at(-1).value, value: null, at_low: all[0].setting, at_high: all.at(-1).setting};
  });
  return {middle, rows: rows.sort((a, b) => (b.high - b.low) - (a.high - a.low))};
}

const TORNADO_ROWS = 20;

function has_tornado() {
  return sweep_metrics().some((name) => tornado_rows(name).rows.length >= 3);
}

function draw_tornado(node) {
  node.append(el("p", {class: "soft"}, t("tornado_note")));
  const grid = chart_grid(node);
  sweep_metrics().forEach((name, i) => {
    const {middle, rows} = tornado_rows(name);
    if (!Number.isFinite(middle) || rows.length < 3) return;
    range_bars(grid, {id: `tornado_${i}`, title: name, unit: unit_of_metric(name), middle, rows: rows.slice(0, TORNADO_ROWS), note: metric_meaning(name)});
  });
}
