"""Policy variables: `${aws:username}`, `${aws:username, 'nobody'}`, and `${*}` `${?}` `${$}`.

Only documents of version 2012-10-17 have them; in older ones the text stands for itself.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from pytest_kmslab.authz.pattern import Token, tokens_of
from pytest_kmslab.errors import PolicyError

Folded = Mapping[str, tuple[str, ...]]
"""Condition keys in lower case, with their values."""

VERSION = "2012-10-17"
"""The version of the policy language that has variables."""

# A key neither begins nor ends with a blank, so that blanks are tried in one way only.
_KEY = r"[^{}',\s](?:[^{}',]*[^{}',\s])?"
_VARIABLE = re.compile(rf"\$\{{(?:([*?$])|\s*({_KEY})\s*(?:,\s*'([^']*)'\s*)?)\}}")


@dataclass(frozen=True, slots=True)
class Variable:
    """A policy variable."""

    key: str
    """The condition key whose value it stands for, in lower case."""
    default: str | None
    """What it stands for where the request does not have the key."""


@dataclass(frozen=True, slots=True)
class Template:
    """A text with variables in it."""

    parts: tuple[Token | Variable, ...]
    """Literals, wildcards and variables in order."""

    def resolve(self, context: Folded) -> tuple[Token, ...] | None:
        """The tokens with every variable replaced; None where one of them has no value.

        A value is taken literally: a `*` in it is no wildcard. A key with several values has none
        to give: multivalued keys cannot be variables.
        """
        tokens: list[Token] = []
        for part in self.parts:
            if isinstance(part, Variable):
                values = context.get(part.key, ())
                # AWS does not let multivalued keys be variables; the default stands in, as for an absent key.
                text = values[0] if len(values) == 1 else part.default
                if text is None:
                    return None
                tokens.append(text)
            else:
                tokens.append(part)
        return tuple(tokens)


def has_variables(text: str, version: str) -> bool:
    """Whether a text holds policy variables in a document of this version."""
    return version == VERSION and "${" in text


def without_variables(text: str) -> str:
    """What stands around the variables of a text."""
    return _VARIABLE.sub("", text)


def parse_template(text: str, *, wildcards: bool) -> Template:
    """Read a text with variables; `wildcards` says whether its own `*` and `?` are wildcards.

    Raises PolicyError for a `${` that is not a variable.
    """
    parts: list[Token | Variable] = []
    at = 0
    for variable in _VARIABLE.finditer(text):
        parts += _literal(text[at : variable.start()], text, wildcards=wildcards)
        special, key, default = variable.groups()
        parts.append(special if special else Variable(key.lower(), default))
        at = variable.end()
    parts += _literal(text[at:], text, wildcards=wildcards)
    return Template(tuple(parts))


def _literal(piece: str, whole: str, *, wildcards: bool) -> tuple[Token, ...]:
    # `${` always begins a variable: who means it as text writes `${$}{`.
    if "${" in piece:
        raise PolicyError(f"malformed policy variable in `{whole}`: write ${{key}} or ${{key, 'default'}}")
    if wildcards:
        return tokens_of(piece)
    return (piece,) if piece else ()
