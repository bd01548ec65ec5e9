// Numbers as a person reads them. The exact ones are in tables and downloads.

function locale() { return state.language === "zh" ? "zh-CN" : "en-US"; }

function number_text(value, digits = 4) {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  const size = Math.abs(value);
  if (size >= 1e6) return new Intl.NumberFormat(locale(), {notation: "compact", maximumSignificantDigits: digits}).format(value);
  if (size !== 0 && size < 1e-3) return value.toExponential(2);
  return new Intl.NumberFormat(locale(), {maximumSignificantDigits: Math.max(digits, Math.ceil(Math.log10(size + 1)))}).format(value);
}

function duration_text(seconds) {
  const size = Math.abs(seconds);
  const of = (value, unit) => `${number_text(value, 3)} ${unit}`;
  if (size === 0) return "0 s";
  if (size < 1e-3) return of(seconds * 1e6, "µs");
  if (size < 1) return of(seconds * 1e3, "ms");
  if (size < 120) return of(seconds, "s");
  if (size < 7200) return of(seconds / 60, "min");
  return of(seconds / 3600, "h");
}

function bytes_text(bytes) {
  const units = ["B", "kB", "MB", "GB", "TB", "PB", "EB"];
  const step = bytes ? Math.min(6, Math.max(0, Math.floor(Math.log10(Math.abs(bytes)) / 3))) : 0;
  return `${number_text(bytes / 1000 ** step, 4)} ${units[step]}`;
}

function percent_text(ratio) {
  return `${number_text(ratio * 100, 4)} %`;
}

function usd_text(value) {
  return `${number_text(value, Math.abs(value) < 1 ? 3 : 5)} ${currency()}`;
}

// What amounts are called; a label, nothing is converted.
function currency() {
  return (data?.inputs && input("prices.currency")) || "USD";
}

function with_currency(text) {
  return currency() === "USD" ? text : text.replace(/\bUSD\b|美元/g, () => currency());
}

// A value with the unit that the metric catalogue names.
function value_text(value, unit) {
  if (value === null || value === undefined) return "–";
  if (typeof value === "boolean") return t(value ? "yes" : "no");
  if (typeof value !== "number") return String(value);
  switch (unit) {
    case "s": return duration_text(value);
    case "share": return percent_text(value);
    case "bytes": return bytes_text(value);
    case "USD": return usd_text(value);
    case undefined: case "": return number_text(value);
    default: return `${number_text(value)} ${with_currency(unit)}`;
  }
}

// Axis labels: short.
function tick_text(value, unit) {
  if (unit === "share") return `${+(value * 100).toPrecision(4)} %`;
  if (unit === "s") return duration_text(+value.toPrecision(6));
  if (unit === "bytes") return bytes_text(value);
  return number_text(+value.toPrecision(6));
}

// "2025-02-27T12:00+08:00" as minutes of its own clock; null when the scenario has no start.
function start_clock_s() {
  const found = /^(\d+)-(\d+)-(\d+)[T ](\d+):(\d+)(?::(\d+))?/.exec(input("start") ?? "");
  if (!found) return null;
  const [year, month, day, hour, minute, second] = found.slice(1).map((part) => Number(part ?? 0));
  return Date.UTC(year, month - 1, day, hour, minute, second || 0) / 1000;
}

// Seconds from the window's start as the scenario's own clock.
function clock_text(seconds, with_date = false) {
  const start = start_clock_s();
  if (start === null) return duration_text(seconds);
  const iso = new Date((start + seconds) * 1000).toISOString();
  const time = seconds % 60 === 0 && start % 60 === 0 ? iso.slice(11, 16) : iso.slice(11, 19);
  return with_date ? `${iso.slice(5, 10)} ${time}` : time;
}

const TIME_STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 172800, 604800, 2592000];

function time_ticks(low, high, pixels) {
  const wanted = Math.max(2, pixels / 75);
  const step = TIME_STEPS.find((s) => (high - low) / s <= wanted) ?? 2592000;
  const offset = (start_clock_s() ?? 0) % step;
  const ticks = [];
  for (let v = Math.ceil((low + offset) / step) * step - offset; v <= high; v += step) {
    ticks.push({v, label: step >= 86400 ? clock_text(v, true).slice(0, 5) : clock_text(v)});
  }
  return ticks;
}
