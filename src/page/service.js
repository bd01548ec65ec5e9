// What users feel (latency, output speed), and where requests wait for it.

function limit_line(value, unit) {
  return value === null || value === undefined ? [] : [{value, name: `SLO ${value_text(value, unit)}`}];
}

// The distribution: distributions.csv, or the quantiles of summary.json for a result that has none.
function quantile_points(path) {
  const name = path.replace("latency.", ""), percentile = numbers(data.distributions, "percentile"), values = numbers(data.distributions, name);
  if (values) {
    return values.map((x, i) => ({x, y: percentile[i] / 100, text: `p${percentile[i]}`, small: true})).filter((p) => p.x !== null);
  }
  const node = metric(path) ?? {};
  return Object.entries(node).map(([name, value]) => ({x: value, y: name === "max" ? 1 : /^p\d+$/.test(name) ? Number(name.slice(1)) / 100 : NaN,
    text: name})).filter((p) => Number.isFinite(p.y) && p.x !== null).sort((a, b) => a.y - b.y);
}

function draw_latency(node) {
  const slo = data.summary.slo ?? {};
  const grid = chart_grid(node);
  series_chart(grid, "ttft", "s", [curve("ttft_p50_s"), curve("ttft_mean_s"), curve("ttft_p99_s")], {lines: limit_line(slo.ttft_s, "s")});
  series_chart(grid, "speed", "tokens/s", [curve("output_speed_tps")],
    {lines: slo.tpot_s ? limit_line(1 / slo.tpot_s, "tokens/s") : [], note: slo.tpot_s ? t("note_speed", duration_text(slo.tpot_s)) : null});
  const latencies = Object.keys(data.summary.latency).filter((name) => name.endsWith("_s"));
  scatter_chart(grid, {id: "latency_quantiles", title: t("chart_latency_quantiles"), note: t("note_quantiles"),
    x: {name: t("axis_time"), unit: "s", log: true}, y: {name: t("axis_share"), unit: "share", from_zero: true},
    groups: latencies.map((name) => ({name: latency_name(name), joined: true, points: quantile_points("latency." + name)}))});
  scatter_chart(grid, {id: "speed_quantiles", title: t("chart_speed_quantiles"), note: t("note_quantiles_speed"),
    x: {name: t("axis_speed"), unit: "tokens/s"}, y: {name: t("axis_share"), unit: "share", from_zero: true},
    groups: [{name: t("column_output_speed_tps"), joined: true, points: quantile_points("latency.output_speed_tps")}]});
  draw_classes(node);
  const parts = ["mean", "p50", "p90", "p95", "p99", "max"];
  sortable_table(node, {id: "latency", columns: [{name: t("measure")}, ...parts.map((part) => ({name: part === "mean" ? t("mean") : part, number: true, text: (v) => value_text(v, "s")}))],
    rows: latencies.map((name) => [latency_name(name), ...parts.map((part) => metric(`latency.${name}.${part}`) ?? null)])});
}

// The scenario's own classes side by side.
function draw_classes(node) {
  const classes = Object.keys(data.summary.per_class ?? {});
  if (!classes.length) return;
  const paths = Object.keys(data.metrics).filter((path) => path.startsWith("per_class.NAME."));
  const of = (path, name) => metric(path.replace("NAME", () => name)) ?? null;
  node.append(el("h3", {}, t("classes_title")));
  sortable_table(node, {id: "classes", high: true, columns: [{name: t("metric")}, ...classes.map((name) => ({name})), {name: t("meaning")}],
    rows: paths.map((path) => [path.replace("per_class.NAME.", ""), ...classes.map((name) => value_text(of(path, name), unit_of_metric(path))), metric_meaning(path)])});
}

function latency_name(name) {
  return TEXTS["latency_" + name] ? t("latency_" + name) : name;
}

function draw_queues(node) {
  const grid = chart_grid(node);
  series_chart(grid, "waiting", "requests", [curve("prefill_queue_requests"), curve("decode_waiting_requests")]);
  series_chart(grid, "in_service", "requests", [curve("in_service_requests"), curve("decode_active_requests")]);
  series_chart(grid, "batch", "requests", [curve("decode_batch_per_gpu_requests")]);
  series_chart(grid, "queue_tokens", "tokens", [curve("prefill_queue_tokens")]);
}

function draw_cache(node) {
  const grid = chart_grid(node);
  series_chart(grid, "hits", "share", [curve("hit_ratio")]);
  const input_tokens = series("input_tokens");
  const causes = ["cold", "capacity", "ttl", "rounding", "not_yet_written", "too_slow", "store_down"];
  const share = (name) => series(name)?.map((v, i) => (v === null || !input_tokens[i] ? null : v / input_tokens[i]));
  series_chart(grid, "losses", "share", causes.map((cause) => `lost_${cause}_tokens`).filter((name) => (series(name) ?? []).some((v) => v > 0))
    .map((name) => ({name: column_name(name), values: share(name)})), {stacked: true, note: t("note_losses")});
  series_chart(grid, "stored", "bytes", [curve("cache_stored_bytes")]);
  const lost = data.summary.cache.lost ?? {};
  const hit = data.summary.cache.hit_ratio ?? 0;
  const missed = Object.entries(lost).filter(([, share]) => share > 0);
  stacked_bars(grid, {id: "cache_total", title: t("chart_cache_total"), unit: "share",
    parts: [t("part_hit"), ...missed.map(([name]) => column_name(`lost_${name.replace("_ratio", "")}_tokens`)), t("part_new")],
    rows: [{name: t("input_tokens"), values: [hit, ...missed.map(([, share]) => share),
      Math.max(0, 1 - hit - missed.reduce((sum, [, share]) => sum + share, 0))]}]});
}
