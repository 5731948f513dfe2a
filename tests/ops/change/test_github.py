"""The comment in GitHub's own renderer: whatever an outsider writes is text in a code span, and nothing else."""

from __future__ import annotations

from html.parser import HTMLParser

import cmarkgfm
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ops.change import render
from ops.change.model import ArchiveChange, Broken, FileChange, Meaning, PlanDifference, PropertyChange, Resource

TAGS = {"h2", "h3", "p", "strong", "ul", "li", "code", "em"}
"""Elements that our own text makes."""


class Page(HTMLParser):
    """The elements of a rendered page, and the text that stands outside code."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.outside: list[str] = []
        self.comments: list[str] = []
        self._code = 0
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.tags.add(tag)
        self._code += tag == "code"

    def handle_endtag(self, tag: str) -> None:
        self._code -= tag == "code"

    def handle_data(self, data: str) -> None:
        if not self._code:
            self.outside.append(data)

    def handle_comment(self, data: str) -> None:
        self.comments.append(data.strip())


def rendered(text: str) -> Page:
    change = PropertyChange(text, text, text, replaces=True, note=text)
    difference = PlanDifference(
        base=text,
        head=text,
        stack=text,
        broken=(Broken(text, text, text),),
        mended=(Broken(text, text, text),),
        meanings=(Meaning("start", text), Meaning("rest", text)),
        resources=(Resource("removed", "stateful", text, text, text, text, (change,)),),
        archives=(ArchiveChange("changed", text, (FileChange("added", text),)),),
    )
    return Page(cmarkgfm.github_flavored_markdown_to_html(render.markdown(difference)))


HOSTILE = " ".join(
    [
        "@everyone <img src=x onerror=alert(1)> [x](https://evil.example) ![y](https://evil.example/z.png)",
        "https://evil.example www.evil.example a@evil.example #1 owner/name#2 | a | <details> </code> ~~x~~ **x** :tada:",
        "1f3870be274f6c49b3e31a0c6728957f",
    ]
)


def inert(page: Page) -> bool:
    outside = " ".join(page.outside)
    return page.tags <= TAGS and not any(sign in outside for sign in ("@", "evil", "#", "<", "tada", "1f38", "~"))


@pytest.mark.parametrize("run", [1, 2, 3, 79, 80, 81, 82, 159])
def test_a_run_of_backticks_of_any_length_is_no_way_out(run: int) -> None:
    ticks = "`" * run
    for text in (f"{ticks} {HOSTILE}", f"{HOSTILE} {ticks}", f"{ticks}{HOSTILE}{ticks}", f"a{ticks}\n\n{HOSTILE}"):
        assert inert(rendered(text))


def test_the_renderer_itself_lets_such_a_run_out() -> None:
    fence = "`" * 81
    page = Page(cmarkgfm.github_flavored_markdown_to_html(f"* {fence} @everyone {'`' * 80} {fence}"))
    assert "@everyone" in " ".join(page.outside)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.sampled_from(["`", "``", "`" * 80, "`" * 81, "@a", "<b>", "](", "[", "!", "\n", "\\", " ", "~", "*", "|", "https://evil.example", "﻿", "ˋ"]), max_size=30).map("".join))  # fmt: skip
def test_nothing_leaves_its_place(text: str) -> None:
    page = rendered(text)
    assert page.tags <= TAGS
    assert "@" not in " ".join(page.outside)
    assert page.comments == ["plan-difference"] or page.comments == ["raw HTML omitted"]
