"""Telling cases apart in a stream of lines, in constant memory, whatever the lines hold."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pytest_kmslab.errors import CaseError

LONGEST = 1 << 20
"""The longest case that is read, in bytes: many times what AWS's quotas let a request's policies be."""

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class CaseText:
    """The text of one case, or of what stands in its place, and the line it begins on (from 1).

    `data` is None where the text is longer than `LONGEST`.
    """

    line: int
    data: bytes | None

    def text(self) -> str:
        """The text; raises CaseError where it is too long or not UTF-8."""
        if self.data is None:
            raise CaseError(f"the case is longer than {LONGEST} bytes: leave out what does not bear on it")
        try:
            return self.data.decode("utf-8")
        except UnicodeDecodeError as error:
            raise CaseError(f"the case is not UTF-8: byte {error.start} cannot be read") from None


def split_cases(lines: Iterable[bytes]) -> Iterator[CaseText]:
    """The texts of the cases in these lines, in order, each as soon as it is whole.

    A case begins on a line that is not indented, and goes on over indented lines to the one that ends it:
    a `}` of its own. So one case a line is told apart as well as cases written over several lines,
    and a broken one does not take those after it along. A line may come in pieces: a piece
    without a newline at its end is continued by the next.
    """
    held = _Held()
    number, inside = 1, False
    for piece in lines:
        line = piece.removeprefix(_BYTE_ORDER_MARK) if number == 1 and not inside else piece
        whole = line.endswith(b"\n")
        if not inside and _begins(line, held.line):
            yield from held.release()
            held.begin(number)
        if held.line:
            held.add(line)
            if whole and held.ends_with(line):
                yield from held.release()
        inside = not whole
        number += whole
    yield from held.release()


def _begins(line: bytes, open_since: int) -> bool:
    """Whether a line begins a case: any that says something where none is open, else one that is
    neither indented nor a closing bracket."""
    if not line.strip():
        return False
    return not open_since or line[:1] not in b" \t}]"


class _Held:
    """The case being read. `line` is where it begins, 0 while none is open."""

    __slots__ = ("line", "pieces", "size")

    def __init__(self) -> None:
        self.line, self.size = 0, 0
        self.pieces: list[bytes] = []

    def begin(self, line: int) -> None:
        self.line = line

    def add(self, piece: bytes) -> None:
        self.size += len(piece)
        if self.size > LONGEST:
            self.pieces.clear()
        else:
            self.pieces.append(piece)

    def ends_with(self, line: bytes) -> bool:
        """Whether this line ends the case: it is all of it, or its last bracket."""
        if line[:1] in b"}]":
            return True
        return len(self.pieces) == 1 and line.rstrip().endswith(b"}")

    def release(self) -> Iterator[CaseText]:
        if self.line:
            yield CaseText(self.line, b"".join(self.pieces) if self.size <= LONGEST else None)
        self.line, self.size = 0, 0
        self.pieces = []
