// What the reader has chosen, and the drawing of the page anew when it changes.

const state = {language: "en", theme: null, zoom: null, hidden: {}, charts: [], turn: 0};

function t(key, ...values) {
  const both = TEXTS[key];
  if (!both) return key;
  const text = with_currency(both[state.language === "zh" ? 1 : 0]);
  return text.replace(/\{(\d)\}/g, (_, i) => values[Number(i)] ?? "");
}

function is_dark() {
  return state.theme ? state.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
}

function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

const SERIES_COLOURS = ["c1", "c2", "c3", "c4", "c5", "c6", "c7"];

function switch_button(id, label, act) {
  return el("button", {type: "button", id, onclick: act}, label);
}

function toolbar() {
  return el("div", {class: "toolbar"},
    switch_button("language", t("other_language"), () => {
      state.language = state.language === "zh" ? "en" : "zh";
      draw_page();
      document.getElementById("language").focus();
    }),
    switch_button("theme", t(is_dark() ? "light" : "dark"), () => {
      state.theme = is_dark() ? "light" : "dark";
      draw_page();
      document.getElementById("theme").focus();
    }),
    data.series && switch_button("unzoom", t("whole_time"), () => set_zoom(null)),
    switch_button("print", t("print"), () => window.print()));
}

// Gently: a section at a time, so that the first ones can be read while the others are drawn.
async function draw_page(gently = false) {
  const turn = ++state.turn;
  const scroll = window.scrollY;
  state.charts.forEach((chart) => chart.destroy());
  state.charts = [];
  document.documentElement.lang = state.language === "zh" ? "zh-CN" : "en";
  document.documentElement.dataset.theme = is_dark() ? "dark" : "light";
  const app = document.getElementById("app");
  app.replaceChildren();
  const sections = sections_of_page();
  document.title = `${page_title()} – epfleet`;
  app.append(
    el("a", {class: "skip", href: "#content"}, t("skip")),
    el("header", {}, el("p", {class: "brand"}, "epfleet ", el("span", {}, t("kind_" + data.kind))), toolbar()),
    el("nav", {"aria-label": t("contents")}, el("ul", {}, sections.map((section) =>
      el("li", {}, el("a", {href: `#${section.id}`}, t("section_" + section.id)))))),
    el("main", {id: "content"}, el("h1", {}, page_title())));
  const content = document.getElementById("content");
  for (const section of sections) {
    const node = el("section", {id: section.id, "aria-labelledby": `${section.id}-title`},
      el("h2", {id: `${section.id}-title`}, t("section_" + section.id)));
    content.append(node);
    section.draw(node);
    if (gently) {
      performance.mark(`drawn ${section.id}`);
      await new Promise((resolve) => setTimeout(resolve, 0));
      if (turn !== state.turn) return;  // the reader has switched something
    }
  }
  content.append(el("footer", {}, t("footer")));
  if (!gently) window.scrollTo(0, scroll);
}

async function start() {
  if (navigator.language.toLowerCase().startsWith("zh")) state.language = "zh";
  try {
    await load_data();
    performance.mark("unpacked");
    await draw_page(true);
    document.getElementById(location.hash.slice(1))?.scrollIntoView();
  } catch (error) {
    console.error(error);
    document.getElementById("app").replaceChildren(el("p", {class: "bad", id: "fatal"}, t("cannot_read"), " ", String(error)));
    return;
  }
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { if (!state.theme) draw_page(); });
  document.documentElement.dataset.ready = "yes";
}

document.addEventListener("DOMContentLoaded", start);
