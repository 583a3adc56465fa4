"""What a reader of the report sees and can do, in a browser."""

from __future__ import annotations

from pathlib import Path

import pytest
from browser.chromium import Page

MEGABYTE = 1_000_000
PAPER = 718
"""Pixels across a sheet of A4 without its margins, as Chromium prints it."""
LONGEST = 2.0
"""Seconds of a processor until the page can be used."""
TEXT = "document.getElementById('{}').innerText"


def text(page: Page, section: str) -> str:
    return str(page.js(TEXT.format(section)))


def focused(page: Page, what: str = "textContent") -> str:
    return str(page.js(f"document.activeElement.{what}"))


def choose(page: Page, selector: str, value: str, event: str) -> None:
    """Let a person choose or write something."""
    page.js(
        f"(e => {{ e.value = '{value}'; e.dispatchEvent(new Event('{event}')); }})"
        f"(document.querySelector('{selector}'))"
    )


def test_who_was_denied_what_why_what_changed_it_and_what_is_left(page: Page, told: Path) -> None:
    page.show(told)
    assert "1 of 12 tests failed" in page.js("document.querySelector('h1').innerText")
    summary = text(page, "summary")
    assert "mounika" in summary
    assert "kms:Decrypt on key MY-kms-key" in summary
    assert "no identity-based policy allows it, and the key policy delegates to IAM policies" in summary
    assert "60 ×" in summary
    assert "denied → allowed after a change of the key policy that names mounika too" in summary
    assert "Nothing: 12 resources were made, and all are gone again." in summary
    assert "2 calls to http://example.test" in summary


def test_every_section_says_something(page: Page, told: Path) -> None:
    page.show(told)
    assert "Step 3: look." in text(page, "tests")
    assert "Indented are the requests to KMS" in text(page, "timeline")
    assert "names mounika too" in text(page, "policies")
    assert "✕ 60" in page.js("document.getElementById('matrix').textContent")
    assert "`Never`" not in text(page, "coverage")
    assert "A Deny that no test met: Never of key policy alias/mine, in tests/" in text(page, "coverage")
    assert "the tests’ own: 0 of 1 statement decided something" in text(page, "coverage")
    assert "It cost nothing" in text(page, "resources")
    assert "pytest-kmslab 0." in text(page, "run")


def test_a_failed_test_is_open_and_shows_what_was_asserted_and_asked(page: Page, told: Path) -> None:
    page.show(told)
    page.js("document.querySelector('.test .word.failed').closest('summary').click()")
    shown = page.wait("document.querySelector('.test[open] .body')?.innerText")
    assert "kms:Decrypt is denied to mounika" in shown
    assert "not met: every call is allowed" in shown
    assert "AssertionError" in shown
    assert "kms:Decrypt on key MY-kms-key" in shown


def test_what_a_test_is_called_is_never_taken_for_html(page: Page, told: Path) -> None:
    page.show(told)
    assert page.js("document.querySelectorAll('main b').length") == 0
    assert "<b>it</b>" in page.js("document.getElementById('policies').textContent")


def test_accounts_are_masked(page: Page, told: Path) -> None:
    page.show(told)
    assert "111122223333" not in page.js("JSON.stringify(document.documentElement.innerText)")
    page.js("document.querySelector('#summary button.plain').click()")
    assert "arn:aws:iam::ACCOUNT:user/mounika" in page.js("document.querySelector('dialog').innerText")


def test_the_time_line_by_keyboard(page: Page, told: Path) -> None:
    page.show(told)
    page.js("document.querySelector('#timeline .window').focus()")
    page.press("ArrowDown", "Enter")
    dialog = page.js("document.querySelector('dialog[open]').innerText")
    assert "denied kms:Decrypt" in dialog
    assert "to allow it" in dialog
    page.press("Escape")
    assert page.js("document.querySelector('dialog').open") is False
    assert focused(page, "className") == "window"
    page.press("End")
    row = page.js(
        "document.getElementById(document.activeElement.getAttribute('aria-activedescendant')).innerText"
    )
    assert "kms:Decrypt" in row
    assert page.js("document.querySelector('#timeline .window').scrollTop") > 0


