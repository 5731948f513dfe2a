"""The real browser of the pages' tests, and what is asked of every page in it."""

from __future__ import annotations

import shutil

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
LACK = "no Chromium is installed; on Debian: apt-get install chromium"
PHONE, DESKTOP = {"width": 390, "height": 844}, {"width": 1280, "height": 900}
WIDER = """(phone) => [document.documentElement, ...document.querySelectorAll(phone ? ".wide:not(.picture-frame)" : "none")]
  .filter((each) => each.scrollWidth > each.clientWidth)
  .map((each) => each.getAttribute("aria-label") || each.tagName)"""


def violations(page: Page) -> list[str]:
    """Return what axe-core says against a page."""
    found = Axe().run(page).response["violations"]
    return [f"{each['id']}: {each['nodes'][0]['html']}" for each in found]


def sideways(page: Page) -> list[str]:
    """Return what of a page must be scrolled sideways and should not: the page itself, on a phone every table too."""
    size = page.viewport_size
    found: list[str] = page.evaluate(WIDER, bool(size and size["width"] <= PHONE["width"]))
    return found
