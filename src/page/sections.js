// Which sections the page has, by what it is about.

const RUN_SECTIONS = [
  ["verdict", draw_verdict], ["day", draw_day], ["latency", draw_latency], ["queues", draw_queues], ["money", draw_money], ["fleet", draw_fleet],
  ["cache", draw_cache], ["steps", draw_steps], ["checks", draw_checks], ["sensitivity", draw_sensitivity], ["metrics", draw_metrics],
  ["inputs", draw_inputs], ["reproduce", draw_reproduce]];

function sections_of_page() {
  const has = (name) => Boolean(data.files[name]);
  const rows = {
    run: RUN_SECTIONS,
    sweep: [["cases", draw_cases], has("claims.csv") && ["claims", draw_claims], has_tornado() && ["tornado", draw_tornado], has("comparison.csv") && ["multiples", draw_multiples],
      ["pareto", draw_sweep_pareto], has("comparison.csv") && ["comparison", draw_comparison], ["files", draw_files]],
    plan: [["plan", draw_plan], ["pareto", has("pareto.csv") ? draw_pareto_file : draw_plan_pareto], ["multiples", draw_plan_multiples], ["files", draw_files]],
    comparison: [["compared", draw_compared], ["multiples", draw_multiples], ["comparison", draw_comparison], ["files", draw_files]],
  }[data.kind];
  return rows.filter(Boolean).map(([id, draw]) => ({id, draw}));
}

function draw_compared(node) {
  const rows = compared_rows();
  fill(node, {}, [el("p", {class: "headline", id: "headline"}, t("compared_line",
    new Set(rows.map((row) => row.name)).size, new Set(rows.map((row) => row.metric)).size, rows.filter((row) => row.significant === "1").length))]);
}

function draw_files(node) {
  node.append(el("p", {class: "soft"}, t("files_note")), el("div", {class: "table-tools"}, file_buttons()));
}

function file_buttons() {
  return Object.entries(data.files).map(([name, text]) => el("button", {type: "button", class: "small", "data-download": name,
    onclick: () => download(name, text, "text/plain")}, name));
}

function page_title() {
  if (data.kind === "sweep") {
    const cases = sweep_cases(), keys = Object.keys(cases[0]?.settings ?? {});
    return keys.length && keys.length <= 3 ? t("title_sweep_of", keys.join(", ")) : t("title_sweep", cases.length);
  }
  if (data.kind === "plan") return t("title_plan_of", plan_parts().keys.join(", "));
  return data.summary?.scenario?.name ?? t("title_comparison");
}
