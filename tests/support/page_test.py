"""What every page of epfleet must do, and the means to try it."""

import pathlib
import subprocess
import tempfile
import time
import unittest

from support.browser import Browser
from support.program import PROGRAM

# Of every figure what is wrong with it, or null: a chart of curves has coloured pixels and points, another one shapes.
NOT_DRAWN = """
return [...document.querySelectorAll("figure")].map((figure) => {
  const name = figure.id;
  if (!figure.querySelector("h3").textContent.trim()) return `${name} has no title`;
  if (!figure.querySelector("p.sr").textContent.trim()) return `${name} has no text for those who do not see it`;
  if (figure.graph && !figure.graph.numRows()) return `${name} has no rows`;
  const canvases = [...figure.querySelectorAll("canvas")];
  if (canvases.length) {
    const coloured = (canvas) => canvas.width && canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data.some((v) => v !== 0);
    return canvases.some(coloured) ? null : `${name} is empty`;
  }
  return figure.querySelector("svg rect, svg circle, svg polyline") ? null : `${name} is empty`;
}).filter((fault) => fault);
"""

# Contrast of every visible piece of text with the page: those below what WCAG AA asks (4.5, large text 3).
TOO_FAINT = """
const luminance = (rgb) => {
  const [r, g, b] = rgb.map((v) => { v /= 255; return v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const parts = (text) => text.match(/[\\d.]+/g).map(Number);
const behind = (node) => {
  for (let at = node; at; at = at.parentElement) {
    const c = parts(getComputedStyle(at).backgroundColor);
    if (c.length < 4 || c[3] > 0) return c.slice(0, 3);
  }
  return [255, 255, 255];
};
const found = new Set();
for (const node of document.querySelectorAll("h1,h2,h3,p,td,th,button,a,span,b,li,figcaption,svg text,.dygraph-axis-label")) {
  if (!node.textContent.trim() || node.closest(".sr,.skip")) continue;
  const style = getComputedStyle(node);
  const ink = parts(node instanceof SVGElement ? style.fill : style.color).slice(0, 3);
  const [a, b] = [luminance(ink), luminance(behind(node))].sort((x, y) => y - x);
  const least = parseFloat(style.fontSize) >= 24 || (parseFloat(style.fontSize) >= 18.7 && style.fontWeight >= 700) ? 3 : 4.5;
  if ((a + 0.05) / (b + 0.05) < least) found.add(`${node.tagName}.${node.getAttribute("class")} ${ink} ${(a + 0.05) / (b + 0.05)}`);
}
return [...found];
"""


class PageTest(unittest.TestCase):
    """The results of a class are made once, in a folder of its own, by make(); one browser shows them."""

    maxDiff = 2000

    @classmethod
    def setUpClass(cls):
        temporary = tempfile.TemporaryDirectory(prefix="epfleet_browser_")
        cls.addClassCleanup(temporary.cleanup)
        cls.folder = pathlib.Path(temporary.name)
        cls.make()
        cls.browser = Browser(cls.folder)
        cls.addClassCleanup(cls.browser.quit)

    def setUp(self):
        self.browser.resize(1440)
        self.browser.prefer("light")

    @classmethod
    def epfleet(cls, *arguments, code=0):
        done = subprocess.run([PROGRAM, *map(str, arguments)], cwd=cls.folder, text=True, stdin=subprocess.DEVNULL,
                              capture_output=True, timeout=300)
        assert done.returncode == code, f"{arguments}\n{done.stderr}"
        return done

    def text_of(self, selector):
        return self.browser.run("return document.querySelector(arguments[0])?.textContent", selector)

    def click(self, selector):
        self.browser.run("document.querySelector(arguments[0]).click()", selector)

    def check_drawn(self, page):
        """All that every page must do, whatever it is about."""
        for scheme in ["light", "dark"]:
            self.browser.prefer(scheme)
            for width in [1440, 390]:
                self.browser.resize(width)
                self.browser.open(page)
                with self.subTest(page=str(page), scheme=scheme, width=width):
                    self.assertEqual(self.browser.run(NOT_DRAWN), [])
                    self.assertEqual(self.browser.run(TOO_FAINT), [])
                    self.assertLessEqual(self.browser.run("return document.documentElement.scrollWidth"), width)
                    self.assertEqual(self.browser.run("return document.documentElement.dataset.theme"), scheme)
                    self.assertEqual(self.browser.faults(), [])
        self.assertGreater(self.browser.run("return document.querySelectorAll('figure').length"), 0)
        self.browser.prefer("light")
        self.browser.resize(1440)
        self.check_language()

    def check_language(self):
        """The switch leaves no text of the other language's table, and all keys are there."""
        english = self.browser.run("return document.body.innerText")
        self.click("#language")
        chinese = self.browser.run("return document.body.innerText")
        self.assertRegex(chinese, "[\u4e00-\u9fff]")
        titles = self.browser.run("return [...document.querySelectorAll('nav a, h2')].map((n) => n.textContent)")
        for title in titles:
            self.assertRegex(title, "[\u4e00-\u9fff]")
        self.assertEqual(self.browser.run("return document.documentElement.lang"), "zh-CN")
        for text in [english, chinese]:
            for junk in ["undefined", "NaN", "[object"]:
                self.assertNotIn(junk, text)
        self.assertEqual(self.browser.run(NOT_DRAWN), [])
        self.click("#language")
        self.assertEqual(self.browser.run("return document.documentElement.lang"), "en")

    def downloaded(self, name, click):
        """The text of the file that a click gives."""
        path = self.folder / name
        path.unlink(missing_ok=True)
        click()
        for _ in range(600):
            if path.exists() and path.stat().st_size:
                return path.read_text()
            time.sleep(0.05)
        raise AssertionError(f"no {name} came")
