// Lying bars: stacked parts of a whole, or ranges around a middle (tornado, intervals).

// spec: {id, title, unit, parts: [name], rows: [{name, values: [number]}], note}
function stacked_bars(parent, spec) {
  const rows = spec.rows.filter((row) => row.values.some((v) => v > 0));
  if (!rows.length) return;
  const csv = () => csv_text(["", ...spec.parts], spec.rows.map((row) => [row.name, ...row.values]));
  const frame = chart_frame(parent, spec.id, `${spec.title} (${unit_name(spec.unit)})`, {csv, note: spec.note});
  const colours = spec.parts.map((_, i) => colour(SERIES_COLOURS[i % SERIES_COLOURS.length]));
  let redraw = () => {};
  const hidden = legend_buttons(frame, spec.id, spec.parts, colours, () => redraw());
  frame.said.textContent = rows.map((row) => `${row.name}: ${spec.parts.map((part, i) => `${part} ${value_text(row.values[i], spec.unit)}`).join(", ")}`).join("; ");
  const draw = (width) => {
    const left = Math.min(190, width * 0.32), high = 34, bottom = rows.length * high + 6;
    const shown = (row) => row.values.map((v, i) => (hidden.has(i) ? 0 : v ?? 0));
    const most = Math.max(...rows.map((row) => shown(row).reduce((a, b) => a + b, 0)));
    const x = linear_scale(0, most || 1, left, width - 34, width / 120);
    const bars = rows.map((row, r) => {
      let sum = 0;
      return [svg("text", {x: left - 8, y: r * high + 24, "text-anchor": "end"}, row.name),
        shown(row).map((v, i) => {
          const from = x.at(sum);
          sum += v;
          return v > 0 && svg("rect", {x: from, y: r * high + 8, width: Math.max(0.5, x.at(sum) - from), height: high - 12, fill: colours[i],
            onpointerenter: () => { frame.hover.textContent = `${row.name}, ${spec.parts[i]}: ${value_text(row.values[i], spec.unit)}`; }});
        })];
    });
    return svg("svg", {width, height: bottom + 22, role: "img", "aria-labelledby": `title-${spec.id}`}, x_axis(x, 0, bottom, spec.unit), bars);
  };
  draw_sized(frame, draw, {id: spec.id});
  redraw = state.charts.at(-1).redraw;
}

// spec: {id, title, unit, rows: [{name, low, high, value, at_low, at_high}], middle, note}: a bar from low to high, a dot at value;
// null ends are open.
function range_bars(parent, spec) {
  const rows = spec.rows.filter((row) => [row.low, row.high, row.value].some((v) => v !== null && v !== undefined));
  if (!rows.length) return;
  const csv = () => csv_text(["name", "low", "value", "high"], spec.rows.map((row) => [row.name, row.low, row.value, row.high]));
  const frame = chart_frame(parent, spec.id, spec.title, {csv, note: spec.note});
  const words = (row) => `${row.name}: ${value_text(row.low, spec.unit)} … ${value_text(row.high, spec.unit)}` +
    (row.at_low ? ` (${row.at_low} / ${row.at_high})` : "");
  frame.said.textContent = rows.map(words).join("; ");
  const known = rows.flatMap((row) => [row.low, row.high, row.value, spec.middle]).filter((v) => v !== null && v !== undefined);
  draw_sized(frame, (width) => {
    const left = Math.min(330, width * 0.42), high = 22, bottom = rows.length * high + 6;
    const room = Math.floor((left - 14) / 6.6);
    const x = linear_scale(Math.min(...known), Math.max(...known), left, width - 34, width / 120);
    const label = (name) => (name.length > room ? `…${name.slice(1 - room)}` : name);
    const bars = rows.map((row, r) => {
      const y = r * high + high / 2 + 2;
      const from = row.low ?? x.low, to = row.high ?? x.high;
      const middle = row.value;
      return svg("g", {onpointerenter: () => { frame.hover.textContent = words(row); }},
        svg("title", {}, words(row)),
        svg("text", {x: left - 8, y: y + 4, "text-anchor": "end"}, label(row.name)),
        svg("rect", {x: x.at(from), y: y - 7, width: Math.max(1, x.at(to) - x.at(from)), height: 14, fill: "var(--c1)", opacity: 0.65,
          "stroke-dasharray": row.low === null || row.high === null ? "3 3" : "none", stroke: "var(--c1)"}),
        middle !== undefined && middle !== null && svg("circle", {cx: x.at(middle), cy: y, r: 4, fill: "var(--c2)"}));
    });
    const middle = spec.middle !== undefined && svg("line", {x1: x.at(spec.middle), x2: x.at(spec.middle), y1: 0, y2: bottom, stroke: "var(--c2)"});
    return svg("svg", {width, height: bottom + 22, role: "img", "aria-labelledby": `title-${spec.id}`}, x_axis(x, 0, bottom, spec.unit), middle, bars);
  }, {id: spec.id});
}
