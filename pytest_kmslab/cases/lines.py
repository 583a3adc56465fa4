"""Splits an input into cases, in constant memory whatever the input holds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain

from pytest_kmslab.errors import CaseError

LONGEST = 1 << 20
"""The longest case that is read, in bytes: many times what AWS's quotas let a request's policies be."""

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_GOES_ON = (b"{", b"[", b",", b":")
"""What the first line ends in where the case goes on on the next line."""


@dataclass(frozen=True, slots=True)
class CaseText:
    """The text of one case, or of what stands in its place."""

    line: int
    """The line it begins on, from 1."""
    data: bytes | None
    """The text; None where it is longer than `LONGEST`."""

    def text(self) -> str:
        """The text; raises CaseError where it is too long or not UTF-8."""
        if self.data is None:
            raise CaseError(f"the case is longer than {LONGEST} bytes: leave out what does not matter to it")
        try:
            return self.data.decode("utf-8")
        except UnicodeDecodeError as error:
            raise CaseError(f"the case is not UTF-8: byte {error.start} cannot be read") from None


def split_cases(pieces: Iterable[bytes]) -> Iterator[CaseText]:
    """The texts of the cases in an input, in order, each as soon as it has been read.

    Each line is a case (JSON Lines), and a broken one leaves the others unharmed; or the whole input is one
    case, which is so where its first line ends in an opening bracket, a comma or a colon. A piece without a
    newline at its end is continued by the next.
    """
    # A line that was too long is kept: it is reported, with its number.
    lines = (line for line in _numbered(pieces) if line.data is None or line.data.strip())
    first = next(lines, None)
    if first is None:
        return
    # Not by trying to parse: a broken first line is to be reported, not to take the others along.
    if first.data is not None and first.data.rstrip().endswith(_GOES_ON):
        whole = _Bounded()
        for line in chain([first], lines):
            whole.add(line.data)
        yield CaseText(first.line, whole.data)
    else:
        yield first
        yield from lines


def _numbered(pieces: Iterable[bytes]) -> Iterator[CaseText]:
    """The lines that the pieces make up."""
    number, line = 1, _Bounded()
    # PowerShell and Notepad begin a file with a byte order mark, which JSON does not have.
    for piece in _without_byte_order_mark(pieces):
        line.add(piece)
        if piece.endswith(b"\n"):
            yield CaseText(number, line.data)
            number, line = number + 1, _Bounded()
    if line.size:
        yield CaseText(number, line.data)


def _without_byte_order_mark(pieces: Iterable[bytes]) -> Iterator[bytes]:
    rest = iter(pieces)
    for first in rest:
        yield first.removeprefix(_BYTE_ORDER_MARK)
        yield from rest


class _Bounded:
    """A text that is put together from pieces, and is dropped once it is longer than `LONGEST`: the input may
    be larger than memory."""

    __slots__ = ("_pieces", "size")

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self.size = 0

    def add(self, piece: bytes | None) -> None:
        """Add a piece; None is one that was too long by itself."""
        self.size += LONGEST + 1 if piece is None else len(piece)
        # The size goes on being counted, so that a text once too long stays so.
        if piece is None or self.size > LONGEST:
            self._pieces.clear()
        else:
            self._pieces.append(piece)

    @property
    def data(self) -> bytes | None:
        """The text; None where it is too long."""
        return b"".join(self._pieces) if self.size <= LONGEST else None
