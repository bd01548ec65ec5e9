// The frame that every chart has: title, CSV button, legend, plot, what the pointer is on, text for
// those who do not see it.

function chart_frame(parent, id, title, {csv, note, tall} = {}) {
  const plot = el("div", {class: tall ? "plot tall" : "plot", id: `plot-${id}`});
  const legend = el("div", {class: "legend"});
  const hover = el("div", {class: "hover", "aria-live": "polite"});
  const said = el("p", {class: "sr", id: `said-${id}`});
  const node = el("figure", {id: `chart-${id}`, "aria-labelledby": `title-${id}`, "aria-describedby": `said-${id}`},
    el("div", {class: "head"}, el("h3", {id: `title-${id}`}, title), csv && download_button(`${id}.csv`, csv)),
    legend, plot, hover, note && el("figcaption", {}, note), said);
  parent.append(node);
  return {node, plot, legend, hover, said};
}

// A button for each series that shows or hides it; what is hidden stays so when the page is drawn anew.
function legend_buttons(frame, id, names, colours, show) {
  const hidden = (state.hidden[id] ??= new Set());
  names.forEach((name, i) => {
    const button = el("button", {
      type: "button", "aria-pressed": String(!hidden.has(i)), "data-series": i,
      onclick: () => {
        hidden.has(i) ? hidden.delete(i) : hidden.add(i);
        button.setAttribute("aria-pressed", String(!hidden.has(i)));
        show(i, !hidden.has(i));
      }}, el("span", {class: "swatch", style: `background:${colours[i]}`}), name);
    frame.legend.append(button);
  });
  return hidden;
}

// "least 1, mean 2, most 3" of each series, for screen readers.
function series_in_words(names, columns, unit) {
  return names.map((name, i) => {
    const known = columns[i].filter((v) => v !== null);
    if (!known.length) return `${name}: ${t("nothing_measured")}`;
    const [least, most] = known.reduce(([a, b], v) => [Math.min(a, v), Math.max(b, v)], [Infinity, -Infinity]);
    return `${name}: ${t("said_range", value_text(least, unit), value_text(mean(known), unit), value_text(most, unit))}`;
  }).join("; ");
}
