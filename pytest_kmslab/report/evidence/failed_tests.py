"""The decisions of a failed test for reports of others: JUnit XML, and pytest-html where it is there."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

import pytest
from _pytest.junitxml import bin_xml_escape, xml_key

from pytest_kmslab.report.decisions import SECTION, SHOWN, one_line

if TYPE_CHECKING:
    from pytest_kmslab.enforcement.entry import TrailEntry

PROPERTY = "kmslab decision"


def attach_decisions(
    report: pytest.TestReport,
    item: pytest.Item,
    entries: Sequence[TrailEntry],
    text: str,
    mask: Callable[[str], str],
) -> None:
    """Give a failed report the decisions that explain it, as each of the other reports takes them."""
    if item.config.getoption("xmlpath", None):
        # pytest writes those of the teardown's report, made of the item's; other plugins read this report's.
        for entry in entries[-SHOWN:]:
            line_property = (PROPERTY, mask(one_line(entry)).replace("`", ""))
            if line_property not in item.user_properties:
                item.user_properties.append(line_property)
                report.user_properties.append(line_property)
    if item.config.pluginmanager.hasplugin("html"):
        try:
            from pytest_html import extras
        except ImportError:  # another plugin of that name
            return
        shown: Any = report
        shown.extras = [*getattr(report, "extras", ()), extras.text(mask(text), name=SECTION)]


class JunitText:
    """Puts the text of a failed test's decisions into its `system-out`.

    pytest has no public way to it: what has another form than pytest 8 and 9 give it is left alone.
    """

    def __init__(self, config: pytest.Config) -> None:
        self._config = config

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Forget an earlier try of a test that is run again: the properties are its last one's."""
        item.user_properties[:] = [pair for pair in item.user_properties if pair[0] != PROPERTY]

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> Generator[None, object, object]:
        """Write it after the failure, and of a teardown before its test is closed."""
        text = "\n".join(text for name, text in report.sections if name == SECTION)
        is_last = report.when == "teardown"
        if text and is_last:
            self._write(report, text)
        result = yield
        if text and not is_last:
            self._write(report, text)
        return result

    def _write(self, report: pytest.TestReport, text: str) -> None:
        xml = self._config.stash.get(xml_key, None)
        if xml is None:
            return
        element = ElementTree.Element("system-out")
        element.text = bin_xml_escape(f"{SECTION}\n{text}")
        xml.node_reporter(report).append(element)
