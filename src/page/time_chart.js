// Curves over the simulated time, by dygraphs. Zooming one zooms all.

// spec: {id, title, unit, times, series: [{name, values, colour, style: line|step|area|bars, dash}], stacked, lines: [{value,
// name}], marks: [{time, text}], note, width}; times are the begins of intervals, drawn in their middle where they have a width.
function time_chart(parent, spec) {
  const shown = spec.series.filter((one) => one.values && one.values.some((v) => v !== null));
  if (!shown.length || !spec.times?.length) return null;
  const names = shown.map((one) => one.name);
  const colours = shown.map((one, i) => colour(one.colour ?? SERIES_COLOURS[i % SERIES_COLOURS.length]));
  const drawn = spec.stacked ? [...shown].reverse() : shown;  // dygraphs lays the last at the bottom
  const place = (i) => (spec.stacked ? shown.length - 1 - i : i);
  const csv = () => csv_text(["time_s", ...names], spec.times.map((x, row) => [x, ...shown.map((one) => one.values[row])]));
  const frame = chart_frame(parent, spec.id, spec.unit ? `${spec.title} (${unit_name(spec.unit)})` : spec.title, {csv, note: spec.note});
  frame.said.textContent = series_in_words(names, shown.map((one) => one.values), spec.unit);
  const half = (spec.width ?? 0) / 2;
  const rows = spec.times.map((x, row) => [x + half, ...drawn.map((one) => one.values[row])]);
  const hidden = state.hidden[spec.id] ?? new Set();
  const options = {};
  shown.forEach((one, i) => { options[one.name] = series_options(one, spec.stacked); });
  const graph = new Dygraph(frame.plot, rows, {
    labels: ["time_s", ...drawn.map((one) => one.name)], colors: drawn.map((_, i) => colours[place(i)]), series: options, stackedGraph: !!spec.stacked,
    visibility: names.map((_, i) => !hidden.has(place(i))), legend: "never", connectSeparatedPoints: false,
    includeZero: true, drawPoints: rows.length < 3, pointSize: 3, strokeWidth: 1.6, fillAlpha: spec.stacked ? 0.55 : 0.25,
    gridLineColor: colour("grid"), axisLineColor: colour("line"), highlightCircleSize: 3, rightGap: 12,
    dateWindow: state.zoom ?? whole_time(), animatedZooms: false, valueRange: top_of_axis(spec, shown),
    axes: {
      x: {ticker: (low, high, pixels) => time_ticks(low, high, pixels), drawGrid: true, axisLabelWidth: 60},
      y: {axisLabelFormatter: (v) => tick_text(v, spec.unit), axisLabelWidth: 58, pixelsPerLabel: 32},
    },
    zoomCallback: (low, high) => set_zoom(is_whole(low, high) ? null : [low, high]),
    highlightCallback: (event, x, points, row) => hover(row, event),
    unhighlightCallback: () => { frame.hover.textContent = ""; },
    underlayCallback: (canvas, area, g) => draw_underlay(canvas, area, g, spec),
  });
  legend_buttons(frame, spec.id, names, colours, (i, on) => graph.setVisibility(place(i), on));

  function hover(row, event) {
    const x = spec.times[row];
    const mark = event && nearest_mark(graph, spec.marks, event);
    frame.hover.textContent = mark ? mark.text : `${clock_text(x, true)} (${t("after", duration_text(x))})  ` +
      shown.map((one) => `${one.name} ${value_text(one.values[row], spec.unit)}`).join("  ·  ");
  }
  frame.node.graph = graph;
  by_keyboard(frame, graph, spec, hover);
  state.charts.push({id: spec.id, graph, destroy: () => graph.destroy(), rows: rows.length,
    resize: () => graph.resize(),
    zoom: (range) => graph.updateOptions({dateWindow: range ?? whole_time()})});
  return graph;
}

function unit_name(unit) {
  return unit === "share" ? "%" : unit === "s" ? t("unit_seconds") : t("unit_" + unit) === "unit_" + unit ? with_currency(unit) : t("unit_" + unit);
}

function series_options(one, stacked) {
  const options = {strokePattern: one.dash ? [6, 4] : null, fillGraph: !!stacked || one.style === "area"};
  if (one.style === "step") options.stepPlot = true;
  if (one.style === "bars") options.plotter = bar_plotter;
  return options;
}

