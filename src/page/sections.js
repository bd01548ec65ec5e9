// Which sections the page has, by what it is about.

const RUN_SECTIONS = [
  ["verdict", draw_verdict], ["day", draw_day], ["latency", draw_latency], ["queues", draw_queues], ["money", draw_money], ["fleet", draw_fleet],
  ["cache", draw_cache], ["steps", draw_steps], ["checks", draw_checks], ["sensitivity", draw_sensitivity], ["metrics", draw_metrics],
  ["inputs", draw_inputs], ["reproduce", draw_reproduce]];

function sections_of_page() {
  const rows = {run: RUN_SECTIONS}[data.kind];
  return rows.map(([id, draw]) => ({id, draw}));
}

function page_title() {
  return data.summary?.scenario?.name ?? t("kind_" + data.kind);
}
