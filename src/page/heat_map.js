// Rows of values over time as colours, on a canvas. Follows the shared zoom.

// spec: {id, title, times, rows: [{name, values}], low, high, note, unit}
function heat_map(parent, spec) {
  const rows = spec.rows.filter((row) => row.values && row.values.some((v) => v !== null));
  if (!rows.length) return;
  const csv = () => csv_text(["time_s", ...rows.map((row) => row.name)], spec.times.map((x, i) => [x, ...rows.map((row) => row.values[i])]));
  const frame = chart_frame(parent, spec.id, spec.title, {csv, note: spec.note});
  frame.said.textContent = series_in_words(rows.map((row) => row.name), rows.map((row) => row.values), spec.unit);
  frame.plot.style.height = "auto";
  const canvas = el("canvas", {role: "img", "aria-labelledby": `title-${spec.id}`, style: "width:100%;display:block"});
  frame.plot.append(canvas);
  const high = 26, foot = 22;
  const mix = (share) => {
    const [a, b] = ["heat0", "heat1"].map((name) => colour(name).split(",").map(Number));
    return `rgb(${a.map((v, i) => Math.round(v + (b[i] - v) * share)).join(",")})`;
  };
  const shades = Array.from({length: 65}, (_, i) => mix(i / 64));
  let left = 0, range = [0, 1];
  const draw = () => {
    const width = plot_width(frame.plot), scale = window.devicePixelRatio || 1;
    const height = rows.length * high + foot;
    canvas.width = width * scale;
    canvas.height = height * scale;
    canvas.style.height = `${height}px`;
    const ctx = canvas.getContext("2d");
    ctx.scale(scale, scale);
    left = Math.min(200, width * 0.4);
    range = state.zoom ?? whole_time();
    const pixels = width - left - 12;
    ctx.font = "12px system-ui, sans-serif";
    rows.forEach((row, r) => {
      ctx.fillStyle = colour("ink");
      ctx.fillText(row.name, 0, r * high + 17, left - 6);
      const bins = binned(row.values, spec.times, range, pixels);
      bins.forEach((v, x) => {
        if (v === null) return;
        const share = Math.min(1, Math.max(0, (v - spec.low) / (spec.high - spec.low)));
        ctx.fillStyle = shades[Math.round(share * 64)];
        ctx.fillRect(left + x, r * high + 2, 1.5, high - 4);
      });
    });
    ctx.fillStyle = colour("soft");
    for (const tick of time_ticks(range[0], range[1], pixels)) {
      const x = left + (tick.v - range[0]) / (range[1] - range[0] || 1) * pixels;
      ctx.fillText(tick.label, Math.min(x, width - 34), height - 6);
    }
  };
  canvas.addEventListener("pointermove", (event) => {
    const row = rows[Math.floor(event.offsetY / high)];
    const x = range[0] + (event.offsetX - left) / (canvas.clientWidth - left - 12) * (range[1] - range[0]);
    const at = nearest_index(spec.times, x);
    frame.hover.textContent = row && event.offsetX > left ? `${clock_text(spec.times[at], true)}  ${row.name} ${number_text(row.values[at])}` : "";
  });
  draw();
  const observer = new ResizeObserver(draw);
  observer.observe(frame.plot);
  state.charts.push({id: spec.id, destroy: () => observer.disconnect(), zoom: draw});
}

// Means of what falls into each pixel; where rows are wider than a pixel, they fill theirs.
function binned(values, times, [low, high], pixels) {
  const sums = new Array(Math.max(1, Math.floor(pixels))).fill(0), counts = sums.map(() => 0);
  const scale = sums.length / (high - low || 1);
  times.forEach((time, i) => {
    const from = Math.max(0, Math.floor((time - low) * scale));
    const end = i + 1 < times.length ? times[i + 1] : time + (i ? time - times[i - 1] : 1);
    const to = Math.min(sums.length, Math.max(from + 1, Math.floor((end - low) * scale)));
    if (values[i] === null || end <= low) return;
    for (let x = from; x < to; ++x) { sums[x] += values[i]; ++counts[x]; }
  });
  return sums.map((sum, x) => (counts[x] ? sum / counts[x] : null));
}

function nearest_index(times, x) {
  let low = 0, high = times.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (times[middle] <= x) low = middle; else high = middle - 1;
  }
  return low;
}
