r"""Java's regular expressions, in which AWS's models are written, as Python's.

https://docs.oracle.com/javase/8/docs/api/java/util/regex/Pattern.html
`\w`, `\d`, `\s` and the POSIX classes are ASCII there, the Unicode categories are not, and a value is
matched as a whole.
"""

from __future__ import annotations

import re
import sys
import unicodedata
from collections.abc import Iterator
from functools import cache, cached_property

ASCII = 0x80
_POSIX = {
    "Alnum": "A-Za-z0-9",
    "Alpha": "A-Za-z",
    "ASCII": "\\x00-\\x7f",
    "Blank": " \\t",
    "Digit": "0-9",
    "Graph": "!-~",
    "Lower": "a-z",
    "Print": " -~",
    "Space": " \\t-\\r",
    "Upper": "A-Z",
}
_TOKEN = re.compile(
    r"\\u(?P<high>[dD][89abAB][0-9a-fA-F]{2})\\u(?P<low>[dD][c-fC-F][0-9a-fA-F]{2})"
    r"|\\p\{(?P<property>\w+)\}|(?P<other>\\.|&&|.)",
    re.DOTALL,
)


class JavaPattern:
    """A pattern of a model; `text` is how the model, and AWS's error, has it.

    Raises re.error, at the latest at the first value, for what only Java understands.
    """

    def __init__(self, text: str) -> None:
        self.text = text

    def matches(self, value: str) -> bool:
        """Whether the whole of a value is as the pattern wants it."""
        # The classes of Unicode take 0.1 s to put together, and most values need none of them.
        pattern = self._ascii if value.isascii() else self._full
        return pattern.fullmatch(value) is not None

    @cached_property
    def _ascii(self) -> re.Pattern[str]:
        return re.compile(_translated(self.text, ASCII), re.ASCII)

    @cached_property
    def _full(self) -> re.Pattern[str]:
        if "\\p{" not in self.text:
            return self._ascii
        return re.compile(_translated(self.text, sys.maxunicode + 1), re.ASCII)


@cache
def java_pattern(text: str) -> JavaPattern | None:
    """The pattern of a text; None where Python cannot say it, so that nothing is refused by it."""
    pattern = JavaPattern(text)
    try:
        pattern.matches("")
    except re.error:
        return None
    return pattern


def _translated(text: str, end: int) -> str:
    """The pattern in Python's words, for characters before `end`."""
    parts: list[str] = []
    inside = False
    for token in _TOKEN.finditer(text):
        other = token["other"]
        if inside and other in ("[", "&&"):
            raise re.error("a class within a class is Java's alone")
        if other in ("[", "]"):
            inside = other == "["
        parts.append(other or _expanded(token, inside, end))
    return "".join(parts)


def _expanded(token: re.Match[str], inside: bool, end: int) -> str:
    if token["high"]:
        units = int(token["high"], 16), int(token["low"], 16)
        return f"\\U{0x10000 + ((units[0] - 0xD800) << 10) + units[1] - 0xDC00:08x}"
    # A pair of surrogates as the one character that it stands for, a named class as its characters.
    name = token["property"]
    members = _POSIX.get(name) or _category(name, end)
    return members if inside else f"[{members}]"


@cache
def _category(name: str, end: int) -> str:
    """The characters before `end` that are of a general category of Unicode (`L`, `Lu`), as ranges."""
    # A category may have no character in ASCII, and an empty class is no pattern.
    ranges = list(_ranges(name, end)) or list(_ranges(name, sys.maxunicode + 1))
    if not ranges:
        raise re.error(f"there is no category `{name}`")
    return "".join(f"\\U{first:08x}-\\U{last:08x}" for first, last in ranges)


def _ranges(name: str, end: int) -> Iterator[tuple[int, int]]:
    first: int | None = None
    for point in range(end):
        if unicodedata.category(chr(point)).startswith(name):
            first = point if first is None else first
        elif first is not None:
            yield first, point - 1
            first = None
    if first is not None:
        yield first, end - 1
