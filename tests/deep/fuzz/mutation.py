"""Makes bad input out of good: the text is cut, doubled and salted, the JSON in it bent."""

from __future__ import annotations

import copy
import json
from random import Random
from typing import Any

_PUNCTUATION = (*"{}[]\"',:\\*?&=%+.;", "\r\n", "--", "/*", "//", "::", "${", "%00")
_ESCAPES = ("\\u0000", "\\ud800", "\\u00e9", "\x00", "\ufeff", "\u2028", "é", "𝒳")
_NUMBERS = ("null", "true", "NaN", "-Infinity", "1e999", "-0", "9" * 400)
_DEEP = ("[" * 300, '{"a":' * 300)
_POLICY = ("Deny", "Allow", "deny", "Effect", "Action", "NotAction", "Principal", "NotPrincipal", "Condition")
_MORE_POLICY = (
    "Statement",
    "Version",
    "2012-10-17",
    "${aws:username}",
    "${a,'b'}",
    "${*}",
    "arn:aws:",
    "arn:::::",
)
_REQUEST = ("Key.1", "member.1", " or 1=1", "SELECT", "FROM")
_SALT = _PUNCTUATION + _ESCAPES + _NUMBERS + _DEEP + _POLICY + _MORE_POLICY + _REQUEST
_SCALARS: tuple[Any, ...] = (None, True, False, 0, -1, 10**400, 1.5, "", " ", "*", "\u0000", "\ud800")
_CONTAINERS: tuple[Any, ...] = ([], {}, [[]], [{}], [None], {"": ""}, {"AWS": "*"}, {"AWS": []}, ["*", "*"])
_TEXTS = ("deny", "Allow", "Deny", "x" * 2000, "${", "${aws:username}", "arn:aws:iam::1:root")
_VALUES = _SCALARS + _CONTAINERS + _TEXTS


def mutated(good: str, random: Random) -> str:
    """The text with one to four changes."""
    text = good
    for _ in range(random.choice((1, 1, 1, 2, 4))):
        text = _bent(text, random) if random.random() < 0.5 else _cut(text, random)
    return text


def _cut(text: str, random: Random) -> str:
    start = random.randrange(len(text) + 1)
    stop = min(len(text), start + random.choice((0, 1, 1, 2, 8, 40)))
    put = {
        "salt": random.choice(_SALT),
        "nothing": "",
        "twice": text[start:stop] * 2,
        "elsewhere": text[random.randrange(len(text) + 1) :][: random.choice((1, 5, 30))],
        "case": text[start:stop].swapcase(),
    }
    return text[:start] + put[random.choice(tuple(put))] + text[stop:]


def _bent(text: str, random: Random) -> str:
    """The JSON with one part of it changed; a text that is none is cut."""
    try:
        tree = json.loads(text)
    except (ValueError, RecursionError):
        return _cut(text, random)
    holder: list[Any] = [copy.deepcopy(tree)]
    within, place = random.choice(_places(holder))
    _change(within, place, random)
    return _written(holder[0], random)


def _places(part: Any) -> list[tuple[Any, Any]]:
    found: list[tuple[Any, Any]] = []
    open_ = [part]
    while open_:
        within = open_.pop()
        items = within.items() if isinstance(within, dict) else enumerate(within)
        for place, inner in items:
            found.append((within, place))
            if isinstance(inner, (dict, list)):
                open_.append(inner)
    return found


def _change(within: Any, place: Any, random: Random) -> None:
    way = random.choice(("value", "value", "drop", "list", "name", "text"))
    if way == "drop" and len(within) > 1:
        del within[place]
    elif way == "list":
        within[place] = [within[place]] * random.choice((1, 2))
    elif way == "name" and isinstance(within, dict):
        within[random.choice((place.swapcase(), place + " ", "Not" + place, "", random.choice(_SALT)))] = (
            within.pop(place)
        )
    elif way == "text" and isinstance(within[place], str):
        within[place] = _cut(within[place], random)
    else:
        within[place] = copy.deepcopy(random.choice(_VALUES))


def _written(tree: Any, random: Random) -> str:
    """JSON text, sometimes with an object that names a key twice."""
    text = json.dumps(tree, ensure_ascii=random.random() < 0.5)
    if random.random() < 0.1 and isinstance(tree, dict) and tree:
        name = random.choice(tuple(tree))
        return text[:-1] + f", {json.dumps(name)}: {json.dumps(random.choice(_VALUES))}}}"
    return text
