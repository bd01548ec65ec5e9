"""A headless Chromium without a network, for pages that lie on disk."""

import json
import pathlib
import sys

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
            lambda driver: driver.execute_script("return document.documentElement.dataset.ready || document.getElementById('fatal')"))

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
