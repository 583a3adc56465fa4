from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_kmslab.authz.pattern import (
    compile_any,
    compile_pattern,
    compile_segment_tokens,
    compile_segments,
    compile_tokens,
    matches_everything,
    tokens_of,
)

ALPHABET = "ab:?*"


def reference(pattern: str, text: str, any_character: str = ".") -> bool:
    wild = {"*": f"{any_character}*", "?": any_character}
    return bool(re.fullmatch("".join(wild.get(c, re.escape(c)) for c in pattern), text, re.DOTALL))


@given(st.text(ALPHABET, max_size=8), st.text("ab:\n", max_size=8))
def test_a_pattern_matches_what_its_regular_expression_matches(pattern: str, text: str) -> None:
    assert compile_pattern(pattern)(text) is reference(pattern, text)


@given(st.lists(st.text("ab*?", max_size=4), max_size=4), st.text("ab", max_size=5))
def test_several_patterns_match_what_one_of_them_matches(patterns: list[str], text: str) -> None:
    assert compile_any(patterns)(text) is any(reference(pattern, text) for pattern in patterns)


@given(st.lists(st.text("ab*?", max_size=3), min_size=6, max_size=6), st.text("ab:", max_size=14))
def test_segments_match_one_by_one(parts: list[str], text: str) -> None:
    given_parts = text.split(":", 5)
    expected = len(given_parts) == 6 and all(map(reference, parts, given_parts))
    assert compile_segments(":".join(parts))(text) is expected
    assert compile_segment_tokens(tokens_of(":".join(parts)))(text) is expected


@pytest.mark.parametrize("pattern", ["", "arn", "arn:aws:s3:::", "*"])
def test_a_pattern_of_fewer_or_empty_parts_is_no_arn_of_another_length(pattern: str) -> None:
    assert not compile_segments(pattern)("arn:aws:kms:us-east-1:111122223333:key/a")


@pytest.mark.parametrize(
    ("pattern", "short", "enough"),
    [
        ("*ab*ba*", "aba", "abba"),
        ("*a?*?a*", "aba", "abba"),
        ("*aa*aa*", "aaa", "aaaa"),
        ("ab*ba", "aba", "abba"),
        ("a*b*b", "ab", "abb"),
        ("?*?", "a", "ab"),
        ("a*?*a", "aa", "aba"),
        ("*a?*b?", "xaby", "xacby"),
        ("*ab*b", "xab", "xabb"),
        ("?*", "", "a"),
        ("*a*?*", "ba", "bab"),
        ("a*a?*", "abc", "aabc"),
        ("*x*?????b", "xaaab", "xaaaaab"),
    ],
)
def test_two_parts_of_a_pattern_share_no_character(pattern: str, short: str, enough: str) -> None:
    assert not compile_pattern(pattern)(short)
    assert compile_pattern(pattern)(enough)


@pytest.mark.parametrize("pattern", ["*b*a*", "*a?*b*", "b*a*b"])
def test_the_parts_of_a_pattern_come_in_their_order(pattern: str) -> None:
    assert not compile_pattern(pattern)("ab")


def test_literals_are_literal_whatever_they_hold() -> None:
    assert compile_tokens(("a*?", *tokens_of("*")))("a*?b")
    assert not compile_tokens(("a*",))("ab")


def test_only_the_first_five_colons_divide_an_arn() -> None:
    arn = "arn:aws:logs:us-east-1:111122223333:log-group:a:b"
    for pattern in ("arn:aws:logs:*:*:log-group:a:b", "arn:aws:logs:us-east-1:111122223333:log-group:*"):
        assert compile_segments(pattern)(arn)
        assert compile_segment_tokens(tokens_of(pattern))(arn)
    assert compile_segment_tokens(("arn:aws:logs:us-east-1:111122223333:log-group:", "a:b"))(arn)


def test_what_everything_is() -> None:
    assert matches_everything(compile_any(["a", "**"]))
    assert not matches_everything(compile_any(["a*"]))


def test_a_hostile_pattern_takes_no_time() -> None:
    assert not compile_pattern("*a?" * 400 + "b")("a" * 4000)
