#!/usr/bin/env python3
"""Takes the pictures of README.md: the top of the page of the published day, and of a plan.

    tools/run.sh configs/deepseek_day.yaml                        # writes out/deepseek_day
    build/release/epfleet plan configs/peak_hour.yaml --vary fleet.groups=5..12 --meet slo --minimise cost.usd --out out/plan_peak_hour
    tools/page_pictures.py                                        # docs/page_day.webp, docs/page_plan.webp
    tools/page_pictures.py --time out/deepseek_day                # how long a page takes to open, and how large it is

Needs chromium, chromium-driver and Debian's python3-selenium; run with /usr/bin/python3 where another one comes first.
"""

import argparse
import base64
import pathlib
import statistics
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))
from support.browser import Browser, skip_without_browser  # noqa: E402

WIDTH, SCALE, QUALITY = 1200, 1.0, 85
PICTURES = [("out/deepseek_day", "docs/page_day.webp", 1770), ("out/plan_peak_hour", "docs/page_plan.webp", 1760)]
MOST_BYTES = 200_000


def take(browser, folder, picture, height):
    # A window as high as the picture: what is below the fold is not drawn.
    browser.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {
        "width": WIDTH, "height": height, "deviceScaleFactor": 1, "mobile": False})
    browser.open(ROOT / folder / "report.html")
    shot = browser.driver.execute_cdp_cmd("Page.captureScreenshot", {
        "format": "webp", "quality": QUALITY, "clip": {"x": 0, "y": 0, "width": WIDTH, "height": height, "scale": SCALE}})
    content = base64.b64decode(shot["data"])
    (ROOT / picture).write_bytes(content)
    print(f"{picture}: {len(content)} bytes")
    if len(content) > MOST_BYTES:
        sys.exit(f"{picture} is larger than {MOST_BYTES} bytes")


def time_page(browser, folder):
    page = pathlib.Path(folder) / "report.html"
    first, whole = [], []
    for _ in range(5):
        browser.open(page)
        first.append(browser.run("return performance.getEntriesByName('drawn day')[0]?.startTime ?? performance.getEntriesByType('mark').at(-1).startTime"))
        whole.append(browser.run("return performance.getEntriesByType('mark').at(-1).startTime"))
    print(f"{page}: {page.stat().st_size / 1e6:.2f} MB, first sections after {statistics.median(first) / 1e3:.2f} s, all after "
          f"{statistics.median(whole) / 1e3:.2f} s (medians of 5)")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--time", metavar="DIR", nargs="+", help="only say how fast the pages of these folders open")
    chosen = parser.parse_args()
    skip_without_browser()
    with tempfile.TemporaryDirectory() as downloads:
        browser = Browser(downloads, WIDTH)
        try:
            for folder in chosen.time or []:
                time_page(browser, folder)
            for picture in [] if chosen.time else PICTURES:
                take(browser, *picture)
        finally:
            browser.quit()


if __name__ == "__main__":
    main()
