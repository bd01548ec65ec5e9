// Points and curves over two measured axes: distributions, the Pareto view, a metric against a key.

// spec: {id, title, x: {name, unit, log}, y: {name, unit}, groups: [{name, points: [{x, y, text}], joined}], note, front}
function scatter_chart(parent, spec) {
  const groups = spec.groups.map((group) => ({...group, points: group.points.filter((p) =>
    Number.isFinite(p.x) && Number.isFinite(p.y) && (!spec.x.log || p.x > 0))})).filter((group) => group.points.length);
  if (!groups.length) return;
  const csv = () => csv_text(["group", spec.x.name, spec.y.name, "text"], groups.flatMap((g) => g.points.map((p) => [g.name, p.x, p.y, p.text])));
  const frame = chart_frame(parent, spec.id, spec.title, {csv, note: spec.note, tall: true});
  const colours = groups.map((_, i) => colour(SERIES_COLOURS[i % SERIES_COLOURS.length]));
  let redraw = () => {};
  const hidden = legend_buttons(frame, spec.id, groups.map((g) => g.name), colours, () => redraw());
  frame.said.textContent = groups.map((g) => `${g.name}: ${g.points.map((p) => p.text ?? `${value_text(p.x, spec.x.unit)}, ${value_text(p.y, spec.y.unit)}`).join("; ")}`).join(". ");
  const draw = (width) => {
    const height = 280, left = 62, right = width - 30, top = 24, bottom = height - 42;
    const all = groups.flatMap((g) => g.points);
    const xs = all.map((p) => p.x), ys = all.map((p) => p.y);
    const pad = (low, high) => [low >= 0 ? Math.max(0, low - (high - low) * 0.04) : low - (high - low) * 0.04, high + (high - low) * 0.04];
    const x = spec.x.log ? log_scale(Math.min(...xs), Math.max(...xs), left, right)
                         : linear_scale(...pad(Math.min(...xs), Math.max(...xs)), left, right, width / 110);
    const y = linear_scale(...(spec.y.from_zero ? [0, Math.max(...ys)] : pad(Math.min(...ys), Math.max(...ys))), bottom, top, 5);
    const drawn = groups.map((group, i) => !hidden.has(i) && svg("g", {class: "points"},
      group.joined && svg("polyline", {points: group.points.map((p) => `${x.at(p.x)},${y.at(p.y)}`).join(" "), fill: "none", stroke: colours[i], "stroke-width": 1.8}),
      group.points.map((p) => svg("circle", {cx: x.at(p.x), cy: y.at(p.y), r: p.strong ? 6 : p.small ? 1.6 : 4, fill: colours[i],
        stroke: p.strong ? "var(--ink)" : "none",
        onpointerenter: () => { frame.hover.textContent = point_text(spec, group, p); }},
        svg("title", {}, point_text(spec, group, p))))));
    const front = spec.front && svg("polyline", {points: spec.front(all).map((p) => `${x.at(p.x)},${y.at(p.y)}`).join(" "), fill: "none", stroke: "var(--soft)", "stroke-dasharray": "4 4"});
    return svg("svg", {width, height, role: "img", "aria-labelledby": `title-${spec.id}`},
      x_axis(x, top, bottom, spec.x.unit), y_axis(y, left, right, spec.y.unit),
      svg("text", {x: right, y: height - 6, "text-anchor": "end", class: "soft"}, spec.x.name),
      svg("text", {x: 2, y: 12, class: "soft"}, spec.y.name), front, drawn);
  };
  draw_sized(frame, draw, {id: spec.id});
  redraw = state.charts.at(-1).redraw;
}

function point_text(spec, group, p) {
  const values = `${spec.x.name} ${value_text(p.x, spec.x.unit)}, ${spec.y.name} ${value_text(p.y, spec.y.unit)}`;
  return `${group.name}${p.text ? `, ${p.text}` : ""}: ${values}`;
}

// The points that no other one beats in both.
function pareto_front(points) {
  const sorted = [...points].sort((a, b) => b.x - a.x || b.y - a.y);
  let most = -Infinity;
  return sorted.filter((p) => { const on = p.y > most; most = Math.max(most, p.y); return on; });
}
