"""A headless Chromium without a network, for pages that lie on disk."""

import json
import pathlib
import subprocess
import sys
import tempfile
import time
import unittest

from support.program import PROGRAM

try:
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service
    from selenium.webdriver.support.ui import WebDriverWait
except ImportError:
    webdriver = None

CHROMIUM = pathlib.Path("/usr/bin/chromium")
DRIVER = pathlib.Path("/usr/bin/chromedriver")
LOCAL = ("file:", "data:", "blob:", "about:", "chrome:", "devtools:")


def skip_without_browser():
    if webdriver is None or not CHROMIUM.exists() or not DRIVER.exists():
        print("skipped: needs chromium, chromium-driver and python3-selenium (tools/install_packages.sh test)")
        sys.exit(77)


class Browser:
    """One window; `downloads` is where it keeps files."""

    def __init__(self, downloads, width=1440, height=1000):
        options = webdriver.ChromeOptions()
        options.binary_location = str(CHROMIUM)
        for argument in ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--lang=en-US",
                         "--host-resolver-rules=MAP * ~NOTFOUND", "--disable-background-networking",
                         "--disable-component-update", "--no-first-run", "--hide-scrollbars"]:
            options.add_argument(argument)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        options.add_experimental_option("prefs", {
            "download.default_directory": str(downloads), "profile.default_content_setting_values.automatic_downloads": 1})
        self.driver = webdriver.Chrome(service=Service(str(DRIVER)), options=options)
        self.resize(width, height)

    def quit(self):
        self.driver.quit()

    def resize(self, width, height=1000):
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {
            "width": width, "height": height, "deviceScaleFactor": 1, "mobile": False})

    def prefer(self, scheme):
        """"light" or "dark": what the reader's system asks for."""
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {
            "features": [{"name": "prefers-color-scheme", "value": scheme}]})

    def open(self, path, fragment=""):
        self.driver.get(pathlib.Path(path).resolve().as_uri() + fragment)
        WebDriverWait(self.driver, 60).until(
            lambda driver: driver.execute_script("return document.documentElement.dataset.ready || document.querySelector('p.bad')"))

    def run(self, script, *arguments):
        return self.driver.execute_script(script, *arguments)

    def drag(self, selector, begin, end):
        """With the mouse across an element, between two shares of its width."""
        box = self.run("""const n = document.querySelector(arguments[0]); n.scrollIntoView({block: "center"});
            const b = n.getBoundingClientRect(); return [b.x, b.y, b.width, b.height]""", selector)
        x, y, width, height = box
        points = [(begin, "mousePressed"), ((begin + end) / 2, "mouseMoved"), (end, "mouseMoved"), (end, "mouseReleased")]
        for share, kind in points:
            self.driver.execute_cdp_cmd("Input.dispatchMouseEvent", {
                "type": kind, "x": x + width * share, "y": y + height / 2, "button": "left", "buttons": 1, "clickCount": 1})

    def keys(self, selector, *names):
        """Typed into an element that takes the focus."""
        self.run("document.querySelector(arguments[0]).focus()", selector)
        for name in names:
            for kind in ["keyDown", "keyUp"]:
                self.driver.execute_cdp_cmd("Input.dispatchKeyEvent", {"type": kind, "key": name})

    def faults(self):
        """What the console complained of, and every request that left the machine or tried to."""
        found = [entry["message"] for entry in self.driver.get_log("browser") if entry["level"] in ("SEVERE", "WARNING")]
        for entry in self.driver.get_log("performance"):
            message = json.loads(entry["message"])["message"]
            if message["method"] == "Network.requestWillBeSent":
                url = message["params"]["request"]["url"]
                if not url.startswith(LOCAL):
                    found.append(f"request to {url}")
        return found

    def screenshot(self, path, whole=False):
        if whole:
            width, height = self.run("return [window.innerWidth, document.documentElement.scrollHeight]")
            self.resize(width, height)
        self.driver.save_screenshot(str(path))


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
