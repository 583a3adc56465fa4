"""Wildcard patterns: `*` is any characters, also none; `?` is exactly one.

Matching takes time in proportion to pattern × text whatever the pattern, which a regular expression
does not promise.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from enum import Enum
from functools import lru_cache

from pytest_kmslab.authz.arn import SEGMENTS

Matcher = Callable[[str], bool]


class Wildcard(Enum):
    """A wildcard in a pattern, as opposed to the same character meant literally (`${*}`)."""

    ANY = "*"
    ONE = "?"


Token = str | Wildcard
_WILDCARDS = {"*": Wildcard.ANY, "?": Wildcard.ONE}


def tokens_of(text: str) -> tuple[Token, ...]:
    """A pattern as literal runs and wildcards."""
    tokens: list[Token] = []
    run = ""
    for character in text:
        wildcard = _WILDCARDS.get(character)
        if wildcard is None:
            run += character
            continue
        if run:
            tokens.append(run)
            run = ""
        tokens.append(wildcard)
    return (*tokens, run) if run else tuple(tokens)


@lru_cache(maxsize=4096)
def compile_pattern(text: str) -> Matcher:
    """A matcher of whole texts, case-sensitive."""
    # A bound method of str is the quickest matcher there is: it runs no Python code.
    if "*" not in text and "?" not in text:
        return text.__eq__
    return compile_tokens(tokens_of(text))


def compile_tokens(tokens: Iterable[Token]) -> Matcher:
    """A matcher from tokens, where a literal may hold `*` and `?` of its own."""
    groups: list[list[Token]] = [[]]
    for token in tokens:
        if token is Wildcard.ANY:
            groups.append([])
        elif token:
            groups[-1].append(token)
    chunks = [_Chunk(group) for group in groups]
    if len(chunks) == 1:
        return chunks[0].equals
    first, last = chunks[0], chunks[-1]
    middle = tuple(chunk for chunk in chunks[1:-1] if chunk.length)
    if not first.length and not last.length and not middle:
        return _everything
    # `kms:De*` and the like are nearly all patterns with a wildcard: str.startswith is all they need.
    if not last.length and not middle and first.plain:
        return _starts_with(first.text)
    return _Glob(first, middle, last).matches


def compile_any(patterns: Iterable[str]) -> Matcher:
    """A matcher of texts that match one of the patterns at least."""
    exact: set[str] = set()
    matchers: list[Matcher] = []
    for text in patterns:
        if "*" in text or "?" in text:
            matchers.append(compile_pattern(text))
        else:
            exact.add(text)
    if not matchers:
        return frozenset(exact).__contains__
    return match_any([frozenset(exact).__contains__, *matchers] if exact else matchers)


def match_any(matchers: Sequence[Matcher]) -> Matcher:
    """A matcher of texts that one of the matchers at least matches."""
    if not matchers:
        return _nothing
    if _everything in matchers:
        return _everything
    return matchers[0] if len(matchers) == 1 else _either(tuple(matchers))


@lru_cache(maxsize=4096)
def compile_segments(text: str) -> Matcher:
    """A matcher of ARNs part by part, as ArnLike does: a wildcard stays within its colons.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
    """
    parts = text.split(":", SEGMENTS - 1)
    wild = [at for at, part in enumerate(parts) if "*" in part or "?" in part]
    # A wildcard of the last part has no colon to stay within: matching the text whole is quicker.
    if len(parts) == SEGMENTS and all(at == SEGMENTS - 1 for at in wild):
        return compile_pattern(text)
    return _of_segments(tuple(compile_pattern(part) for part in parts))


def compile_segment_tokens(tokens: Iterable[Token]) -> Matcher:
    """Like `compile_segments`, from tokens; of their literals only the first five colons divide parts."""
    parts: list[list[Token]] = [[]]
    for token in tokens:
        if not isinstance(token, str):
            parts[-1].append(token)
            continue
        pieces = token.split(":", SEGMENTS - len(parts))
        parts[-1].append(pieces[0])
        parts += [[piece] for piece in pieces[1:]]
    return _of_segments(tuple(compile_tokens(part) for part in parts))


def _of_segments(matchers: tuple[Matcher, ...]) -> Matcher:
    if len(matchers) != SEGMENTS:
        return _nothing

    def matches(text: str) -> bool:
        parts = text.split(":", SEGMENTS - 1)
        return len(parts) == SEGMENTS and all(
            matcher(part) for matcher, part in zip(matchers, parts, strict=True)
        )

    return matches


def matches_everything(matcher: Matcher) -> bool:
    """Whether the matcher is the one of `*`."""
    return matcher is _everything


def _everything(_: str) -> bool:
    return True


def _nothing(_: str) -> bool:
    return False


def _starts_with(prefix: str) -> Matcher:
    return lambda text: text.startswith(prefix)


def _either(matchers: tuple[Matcher, ...]) -> Matcher:
    return lambda text: any(matcher(text) for matcher in matchers)


class _Chunk:
    """What stands between two `*`: literal runs at fixed offsets, with `?` as holes."""

    __slots__ = ("length", "plain", "runs", "text")

    def __init__(self, tokens: list[Token]) -> None:
        self.runs: list[tuple[int, str]] = []
        self.length = 0
        for token in tokens:
            if isinstance(token, str):
                self.runs.append((self.length, token))
            self.length += len(token) if isinstance(token, str) else 1
        self.plain = not any(token is Wildcard.ONE for token in tokens)
        self.text = "".join(run for _, run in self.runs)

    def equals(self, text: str) -> bool:
        return len(text) == self.length and self.fits(text, 0)

    def fits(self, text: str, at: int) -> bool:
        if self.plain:
            return text.startswith(self.text, at)
        return all(text.startswith(run, at + offset) for offset, run in self.runs)

    def find(self, text: str, start: int, stop: int) -> int:
        """The first place at or after `start` where it fits before `stop`; -1 where there is none."""
        # Only a `?` makes it necessary to try place after place.
        if self.plain:
            return text.find(self.text, start, stop)
        places = range(start, stop - self.length + 1)
        return next((at for at in places if self.fits(text, at)), -1)


class _Glob:
    """Chunks with `*` between them: taking each chunk at its first place is always right."""

    __slots__ = ("first", "last", "least", "middle")

    def __init__(self, first: _Chunk, middle: tuple[_Chunk, ...], last: _Chunk) -> None:
        self.first, self.middle, self.last = first, middle, last
        self.least = first.length + last.length + sum(chunk.length for chunk in middle)

    def matches(self, text: str) -> bool:
        stop = len(text) - self.last.length
        if len(text) < self.least or not self.first.fits(text, 0) or not self.last.fits(text, stop):
            return False
        # The first place leaves most room for the chunks that follow: no other one needs to be tried.
        at = self.first.length
        for chunk in self.middle:
            start = chunk.find(text, at, stop)
            if start < 0:
                return False
            at = start + chunk.length
        return True
