"""The page of a running system in a real browser: counts that move, a drill by its button, what can be looked into, attackers."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from ops.local.live import Live
from ops.local.loopback import TOKEN
from ops.local.serving import keep_going
from ops.local.system import System
from tests.ops.page.chromium import CHROMIUM, DESKTOP, LACK, PHONE, sideways, violations

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.skipif(CHROMIUM is None, reason=LACK)]
TOPIC, LETTER = "nba-phase2-raw-complete", "phase2-to-phase3-orchestrator--nba-phase2-raw-complete--dead-letter"
OTHER = "nba-phase4-precompute-complete"
DRILL = "Poison among good messages"
HOSTILE = "<img src=x onerror=window.broken=1><script>window.broken=1</script>"
ATTACK = """async ([address, method]) => {
  try {
    await fetch(address, {method, mode: "no-cors", body: method === "POST" ? "{}" : undefined});
  } catch (error) {
    return String(error);
  }
  return "sent";
}"""


@pytest.fixture
def live(system: System) -> Iterator[Live]:
    live = Live(system)
    with live.server:
        going = threading.Thread(target=keep_going, args=(system, live), daemon=True)
        going.start()
        yield live
        live.over.set()
        going.join(120)


@pytest.fixture
def browser() -> Iterator[Browser]:
    with sync_playwright() as driver:
        foreign = "--host-resolver-rules=MAP evil.example 127.0.0.1"
        running = driver.chromium.launch(executable_path=CHROMIUM, args=[foreign])
        yield running
        running.close()


@pytest.fixture
def context(browser: Browser) -> BrowserContext:
    return browser.new_context(viewport={"width": DESKTOP["width"], "height": DESKTOP["height"]})


def opened(context: BrowserContext, live: Live, complaints: list[str]) -> Page:
    page = context.new_page()
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(live.server.address)
    return page


def test_a_drill_is_played_by_its_button_and_seen(context: BrowserContext, live: Live) -> None:
    complaints: list[str] = []
    page = opened(context, live, complaints)
    topic = page.locator(".picture").get_by_role("link", name=TOPIC)
    expect(topic).to_contain_text("0 messages")
    assert violations(page) == []
    assert sideways(page) == []
    page.get_by_role("button", name=DRILL).click()
    expect(page.get_by_role("status")).to_have_text("poison_message is going on.")
    expect(page.get_by_role("button", name=DRILL)).to_be_disabled()
    expect(topic).to_contain_text(
        re.compile(r"\b(1 message|[2-8] messages)\b"), timeout=60_000
    )  # it may miss the first
    expect(topic).to_contain_text("8 messages", timeout=60_000)
    expect(page.get_by_role("status")).to_have_text("Nothing is being played.", timeout=120_000)
    expect(page.get_by_role("log")).to_contain_text("As it must be: 1 trigger,")
    expect(page.get_by_role("log")).to_contain_text("message-refused, 0 minutes after the fault")
    page.get_by_text("Break a copy as it broke before").click()
    page.get_by_role("button", name="Incident 3", exact=True).click()
    expect(page.get_by_role("log")).to_contain_text("refused before deployment", timeout=60_000)
    expect(page.get_by_role("log")).to_contain_text("[archive-link]")
    expect(page.get_by_role("status")).to_have_text("Nothing is being played.", timeout=60_000)
    other = page.locator(".picture").get_by_role("link", name=OTHER)
    expect(other).to_contain_text("0 messages")
    live.system.publish(OTHER, HOSTILE.encode())
    expect(other).to_contain_text(re.compile(r"\b1 message\b"), timeout=30_000)
    live.system.publish(TOPIC, HOSTILE.encode())
    row = page.get_by_role("row").filter(has=page.get_by_role("button", name=LETTER, exact=True))
    expect(row).to_contain_text("4", timeout=30_000)
    page.get_by_role("button", name=LETTER, exact=True).click()
    letter = page.get_by_role("dialog", name=LETTER)
    expect(letter).to_contain_text(HOSTILE)
    assert page.evaluate("window.broken") is None
    expect(letter).to_contain_text('"reason": "not_json"')
    expect(letter).to_contain_text("no message")
    assert violations(page) == []
    page.get_by_role("button", name="Close").click()
    page.get_by_role("button", name="phase2_to_phase3").click()
    expect(page.get_by_role("dialog", name="phase2_to_phase3 2026-01-28")).to_contain_text('"_triggered": true')
    page.get_by_role("button", name="Close").click()
    page.set_viewport_size({"width": PHONE["width"], "height": PHONE["height"]})
    assert sideways(page) == []
    assert violations(page) == []
    assert complaints == []


def test_pages_of_others_reach_nothing(context: BrowserContext, live: Live) -> None:
    complaints: list[str] = []
    context.route(
        "http://elsewhere.example/", lambda route: route.fulfill(body="<title>x</title>", content_type="text/html")
    )
    elsewhere = context.new_page()
    elsewhere.goto("http://elsewhere.example/")
    for method in ("POST", "GET"):
        elsewhere.evaluate(ATTACK, [f"{live.server.address}play/poison_message", method])
    rebound = context.new_page()
    answer = rebound.goto(f"http://evil.example:{live.server.port}/")
    assert answer is not None
    assert answer.status == 421
    assert live.server.token not in rebound.content()
    own = opened(context, live, complaints)
    expect(own.locator("#clock")).not_to_have_text("not yet known")
    own_headers = {"Host": f"127.0.0.1:{live.server.port}", TOKEN: live.server.token}
    own_headers["Origin"] = live.server.address.rstrip("/")
    for unknown in ("/play/nothing", "/drill/999", "/play/../overnight", "/play"):
        assert live.server.answer("POST", unknown, own_headers).status == 404
    assert live.busy == ""
    assert live.wanted.empty()
    expect(own.get_by_role("status")).to_have_text("Nothing is being played.")
    expect(own.get_by_role("button", name=DRILL)).to_be_enabled()
    assert complaints == []
