// Where the money goes, how the GPUs are used, how a step's time is spent.

const NODE_STATES = ["busy", "idle", "loading", "draining", "down"];

function draw_money(node) {
  const s = data.summary, hours = s.node_hours;
  const grid = chart_grid(node);
  // A phase's cost by its nodes' hours; what is no phase's (spares) is the rest of the cost.
  const rows = ["prefill", "decode"].map((phase) => {
    const all = NODE_STATES.reduce((sum, name) => sum + (hours[phase][name] ?? 0), 0);
    const usd = s.cost[phase + "_usd"] ?? 0;
    return {name: t("phase_" + phase), values: NODE_STATES.map((name) => (all ? usd * (hours[phase][name] ?? 0) / all : 0))};
  });
  const rest = s.cost.usd - (s.cost.prefill_usd ?? 0) - (s.cost.decode_usd ?? 0);
  if (hours.spare > 0 && rest > 1e-9) rows.push({name: t("phase_spare"), values: [0, rest, 0, 0, 0]});
  stacked_bars(grid, {id: "cost_parts", title: t("chart_cost_parts"), unit: "USD", parts: NODE_STATES.map((name) => t("state_" + name)), rows,
    note: t("note_cost_parts", usd_text(s.cost.idle_usd ?? 0))});
  const models = Object.entries(s.revenue.per_model ?? {});
  stacked_bars(grid, {id: "income_parts", title: t("chart_income_parts"), unit: "USD", parts: models.map(([name]) => name),
    rows: [["theoretical_usd", "income_theoretical"], ["expected_usd", "income_expected"]].map(([part, key]) => ({name: t(key), values: models.map(([, of]) => of[part])}))});
  node.append(el("h3", {}, t("prices_title")), el("p", {class: "soft"}, t("prices_note")));
  const unit = s.unit_cost, saved = s.cache.hit_ratio;
  const book = (model, kind) => { const text = input(`prices.book.${model}.${kind}`); return text ? parseFloat(text) : null; };
  const money = (v) => (v === null || v === undefined ? "–" : `${number_text(v, 4)}`);
  sortable_table(node, {id: "prices", columns: [{name: t("per_million")}, {name: t("cost_here"), number: true, text: money},
    {name: "R1", number: true, text: money}, {name: "V3", number: true, text: money}],
    rows: [
      [t("input_all"), unit.usd_per_m_input, blended("r1"), blended("v3")],
      [t("input_missed"), unit.usd_per_m_computed_input, book("r1", "miss"), book("v3", "miss")],
      [t("input_cached"), null, book("r1", "hit"), book("v3", "hit")],
      [t("output_all"), unit.usd_per_m_output, book("r1", "output"), book("v3", "output")]]});
  function blended(model) {
    const hit = book(model, "hit"), miss = book(model, "miss");
    return hit === null || miss === null || saved === null ? null : saved * hit + (1 - saved) * miss;
  }
}

function draw_fleet(node) {
  const grid = chart_grid(node);
  series_chart(grid, "kv", "share", [curve("decode_kv_mean_ratio"), curve("decode_kv_max_ratio")]);
  series_chart(grid, "busy", "share", [curve("prefill_busy_ratio"), curve("decode_busy_ratio"), curve("prefill_efficiency_ratio")]);
  const kinds = ["prefill_attention", "prefill_token", "prefill_expert", "decode_kv", "decode_request", "decode_expert"];
  const rows = kinds.map((kind) => ({name: t("imbalance_" + kind), values: series(`${kind}_imbalance_ratio`)}));
  const most = Math.max(1.5, ...rows.flatMap((row) => (row.values ?? []).filter((v) => v !== null)).reduce((top, v) => [Math.max(top[0], v)], [0]));
  heat_map(node, {id: "imbalance", title: t("chart_imbalance"), times: series("time_s"), rows, low: 1, high: most, note: t("note_imbalance", number_text(most, 3))});
}

// steps.json: one prefill and one decode step at the run's mean load, as `epfleet timing --json` tells them.
function draw_steps(node) {
  const steps = data.steps;
  if (!steps) {
    node.append(el("p", {class: "soft"}, t("no_steps")));
    return;
  }
  for (const step of steps) {
    const speed = t("step_speed", number_text(step.tokens_per_s_per_gpu), number_text(step.tokens_per_s_per_node));
    node.append(el("p", {}, el("b", {}, t("phase_" + step.phase)), ": ", duration_text(step.step_s), ", ", speed, ", ", t("step_bound", bounds_of(step))));
  }
  const grid = chart_grid(node);
  const names = [...new Set(steps.flatMap((step) => Object.keys(step.step_parts_s ?? {})))];
  stacked_bars(grid, {id: "step_parts", title: t("chart_step_parts"), unit: "s", parts: names.map(part_name), note: t("note_step_parts"),
    rows: steps.map((step) => ({name: t("phase_" + step.phase), values: names.map((name) => step.step_parts_s?.[name] ?? 0)}))});
  const stages = [...new Set(steps.flatMap((step) => Object.keys(step.stages_us ?? {})))];
  stacked_bars(grid, {id: "step_stages", title: t("chart_step_stages"), unit: "s", parts: stages.map(part_name), note: t("note_step_stages"),
    rows: steps.map((step) => ({name: t("phase_" + step.phase), values: stages.map((name) => (step.stages_us?.[name] ?? 0) * 1e-6)}))});
  const parts = [...new Set(steps.flatMap((step) => Object.keys(step.breakdown_ms ?? {})))];
  sortable_table(node, {id: "steps", columns: [{name: t("step_row")}, ...steps.map((step) => ({name: `${t("phase_" + step.phase)} (ms)`, number: true, text: (v) => number_text(v)}))],
    rows: parts.map((name) => [part_name(name), ...steps.map((step) => step.breakdown_ms?.[name] ?? null)])});
}

function part_name(name) {
  return TEXTS["part_" + name] ? t("part_" + name) : name;
}

// {"phase-a": "compute", ...}: the words once each.
function bounds_of(step) {
  return [...new Set(Object.values(step.bound))].map((bound) => t("bound_" + bound)).join(t("and"));
}
