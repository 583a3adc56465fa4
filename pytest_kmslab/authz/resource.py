"""The Resource and NotResource elements.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from pytest_kmslab.authz.arn import SEGMENTS
from pytest_kmslab.authz.context import Context
from pytest_kmslab.authz.pattern import (
    Matcher,
    Token,
    compile_pattern,
    compile_segment_tokens,
    compile_segments,
    compile_tokens,
    match_any,
    matches_everything,
)
from pytest_kmslab.authz.variables import Template, has_variables, parse_template, without_variables

CompileTokens = Callable[[tuple[Token, ...]], Matcher]

_SERVICE = 2


@dataclass(frozen=True, slots=True)
class Resources:
    """A Resource or NotResource element."""

    patterns: tuple[str, ...]
    """The resources as written."""
    negated: bool
    """Whether it is a NotResource."""
    everything: bool
    """Whether it is a Resource of `*`."""
    matcher: Matcher = field(compare=False, repr=False)
    """Matches a resource that one of the patterns without policy variables names."""
    templates: tuple[tuple[Template, CompileTokens], ...] = field(compare=False, repr=False)
    """The patterns with policy variables, and how each is read once their values are known."""

    def covers(self, resource: str, context: Context) -> bool | None:
        """Whether a resource is meant; None for a NotResource without any resource, or with a variable
        that has no value and nothing else that matches.

        Such a variable matches no resource; of a NotResource AWS's page says so too, and that the
        statement may be invalid. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
        """
        if self.matcher(resource):
            return not self.negated
        if not self.templates:
            return None if self.negated and not self.patterns else self.negated
        folded = context.folded
        resolved = [(template.resolve(folded), compiled) for template, compiled in self.templates]
        if any(tokens is not None and compiled(tokens)(resource) for tokens, compiled in resolved):
            return not self.negated
        unresolved = any(tokens is None for tokens, _ in resolved)
        return None if self.negated and unresolved else self.negated


def parse_resources(
    patterns: Sequence[str], version: str, *, negated: bool, denies: bool, completes: bool
) -> Resources:
    """Read the element; raises PolicyError for a malformed policy variable.

    `completes` says whether an ARN of fewer than six parts stands for all that begin so, as in
    identity-based policies: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html

    `*` at the end of a part of the ARN reaches beyond the colon; elsewhere it stays in its part. The
    service is always written out, and variables stand after the fifth colon. What AWS does with a
    pattern that breaks this is not known, so it counts against the caller: it is read broadly where a
    match denies, and matches nothing where a match allows.
    """
    # Where a match denies is where a Deny has Resource, or an Allow has NotResource.
    broadly = denies is not negated
    matchers: list[Matcher] = []
    templates: list[tuple[Template, CompileTokens]] = []
    for pattern in _read_as(patterns, completes=completes, broadly=broadly):
        reading = _BROAD if pattern == "*" or broadly else _reading(pattern)
        if has_variables(pattern, version):
            # Parsed even where it is dropped, because a malformed variable is an error of the document.
            template = parse_template(pattern, wildcards=True)
            if reading and (broadly or _variables_last(pattern)):
                templates.append((template, reading.from_tokens))
        elif reading:
            matchers.append(reading.from_text(pattern))
    return Resources(
        patterns=tuple(patterns),
        negated=negated,
        everything=not negated and any(map(matches_everything, matchers)),
        matcher=match_any(matchers),
        templates=tuple(templates),
    )


def _read_as(patterns: Sequence[str], *, completes: bool, broadly: bool) -> list[str]:
    """The patterns to match, incomplete ARNs completed.

    Broadly, a pattern is read both as written and completed. AWS allows no variable in an incomplete ARN:
    one that has a variable is completed only where it is read broadly.
    """
    if broadly:
        return list(dict.fromkeys([*patterns, *map(_complete, patterns)]))
    return [_complete(pattern) if completes and "$" not in pattern else pattern for pattern in patterns]


def _complete(pattern: str) -> str:
    parts = without_variables(pattern).split(":", SEGMENTS - 1)
    return pattern + ":*" * (SEGMENTS - len(parts)) if parts[0] == "arn" else pattern


@dataclass(frozen=True, slots=True)
class _Reading:
    """A way to read a pattern."""

    from_text: Callable[[str], Matcher]
    """Compiles a pattern without variables."""
    from_tokens: CompileTokens
    """Compiles a pattern whose variables have been replaced."""


_BROAD = _Reading(compile_pattern, compile_tokens)
_BY_PART = _Reading(compile_segments, compile_segment_tokens)


def _reading(pattern: str) -> _Reading | None:
    """How a pattern is read where a match allows; None: it matches nothing."""
    parts = pattern.split(":", SEGMENTS - 1)
    # AWS refuses a pattern with a wildcard in the service: an Allow with one allows nothing.
    if parts[0] != "arn" or len(parts) <= _SERVICE or _wild(parts[_SERVICE]):
        return None
    return _BROAD if all(_reaches(part) for part in parts[: SEGMENTS - 1]) else _BY_PART


def _wild(text: str) -> bool:
    return "*" in text or "?" in text


def _reaches(part: str) -> bool:
    """Whether a part has a wildcard at its end only, or none."""
    return not _wild(part[:-1]) and not part.endswith("?")


def _variables_last(pattern: str) -> bool:
    """Whether variables stand only after the fifth colon, where alone AWS allows them."""
    return pattern.partition("${")[0].count(":") >= SEGMENTS - 1
