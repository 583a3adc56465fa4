from __future__ import annotations

import io
import itertools
from collections.abc import Iterator

import pytest

from pytest_kmslab.cases.lines import LONGEST, CaseText, split_cases
from pytest_kmslab.errors import CaseError


def told_apart(data: bytes) -> list[tuple[int, str]]:
    return [(found.line, found.text().rstrip("\r\n")) for found in split_cases(io.BytesIO(data))]


def test_one_case_a_line() -> None:
    assert told_apart(b'{"a": 1}\n{"b": 2}\n') == [(1, '{"a": 1}'), (2, '{"b": 2}')]


def test_last_line_needs_no_newline() -> None:
    assert told_apart(b'{"a": 1}\n{"b": 2}') == [(1, '{"a": 1}'), (2, '{"b": 2}')]


def test_blank_lines_count_and_say_nothing() -> None:
    assert told_apart(b'\n{"a": 1}\n \n\n{"b": 2}\n\n') == [(2, '{"a": 1}'), (5, '{"b": 2}')]


def test_nothing_holds_no_case() -> None:
    assert told_apart(b"") == []


def test_one_case_over_several_lines() -> None:
    assert told_apart(b'{\n  "a": {\n    "b": 1\n  }\n}\n') == [(1, '{\n  "a": {\n    "b": 1\n  }\n}')]


@pytest.mark.parametrize("first", ["{", '{"a":', '{"a": [', '{"a": 1,', "{ ", "[\r"])
def test_an_input_whose_first_line_goes_on_is_one_case(first: str) -> None:
    text = f'\n{first}\n"b": 2}}\n\n{{"c": 3}}'
    assert told_apart(text.encode()) == [(2, f'{first}\n"b": 2}}\n{{"c": 3}}')]


def test_only_the_first_line_says_that_the_input_is_one_case() -> None:
    assert told_apart(b'{"a": 1}\n{\n "b": 2\n}\n') == [(1, '{"a": 1}'), (2, "{"), (3, ' "b": 2'), (4, "}")]


def test_windows_line_ends_and_byte_order_mark() -> None:
    assert told_apart(b'\xef\xbb\xbf{"a": 1}\r\n{"b": 2}\r\n') == [(1, '{"a": 1}'), (2, '{"b": 2}')]
    assert told_apart(b'\xef\xbb\xbf{\r\n "b": 2\r\n}\r\n') == [(1, '{\r\n "b": 2\r\n}')]


def test_byte_order_mark_is_one_at_the_very_beginning_only() -> None:
    mark = b"\xef\xbb\xbf"
    assert told_apart(b'{"a": 1}\n' + mark + b'{"b": 2}\n') == [(1, '{"a": 1}'), (2, '\ufeff{"b": 2}')]
    (found,) = split_cases([b'{"a": "', mark + b'"}\n'])
    assert found.data == b'{"a": "' + mark + b'"}\n'


@pytest.mark.parametrize("broken", ['{"a": ', '{"a": "x', "garbage", "}", '{"a" 1}', '"text"'])
def test_broken_line_does_not_take_the_next_along(broken: str) -> None:
    assert told_apart(f'{{"z": 0}}\n{broken}\n{{"b": 2}}\n'.encode()) == [
        (1, '{"z": 0}'),
        (2, broken),
        (3, '{"b": 2}'),
    ]


def test_case_is_told_as_soon_as_it_is_whole() -> None:
    taken: list[bytes] = []

    def lines() -> Iterator[bytes]:
        for line in (b'{"a": 1}\n', b'{"b"', b": 2}\n", b"never read\n"):
            taken.append(line)
            yield line

    found = split_cases(lines())
    next(found)
    assert len(taken) == 1
    next(found)
    assert len(taken) == 3


def test_line_in_pieces_is_one_line() -> None:
    pieces = [b'{"a": ', b'"{\\n', b'} "', b"}\n", b'{"b": 2}\n']
    assert [(found.line, found.data) for found in split_cases(pieces)] == [
        (1, b"".join(pieces[:4])),
        (2, pieces[4]),
    ]


def test_too_long_a_case_is_told_and_the_next_is_read() -> None:
    pieces = itertools.chain(
        [b'{"a": "'], itertools.repeat(b"x" * 1024, LONGEST // 1024), [b'"}\n', b'{"b": 2}\n']
    )
    long, after = split_cases(pieces)
    assert (long.line, long.data) == (1, None)
    assert (after.line, after.data) == (2, b'{"b": 2}\n')
    with pytest.raises(CaseError, match="longer than 1048576 bytes"):
        long.text()


@pytest.mark.parametrize(
    "line", [b"x" * (LONGEST - 2) + b"\n", b"x" * LONGEST + b"\n", b"x\n" * (LONGEST // 2)]
)
def test_one_case_over_all_lines_is_as_long_at_most(line: bytes) -> None:
    (found,) = split_cases([b"{\n", line, b"}\n"])
    assert (found.line, found.data) == (1, None)
    (found,) = split_cases([b"{\n", b"x" * (LONGEST - 3) + b"\n"])
    assert found.data is not None
    assert len(found.data) == LONGEST


def test_longest_case_is_read() -> None:
    line = b'{"a": "' + b"x" * (LONGEST - 10) + b'"}\n'
    assert len(line) == LONGEST
    assert [found.data for found in split_cases([line])] == [line]


def test_text_that_is_not_utf_8() -> None:
    with pytest.raises(CaseError, match="not UTF-8: byte 2 cannot be read"):
        CaseText(1, b'{"\xff"}').text()
