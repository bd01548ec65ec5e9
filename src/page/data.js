// What the page is about: unpacked once, then only read.

let data = null;

async function unpacked(base64) {
  const binary = atob(base64.trim());
  const bytes = Uint8Array.from(binary, (c) => c.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return JSON.parse(await new Response(stream).text());
}

async function load_data() {
  data = await unpacked(document.getElementById("data").textContent);
  const file = (name) => data.files[name];
  data.summary = file("summary.json") ? JSON.parse(file("summary.json")) : null;
  data.hourly = table_of_csv(file("hourly.csv") ?? "");
  data.decisions = table_of_csv(file("decisions.csv") ?? "");
  data.distributions = table_of_csv(file("distributions.csv") ?? "");
  data.steps = file("steps.json") ? JSON.parse(file("steps.json")) : null;
  data.inputs = rows_of_yaml(file("resolved.yaml") ?? "");
}

// {names, rows: [[text]]}; quoted fields may hold commas, quotes and line ends.
function table_of_csv(text) {
  const rows = [];
  let row = [], field = "", quoted = false, empty = true;
  const end_field = () => { row.push(field); field = ""; };
  const end_row = () => { end_field(); rows.push(row); row = []; empty = true; };
  for (let i = 0; i < text.length; ++i) {
    const c = text[i];
    if (quoted) {
      if (c === '"' && text[i + 1] === '"') { field += '"'; ++i; }
      else if (c === '"') { quoted = false; }
      else { field += c; }
    } else if (c === '"') { quoted = true; empty = false; }
    else if (c === ",") { end_field(); empty = false; }
    else if (c === "\n") { if (!empty || field) end_row(); }
    else if (c !== "\r") { field += c; empty = false; }
  }
  if (!empty || field) end_row();
  return {names: rows[0] ?? [], rows: rows.slice(1)};
}

// A column as numbers; null where there is none.
function numbers(table, name) {
  const at = table.names.indexOf(name);
  return at < 0 ? null : table.rows.map((row) => (row[at] === "" || row[at] === undefined ? null : Number(row[at])));
}

// resolved.yaml as rows {key, value, is_default}: blocks of the form that epfleet writes.
function rows_of_yaml(text) {
  const rows = [], path = [];
  for (const line of text.split("\n")) {
    const found = /^( *)([^\s:#"'-][^:]*):(?: (.*))?$/.exec(line);
    if (found && !/^\s*-/.test(line)) {
      const depth = found[1].length / 2;
      path.length = depth;
      path.push(found[2]);
      const value = found[3] ?? "";
      const is_default = /(^|\s)# default$/.test(value);
      rows.push({key: path.join("."), value: value.replace(/\s*# default$/, ""), is_default});
    } else if (/^\s*- /.test(line) && rows.length > 0) {
      rows.at(-1).value += (rows.at(-1).value ? "\n" : "") + line.trim();
    }
  }
  return rows.filter((row) => row.value !== "" || entry_of(data.keys, row.key));
}

function input(key) {
  return data.inputs.find((row) => row.key === key)?.value.replace(/^"(.*)"$/, "$1");
}

// "latency.ttft_s.p95" of summary.json; undefined where there is none.
function metric(path) {
  return path.split(".").reduce((node, part) => node?.[part], data.summary);
}

// What a table says of a path; NAME in it stands for a class of the scenario's own.
function entry_of(table, path) {
  const parts = path.split(".");
  return table[path] ?? parts.map((_, i) => table[[...parts.slice(0, i), "NAME", ...parts.slice(i + 1)].join(".")]).find(Boolean);
}

// The paths of the metric catalogue, NAME spelled out.
function metric_paths() {
  return Object.keys(data.metrics).flatMap((path) => (path.includes(".NAME.")
    ? Object.keys(data.summary.per_class ?? {}).map((name) => path.replace("NAME", () => name)) : [path]));
}

// Columns of timeseries.csv; null where there is none.
function series(name) {
  return data.series?.[name] ?? null;
}

function mean(values, from = 0, to = values.length) {
  let sum = 0, count = 0;
  for (let i = from; i < to; ++i) {
    if (values[i] !== null) { sum += values[i]; ++count; }
  }
  return count ? sum / count : null;
}
