from __future__ import annotations

import re
import sys
import unicodedata
import warnings

import pytest
from helpers.botocore_models import SERVICES, service_model

from pytest_kmslab.wire.constraints.patterns import JavaPattern, java_pattern


@pytest.mark.parametrize(
    ("pattern", "taken", "refused"),
    [
        (r"[\w]+", ("aZ_9",), ("é", "a-b", "", "a\n", "٣")),
        (r"\d{3}", ("123",), ("٣٣٣", "12", "123\n")),
        (r"[\s]+", (" \t\n\f\r\v",), ("\u00a0", "\u2003")),
        ("^[a-z]+$", ("a",), ("a\n", "A")),
        ("a|ab", ("a", "ab"), ("abc",)),
        (r"[\p{L}\p{Z}\p{N}]+", ("aé日 Ⅷ٣\u2028",), ("_", "\t", "🙂", "e\u0301")),
        (r"\p{Print}+", ("a ~",), ("é", "\t")),
        (r"[\p{Lu}]+", ("É",), ("é",)),
        (r"[\u0020-\u00FF]*", ("", "ÿ "), ("Ā", "\n")),
        (r"[\uD800\uDC00-\uDBFF\uDFFF]+", ("🙂\U0010ffff",), ("a", "\uffff")),
        (r"(\u002F)|(\u002F[\u0021-\u007E]+\u002F)", ("/", "/a/", "///"), ("/a", "//a b/", "")),
        (r"[a-zA-Z0-9-_.]+", ("a-_.",), ("/",)),
    ],
)
def test_a_pattern_means_what_it_means_in_java(
    pattern: str, taken: tuple[str, ...], refused: tuple[str, ...]
) -> None:
    matcher = JavaPattern(pattern)
    assert [text for text in taken if not matcher.matches(text)] == []
    assert [text for text in refused if matcher.matches(text)] == []


def test_a_category_is_the_one_of_unicode() -> None:
    letters, points = JavaPattern(r"\p{L}"), range(0, sys.maxunicode, 61)
    wrong = [
        point
        for point in points
        if letters.matches(chr(point)) != unicodedata.category(chr(point)).startswith("L")
    ]
    assert wrong == []


@pytest.mark.parametrize("pattern", ["[a-z&&[^b]]", r"\p{IsLatin}+", "[a[b]]", r"\R", "("])
def test_what_only_java_says_refuses_nothing(pattern: str) -> None:
    assert java_pattern(pattern) is None


def test_every_pattern_of_the_enforced_services_can_be_said() -> None:
    patterns = {
        shape.metadata["pattern"]
        for service in SERVICES
        for shape in map(service_model(service).shape_for, service_model(service).shape_names)
        if "pattern" in shape.metadata
    }
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        unknown = [pattern for pattern in patterns if not _can_be_said(pattern)]
    assert unknown == []


def _can_be_said(pattern: str) -> bool:
    try:
        JavaPattern(pattern).matches("a")
        JavaPattern(pattern).matches("é")
    except (re.error, FutureWarning):
        return False
    return True