// dygraphs looks at the points only: a limit above them would be cut off.
function top_of_axis(spec, shown) {
  const limits = (spec.lines ?? []).map((line) => line.value);
  if (!limits.length || spec.stacked) return null;
  let most = 0;
  shown.forEach((one) => one.values.forEach((v) => { if (v !== null && v > most) most = v; }));
  const limit = Math.max(...limits);
  return limit > most && limit < most * 6 ? [0, limit * 1.1] : null;
}

function bar_plotter(e) {
  const ctx = e.drawingContext, points = e.points;
  const gap = points.length > 1 ? points[1].canvasx - points[0].canvasx : e.plotArea.w / 4;
  const zero = e.dygraph.toDomYCoord(0);
  ctx.fillStyle = e.color;
  ctx.globalAlpha = 0.75;
  for (const point of points) {
    if (!Number.isNaN(point.canvasy)) ctx.fillRect(point.canvasx - gap * 0.42, point.canvasy, gap * 0.84, zero - point.canvasy);
  }
  ctx.globalAlpha = 1;
}

function draw_underlay(canvas, area, graph, spec) {
  canvas.save();
  for (const line of spec.lines ?? []) {
    const y = graph.toDomYCoord(line.value);
    if (y < area.y || y > area.y + area.h) continue;
    canvas.strokeStyle = canvas.fillStyle = colour("bad");
    canvas.setLineDash([5, 4]);
    canvas.beginPath();
    canvas.moveTo(area.x, y);
    canvas.lineTo(area.x + area.w, y);
    canvas.stroke();
    canvas.font = "11px system-ui, sans-serif";
    canvas.fillText(line.name, area.x + 4, y - 4);
  }
  canvas.setLineDash([]);
  for (const mark of spec.marks ?? []) {
    const x = graph.toDomXCoord(mark.time);
    if (x < area.x || x > area.x + area.w) continue;
    canvas.strokeStyle = canvas.fillStyle = colour(mark.failure ? "bad" : "soft");
    canvas.globalAlpha = 0.55;
    canvas.beginPath();
    canvas.moveTo(x, area.y);
    canvas.lineTo(x, area.y + area.h);
    canvas.stroke();
    canvas.globalAlpha = 1;
    canvas.beginPath();
    canvas.moveTo(x - 4, area.y);
    canvas.lineTo(x + 4, area.y);
    canvas.lineTo(x, area.y + 7);
    canvas.fill();
  }
  canvas.restore();
}

// The mark under the pointer.
function nearest_mark(graph, marks, event) {
  const x = event.offsetX;
  let best = null;
  for (const mark of marks ?? []) {
    const away = Math.abs(graph.toDomXCoord(mark.time) - x);
    if (away < 6 && (!best || away < best.away)) best = {...mark, away};
  }
  return best;
}

// The window of the run: all charts show the same.
function whole_time() {
  const times = series("time_s")?.length ? series("time_s") : [0];
  return [Math.min(0, times[0]), Math.max(data.summary?.simulated_s ?? 0, times.at(-1))];
}

function is_whole(low, high) {
  const [first, last] = whole_time();
  return low <= first && high >= last;
}

function set_zoom(range) {
  state.zoom = range;
  state.charts.forEach((chart) => chart.zoom?.(range));
}

// Arrows move along the curve, + and - zoom, Escape shows the whole.
function by_keyboard(frame, graph, spec, hover) {
  frame.plot.tabIndex = 0;
  frame.plot.setAttribute("role", "application");
  frame.plot.setAttribute("aria-label", `${spec.title}. ${t("chart_keys")}`);
  let row = -1;
  frame.plot.addEventListener("keydown", (event) => {
    const [low, high] = graph.xAxisRange();
    const last = spec.times.length - 1;
    const zoomed = (factor) => {
      const middle = row >= 0 ? spec.times[row] : (low + high) / 2;
      const half = (high - low) / 2 * factor;
      const [first, end] = whole_time();
      const range = [Math.max(first, middle - half), Math.min(end, middle + half)];
      set_zoom(is_whole(...range) ? null : range);
    };
    if (event.key === "ArrowRight" || event.key === "ArrowLeft") {
      const step = (event.shiftKey ? 10 : 1) * (event.key === "ArrowRight" ? 1 : -1);
      row = Math.min(last, Math.max(0, row + step));
      graph.setSelection(row);
      hover(row, null);
    } else if (event.key === "+" || event.key === "=") { zoomed(0.5); }
    else if (event.key === "-") { zoomed(2); }
    else if (event.key === "Escape" || event.key === "0") { set_zoom(null); }
    else { return; }
    event.preventDefault();
  });
}
