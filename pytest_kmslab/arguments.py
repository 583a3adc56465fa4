"""What a public function is given, held to what it takes.

An error names the argument and what was given, and says what to give: TypeError for a value of another type,
ValueError for one of the right type that can mean nothing. It stands below everything, as the trail, the
matrix and the lab take the same things.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any, Protocol


class HasArn(Protocol):
    """A user, role, key or table of the lab, or something of your own with an ARN."""

    @property
    def arn(self) -> str:
        """Its ARN."""


LONGEST = 120
"""Characters of a value that an error shows."""

NAMED = "an object of the lab, an ARN or a name"
ARN = "an ARN, or what has an `arn`"


def refusal_text(argument: str, wanted: str, value: Any) -> str:
    """The text of an error: which argument, what to give, what was given."""
    shown = value if isinstance(value, str) else repr(value)
    shown = shown if len(shown) <= LONGEST else f"{shown[:LONGEST]}…"
    return f"`{argument}`: give {wanted}, not `{shown}`"


def wrong_type(argument: str, wanted: str, value: Any) -> TypeError:
    """The error for a value of another type."""
    return TypeError(refusal_text(argument, wanted, value))


def check_text(argument: str, value: Any, wanted: str = "a text") -> str:
    """A text; raises TypeError for anything else."""
    if not isinstance(value, str):
        raise wrong_type(argument, wanted, value)
    return value


def check_flag(argument: str, value: Any) -> bool:
    """True or False; raises TypeError for anything else: the text `no` would count as yes."""
    if not isinstance(value, bool):
        raise wrong_type(argument, "True or False", value)
    return value


def check_whole_number(argument: str, value: Any, wanted: str, *, least: int | None = None) -> int:
    """A whole number; raises TypeError for anything else, ValueError for one below the least."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise wrong_type(argument, wanted, value)
    if least is not None and value < least:
        raise ValueError(refusal_text(argument, wanted, value))
    return value


def check_seconds(argument: str, value: Any) -> float:
    """Seconds, 0 or more; raises TypeError for no number, ValueError for one below 0 or without an end."""
    wanted = "seconds, 0 or more"
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise wrong_type(argument, wanted, value)
    if not (math.isfinite(value) and value >= 0):
        raise ValueError(refusal_text(argument, wanted, value))
    return value


def check_texts(argument: str, texts: Any) -> dict[str, str]:
    """A dict of texts, empty for None; raises TypeError for what is none."""
    if texts is None:
        return {}
    is_dict = isinstance(texts, Mapping)
    if not is_dict or not all(isinstance(text, str) for pair in texts.items() for text in pair):
        raise wrong_type(argument, "a dict of texts", texts)
    return dict(texts)


def several(argument: str, values: Any, wanted: str) -> list[Any]:
    """One value or several, as a list: a text is one, and so is an object of the lab. Raises TypeError for
    what cannot be several."""
    if isinstance(values, str) or hasattr(values, "arn") or hasattr(values, "name"):
        return [values]
    # Letters of bytes and keys of a dict are nothing that anybody means.
    if isinstance(values, bytes | bytearray | Mapping) or not isinstance(values, Iterable):
        raise wrong_type(argument, f"{wanted}, one or several", values)
    return list(values)


def several_texts(argument: str, texts: Any, wanted: str = "texts") -> list[Any]:
    """One text or several; raises TypeError for anything else."""
    listed = several(argument, texts, wanted)
    if not all(isinstance(text, str) for text in listed):
        raise wrong_type(argument, f"{wanted}, one or several", listed)
    return listed


def arn_of(argument: str, named: Any, wanted: str = ARN) -> str:
    """The ARN that was given, or that of the object; raises TypeError for what has none."""
    arn = named if isinstance(named, str) else getattr(named, "arn", None)
    if not isinstance(arn, str):
        raise wrong_type(argument, wanted, named)
    return arn


def arns_of(argument: str, named: Any, wanted: str = "ARNs, or what has an `arn`") -> list[str]:
    """The ARNs of one or of several; raises TypeError for what has none."""
    return [arn_of(argument, one, f"{wanted}, one or several") for one in several(argument, named, wanted)]


def check_named(argument: str, named: Any, wanted: str = NAMED) -> str:
    """The ARN or name of something; raises TypeError for what has none, ValueError for an empty one."""
    text = arn_of(argument, named, wanted)
    if not text.strip():
        raise ValueError(f"{refusal_text(argument, wanted, text)}; it is empty, and names nothing")
    return text
