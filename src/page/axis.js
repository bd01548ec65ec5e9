// Scales and ticks of our own SVG charts (what dygraphs cannot draw).

function nice_step(span, wanted) {
  const rough = span / Math.max(1, wanted);
  const power = 10 ** Math.floor(Math.log10(rough));
  return [1, 2, 2.5, 5, 10].map((m) => m * power).find((step) => step >= rough) ?? 10 * power;
}

// {at(value) -> pixel, ticks: [value], low, high}
function linear_scale(low, high, from, to, wanted = 5) {
  if (low === high) { high = low + (Math.abs(low) || 1); }
  const step = nice_step(high - low, wanted);
  const first = Math.floor(low / step + 1e-9) * step, last = Math.ceil(high / step - 1e-9) * step;
  const ticks = [];
  for (let i = 0; first + i * step <= last + step / 2; ++i) ticks.push(+(first + i * step).toPrecision(12));
  return {at: (v) => from + (v - first) / (last - first) * (to - from), ticks, low: first, high: last};
}

// REQUIRES: low > 0.
function log_scale(low, high, from, to) {
  const a = Math.floor(Math.log10(low) + 1e-9), b = Math.max(a + 1, Math.ceil(Math.log10(high) - 1e-9));
  const ticks = [];
  const every = Math.max(1, Math.ceil((b - a) * 62 / Math.abs(to - from)));  // labels need room
  for (let i = a; i <= b; i += every) ticks.push(10 ** i);
  return {at: (v) => from + (Math.log10(v) - a) / (b - a) * (to - from), ticks, low: 10 ** a, high: 10 ** b};
}

function x_axis(scale, top, bottom, unit) {
  return scale.ticks.map((v) => [
    svg("line", {x1: scale.at(v), x2: scale.at(v), y1: top, y2: bottom, stroke: "var(--grid)"}),
    svg("text", {x: scale.at(v), y: bottom + 15, "text-anchor": "middle", class: "soft"}, tick_text(v, unit))]);
}

function y_axis(scale, left, right, unit) {
  return scale.ticks.map((v) => [
    svg("line", {x1: left, x2: right, y1: scale.at(v), y2: scale.at(v), stroke: "var(--grid)"}),
    svg("text", {x: left - 6, y: scale.at(v) + 4, "text-anchor": "end", class: "soft"}, tick_text(v, unit))]);
}

// The width that the chart may have; SVGs are drawn for it, so that text keeps its size.
function plot_width(plot) { return Math.max(280, Math.floor(plot.clientWidth || 560)); }

// Draws now and when the width changes.
function draw_sized(frame, draw, extra = {}) {
  let width = 0;
  const redraw = () => {
    const now = plot_width(frame.plot);
    if (now !== width) {
      width = now;
      frame.plot.replaceChildren(draw(width));
    }
  };
  frame.plot.style.height = "auto";
  redraw();
  const observer = new ResizeObserver(redraw);
  observer.observe(frame.plot);
  state.charts.push({destroy: () => observer.disconnect(), redraw: () => { width = 0; redraw(); }, ...extra});
}
