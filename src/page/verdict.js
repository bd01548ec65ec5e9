// The answer first: what is wrong, what binds, what is left.

function problems() {
  const s = data.summary, list = [];
  const add = (key, ...values) => list.push(t(key, ...values));
  if (s.partial) {
    add("problem_partial", duration_text(s.simulated_s));
  }
  if (s.failures?.events > 0) {
    add("problem_failures", s.failures.events, duration_text(s.failures.unit_down_s), number_text(s.failures.requests_lost),
      percent_text(s.failures.availability_ratio));
  }
  if (s.verdict?.stable === false) {
    const drift = s.verdict.drift_ratio;
    add("problem_unstable", drift === null || drift === undefined ? "" : t("problem_drift", percent_text(drift)));
    for (const [column, key] of [["prefill_queue_requests", "queue_prefill"], ["decode_waiting_requests", "queue_decode"]]) {
      const values = series(column);
      if (!values || values.length < 4) continue;
      const quarter = Math.floor(values.length / 4);
      const first = mean(values, 0, quarter), last = mean(values, values.length - quarter);
      if (last > 2 * first && last > 10) add("problem_queue", t(key), number_text(first), number_text(last));
    }
  }
  const share = (count) => percent_text(count / s.requests.arrived);
  const reasons = (by) => Object.entries(by ?? {}).filter(([, n]) => n > 0).map(([name, n]) => `${ending_name(name)} ${number_text(n)}`).join(", ");
  if (s.requests.rejected > 0) add("problem_rejected", share(s.requests.rejected), reasons(s.requests.rejected_by));
  if (s.requests.failed > 0) add("problem_failed", share(s.requests.failed), reasons(s.requests.failed_by));
  for (const name of ["ttft", "tpot"]) {
    const slo = s.slo?.[name];
    if (slo && slo.within_ratio !== null && slo.windows > 0 && slo.windows_met < slo.windows) {
      add("problem_slo", t("name_" + name), percent_text(slo.quantile), duration_text(s.slo[name + "_s"]), slo.windows_met, slo.windows,
        percent_text(slo.within_ratio));
    }
  }
  if (!list.length && s.verdict?.why) list.push(s.verdict.why);
  if (s.verdict?.meets_slo === false || s.verdict?.stable === false) list.push(...worst_moments());
  return list;
}

// When the queues were far longer than usual.
function worst_moments() {
  const found = [];
  for (const [column, key] of [["prefill_queue_requests", "queue_prefill"], ["decode_waiting_requests", "queue_decode"]]) {
    const values = (series(column) ?? []).map((v) => v ?? 0);
    if (values.length < 8) continue;
    const usual = [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
    const most = Math.max(...values);
    if (most > 100 && most > 5 * usual) {
      found.push(t("problem_worst", t(key), number_text(most), clock_text(series("time_s")[values.indexOf(most)], true), number_text(usual)));
    }
  }
  return found;
}

function ending_name(name) {
  const key = "ending_" + name;
  return TEXTS[key] ? t(key) : name;
}

// {text, good}
function headline() {
  const s = data.summary, v = s.verdict ?? {};
  if (!s.requests.arrived) return {text: t("verdict_nobody"), good: false};
  const turned_away = s.requests.rejected + s.requests.failed;
  const first = v.stable === false ? t("verdict_unstable") : v.meets_slo === true ? t("verdict_meets")
    : v.meets_slo === false ? t("verdict_misses") : t("verdict_keeps_up");
  const parts = [first];
  if (turned_away > s.requests.arrived * 0.005) parts.push(t("verdict_turned_away", percent_text(turned_away / s.requests.arrived)));
  if (v.binds && v.binds !== "none") parts.push(t("verdict_binds", t("phase_" + v.binds)));
  const room = v.headroom_ratio;
  if (room !== null && room !== undefined) {
    parts.push(room >= 9 ? t("verdict_room_times", number_text(1 + room, 2)) : room >= 0 ? t("verdict_room", percent_text(+room.toPrecision(2)))
      : t("verdict_no_room", percent_text(-room.toPrecision(2))));
  }
  const end = state.language === "zh" ? "。" : ".";
  return {text: parts.join(state.language === "zh" ? "；" : "; ") + end, good: v.stable !== false && v.meets_slo !== false && !s.partial};
}

function cards() {
  const s = data.summary;
  const rows = [
    ["card_cost", usd_text(s.cost.usd)],
    ["card_income", usd_text(s.revenue.theoretical_usd)],
    ["card_margin", s.margin.theoretical_ratio === null ? "–" : percent_text(s.margin.theoretical_ratio)],
    ["card_expected", s.margin.expected_ratio === null ? "–" : percent_text(s.margin.expected_ratio)],
    ["card_nodes", `${number_text(s.nodes.mean)} / ${number_text(s.nodes.peak)}`],
    ["card_ttft", `${value_text(s.latency.ttft_s.p50, "s")} / ${value_text(s.latency.ttft_s.p99, "s")}`],
    ["card_speed", value_text(s.latency.output_speed_tps.mean, "tokens/s")],
    ["card_hits", s.cache.hit_ratio === null ? "–" : percent_text(s.cache.hit_ratio)],
    ["card_attained", s.slo.attainment_ratio === null ? "–" : percent_text(s.slo.attainment_ratio)],
    ["card_requests", number_text(s.requests.arrived)],
    ["card_per_node", `${number_text(s.throughput.prefill_input_tps_per_node)} / ${number_text(s.throughput.decode_output_tps_per_node)}`],
    ["card_gpu_hours", number_text(s.cost.gpu_hours)],
  ];
  return el("div", {class: "cards"}, rows.map(([key, text]) => el("div", {class: "card"}, el("span", {}, t(key)), el("b", {}, text))));
}

function draw_verdict(node) {
  const answer = headline(), wrong = problems();
  fill(node, {}, [
    el("p", {class: "soft"}, t("run_line", duration_text(data.summary.simulated_s), data.summary.scenario.seed)),
    el("p", {class: `headline ${answer.good ? "good" : "bad"}`, id: "headline"}, answer.text),
    wrong.length > 0 && el("ul", {class: "problems", id: "problems"}, wrong.map((text) => el("li", {}, text))),
    cards(),
    (data.summary.notes ?? []).map((note) => el("p", {class: "soft"}, note))]);
}