def test_everything_is_reached_by_the_tab_key(page: Page, told: Path) -> None:
    page.show(told)
    page.press("Tab")
    assert focused(page) == "Skip to the report"
    reached = set()
    for _ in range(80):
        page.press("Tab")
        reached.add(focused(page, "tagName"))
        if page.js("document.activeElement.closest('#matrix') !== null"):
            break
    assert {"A", "BUTTON", "INPUT", "SELECT", "SUMMARY"} <= reached
    page.js("document.querySelector('#matrix .cell.both').focus()")
    page.press("Enter")
    assert "kms:Decrypt" in page.js("document.querySelector('dialog[open] h2').innerText")
    page.press("Escape")
    assert "cell" in focused(page, "className")


def test_filters(page: Page, told: Path) -> None:
    page.show(told)
    choose(page, "#timeline select", "denied", "change")
    assert "60 calls shown" in text(page, "timeline")
    choose(page, "#tests input", "[3]", "input")
    assert "1 test shown" in text(page, "tests")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 400])
def test_light_and_dark_wide_and_narrow(
    page: Page, told: Path, pictures: Path, scheme: str, width: int
) -> None:
    page.media(scheme=scheme)
    page.show(told, width=width)
    background = page.js("getComputedStyle(document.body).backgroundColor")
    assert background == {"light": "rgb(251, 250, 248)", "dark": "rgb(22, 22, 20)"}[scheme]
    assert page.js("document.documentElement.scrollWidth") <= width
    page.picture(pictures / f"report-{width}-{scheme}.png", whole=True)


CONTRAST = Path(__file__).with_name("contrast.js").read_text(encoding="utf-8")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_texts_stand_out_from_what_is_behind_them(page: Page, told: Path, scheme: str) -> None:
    page.media(scheme=scheme)
    page.show(told)
    assert page.js(CONTRAST) == []


def test_on_paper_the_changes_are_open_and_the_denials_are_listed(page: Page, told: Path) -> None:
    page.show(told)
    page.js("dispatchEvent(new Event('beforeprint'))")
    assert page.js("document.querySelectorAll('#policies details[open] .diff').length") == 12
    assert page.js("document.querySelectorAll('#timeline .printed .entry').length") == 120
    page.media(kind="print")
    assert page.js("getComputedStyle(document.querySelector('.window')).display") == "none"
    assert page.js("getComputedStyle(document.querySelector('nav')).display") == "none"
    shown = "[...document.querySelectorAll('button.act')].map((one) => getComputedStyle(one).display)"
    assert set(page.js(shown)) == {"none"}, "what only a click does is not for paper"
    assert page.printed().startswith(b"%PDF")


def test_on_paper_nothing_is_cut_off_and_what_is_left_out_is_said(page: Page, told: Path) -> None:
    page.show(told)
    columns = page.js("document.querySelectorAll('#matrix .scroll .heat')[0].rows[0].cells.length - 1")
    page.js("dispatchEvent(new Event('beforeprint'))")
    page.media(kind="print")
    heads = "[...document.querySelectorAll('#matrix .printed')[0].querySelectorAll('thead th')]"
    assert page.js(f"{heads}.length") == columns
    widths = "[...document.querySelectorAll('#matrix .printed .heat')].map((map) => map.offsetWidth)"
    assert max(page.js(widths)) <= PAPER
    assert page.js("getComputedStyle(document.querySelector('#matrix .scroll')).display") == "none"
    assert "calls that met a denial; the page itself shows all" in text(page, "timeline")
    page.js("dispatchEvent(new Event('afterprint'))")
    assert page.js("document.querySelectorAll('.printed > *').length") == 0


def test_a_hundred_thousand_decisions_are_small_and_quick(page: Page, large: Path) -> None:
    assert large.stat().st_size <= 20 * MEGABYTE
    before = page.worked()
    page.show(large)
    assert page.worked() - before <= LONGEST
    assert "105,000 decisions" in page.js("document.querySelector('h1').innerText")
    assert page.js("document.querySelectorAll('*').length") < 20_000
    page.js("document.querySelector('#timeline .window').scrollTop = 1e6")
    page.wait("document.querySelectorAll('.window .entry').length > 10")
