"""What a real browser makes of the page: nothing in its console, every path by mouse and keyboard, the rules of axe-core."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.ops.page import pages
from tests.ops.page.chromium import CHROMIUM, DESKTOP, LACK, PHONE, sideways, violations

pytestmark = [pytest.mark.browser, pytest.mark.skipif(CHROMIUM is None, reason=LACK)]
Open = Callable[..., Page]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return pages.written(tmp_path_factory.mktemp("pages"))


@pytest.fixture(scope="module")
def browser(files: dict[str, Path]) -> Iterator[Browser]:
    with sync_playwright() as driver:
        running = driver.chromium.launch(executable_path=CHROMIUM)
        yield running
        running.close()


@pytest.fixture
def complaints() -> list[str]:
    """Everything that the console said: errors, warnings, what the page's own policy refused."""
    return []


@pytest.fixture
def opened(browser: Browser, files: dict[str, Path], complaints: list[str]) -> Iterator[Open]:
    contexts = []

    def opener(name: str, fragment: str = "", **options: Any) -> Page:
        contexts.append(browser.new_context(**{"viewport": DESKTOP, **options}))
        page = contexts[-1].new_page()
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda request: complaints.append(request.url) if "://" in request.url[5:] else None)
        page.goto(f"{files[name].as_uri()}{fragment}")
        return page

    yield opener
    for context in contexts:
        context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
@pytest.mark.parametrize("name", ["changed", "refused", "unread"])
def test_it_can_be_read_by_everyone(opened: Open, complaints: list[str], name: str, size: Any, scheme: str) -> None:
    page = opened(name, viewport=size, color_scheme=scheme)
    assert violations(page) == []
    assert sideways(page) == [], "on a phone the picture alone scrolls sideways, elsewhere tables do too"
    bright = page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert bright == (scheme == "light")
    assert complaints == []


def test_the_opened_part_can_be_read_by_everyone(opened: Open) -> None:
    for scheme in ("light", "dark"):
        page = opened("sound", viewport=PHONE, color_scheme=scheme)
        page.get_by_role("link", name="start-sorting").first.click()
        assert violations(page) == []


def test_a_fault_is_seen_by_what_looks_for_it(opened: Open, complaints: list[str]) -> None:
    page = opened("sound")
    page.evaluate(
        "document.querySelector('main').insertAdjacentHTML('beforeend', '<img src=\"data:,\"><button></button>')"
    )
    assert {each.partition(":")[0] for each in violations(page)} >= {"button-name", "image-alt"}
    page.evaluate(
        "document.body.append(Object.assign(document.createElement('script'), {textContent: 'window.broken = 1'}))"
    )
    assert any("Content Security Policy" in each for each in complaints)
    assert page.evaluate("window.broken") is None


def test_a_click_shows_what_a_function_is_made_of(opened: Open, complaints: list[str]) -> None:
    page = opened("sound")
    page.locator(".picture").get_by_role("link", name="start-sorting").click()
    dialog = page.get_by_role("dialog", name="function start-sorting")
    expect(dialog).to_be_visible()
    expect(dialog.get_by_role("table", name="Rights, each with the line that needs it")).to_contain_text(
        "pubsub.publisher"
    )
    expect(dialog.get_by_role("table", name="Archive of")).to_contain_text("main.py")
    dialog.get_by_text("cloudfunctionsv2.Function").click()
    expect(dialog.get_by_text("serviceConfig.timeoutSeconds")).to_be_visible()
    dialog.get_by_role("link", name="parcels-sort").click()
    expect(page.get_by_role("dialog", name="topic parcels-sort")).to_be_visible()
    page.get_by_role("button", name="Close").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.locator(".picture").get_by_role("link", name="start-sorting").click()
    expect(page.get_by_role("dialog", name="function start-sorting")).to_contain_text("Rights")
    assert complaints == []


FOCUSED = """() => {
  const element = document.activeElement;
  return {text: element.textContent.trim(), id: element.id, outline: getComputedStyle(element).outlineStyle};
}"""


def focused(page: Page) -> dict[str, str]:
    return dict(page.evaluate(FOCUSED))


def test_the_keyboard_alone_goes_everywhere(opened: Open, complaints: list[str]) -> None:
    page = opened("sound")
    page.keyboard.press("Tab")
    assert focused(page)["text"] == "Skip to the content"
    page.keyboard.press("Enter")
    assert focused(page)["id"] == "main"
    page.keyboard.press("Tab")  # the picture itself, which scrolls with the arrows
    seen: list[str] = []
    while not seen or "start-sorting" not in seen[-1]:
        page.keyboard.press("Tab")
        now = focused(page)
        assert now["outline"] == "solid", f"{now['text']}: nobody sees that it has the focus"
        seen.append(now["text"])
        assert len(seen) < 40, seen
    page.keyboard.press("Enter")
    assert focused(page)["text"] == "function start-sorting"
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert focused(page)["text"] == seen[-1]
    assert complaints == []


def test_without_a_script_links_lead_to_the_same_place(opened: Open) -> None:
    page = opened("sound", java_script_enabled=False)
    page.locator(".picture").get_by_role("link", name="start-sorting").click()
    expect(page.get_by_role("table", name="Rights, each with the line that needs it").first).to_be_in_viewport()


def test_an_address_leads_to_a_part(opened: Open) -> None:
    page = opened("sound", "#part-topic-parcels-sort")
    expect(page.get_by_role("dialog", name="topic parcels-sort")).to_be_visible()


@pytest.mark.parametrize("name", ["refused", "unread"])
def test_what_refuses_a_plan_comes_first(opened: Open, name: str) -> None:
    page = opened(name)
    heads = page.get_by_role("heading", level=2).all_inner_texts()
    assert heads[:2] == ["Findings", "The pipeline"]
    expect(page.locator(".findings")).to_contain_text("pipeline.yaml:")


@pytest.mark.parametrize("name", ["changed", "hostile"])
def test_what_others_wrote_is_only_text(opened: Open, complaints: list[str], name: str) -> None:
    page = opened(name)
    shown = pages.HOSTILE.replace("\u202e", "\\u202e")
    expect(page.get_by_text(shown).first).to_be_attached()
    assert page.evaluate("window.broken") is None
    assert page.locator("img").count() == 0
    assert page.locator("script").count() == 1
    assert "\u202e" not in page.content()
    assert complaints == []
