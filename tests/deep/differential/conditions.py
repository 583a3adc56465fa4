"""Random Condition elements: mostly met, often nearly."""

from __future__ import annotations

import base64
from random import Random

from deep.differential.caller import Context
from deep.differential.vocabulary import KEYS, OPERATORS, ConditionKey

_FOLLOWING = (
    ConditionKey("aws:PrincipalArn", "arn", ()),
    ConditionKey("aws:PrincipalAccount", "string", ()),
    ConditionKey("aws:PrincipalType", "string", ("User", "AssumedRole", "Account")),
    ConditionKey("aws:username", "string", ("ana", "Ana", "anna")),
)
_BINARY = ConditionKey(
    "key", "binary", tuple(base64.b64encode(text).decode() for text in (b"a", b"b", b"Qk"))
)
_DRAWN = (*KEYS, *_FOLLOWING, _BINARY)
_SUBNETS = (
    "203.0.113.0/24",
    "203.0.113.7/32",
    "198.51.100.0/24",
    "2001:db8::/48",
    "0.0.0.0/0",
    "203.0.113.7",
)
_ARN_VARIABLES = ("${aws:PrincipalArn}", "${aws:SourceArn}", "arn:aws:iam::111122223333:user/${aws:username}")
_VARIABLES = (
    "${aws:username}",
    "${aws:PrincipalTag/team}",
    "${aws:PrincipalAccount}",
    "${kms:CallerAccount}",
)


def draw_context(random: Random) -> Context:
    """Some of the condition keys, with values."""
    keys = random.sample((*KEYS, _BINARY), random.choice((0, 2, 4, 6, 9)))
    return {key.name: _draw_given(key, random) for key in keys}


def _draw_given(key: ConditionKey, random: Random) -> str | list[str]:
    if not key.multivalued:
        return random.choice(key.values)
    return random.sample(key.values, random.choices((0, 1, 2, 3), (1, 6, 6, 2))[0] % (len(key.values) + 1))


def draw_condition(context: Context, random: Random, *, variables: bool) -> dict[str, dict[str, object]]:
    """A Condition element of one to three operators, each on one or two keys."""
    element: dict[str, dict[str, object]] = {}
    for _ in range(random.choice((1, 1, 1, 2, 3))):
        key = _draw_key(context, random)
        operator, values = _draw_operator(key, context, random, variables=variables)
        held = element.setdefault(operator, {})
        if key.name.lower() not in (name.lower() for name in held):
            held[_recased(key.name, random)] = values
    return element


def without_aliases(element: dict[str, dict[str, object]]) -> dict[str, dict[str, object]]:
    """The element without `kms:ResourceAliases`, which no key policy can have: the peers do not know that.

    https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-resource-aliases
    """
    return {
        operator: {name: values for name, values in keys.items() if name.lower() != "kms:resourcealiases"}
        for operator, keys in element.items()
    }


def _draw_key(context: Context, random: Random) -> ConditionKey:
    """Mostly a key that the request carries."""
    present = [key for key in _DRAWN if key.name in context]
    return random.choice(present) if present and random.random() < 0.75 else random.choice(_DRAWN)


def _recased(name: str, random: Random) -> str:
    return name.lower() if random.random() < 0.06 else name


def _draw_operator(
    key: ConditionKey, context: Context, random: Random, *, variables: bool
) -> tuple[str, object]:
    if random.random() < 0.08 and context.get(key.name) != []:
        return "Null", random.choice(("true", "false"))
    operator = random.choice(OPERATORS[key.kind])
    values = list(dict.fromkeys(_draw_values(key, operator, context, random, variables=variables)))
    if random.random() < 0.2:
        operator += "IfExists"
    if key.multivalued or random.random() < 0.05:
        operator = f"{random.choice(('ForAllValues', 'ForAnyValue'))}:{operator}"
    return operator, values[0] if len(values) == 1 and random.random() < 0.7 else values


def _draw_values(
    key: ConditionKey, operator: str, context: Context, random: Random, *, variables: bool
) -> list[str]:
    given = context.get(key.name, [])
    near = [*([given] if isinstance(given, str) else given), *key.values, *key.other_forms] or [
        "arn:aws:iam::111122223333:user/ana"
    ]
    hits = near[: 1 if isinstance(given, str) else max(1, len(given))]
    count = random.choice((1, 1, 2, 3))
    chosen = [random.choice(hits if random.random() < 0.6 else near) for _ in range(count)]
    return [_bent(value, key, operator, random, variables=variables) for value in chosen]


def _bent(value: str, key: ConditionKey, operator: str, random: Random, *, variables: bool) -> str:
    """The value as it is, as a pattern that covers it, or a little off."""
    if key.kind == "address":
        single = f"{value}/128" if ":" in value else value
        return random.choice(_SUBNETS) if random.random() < 0.7 else single
    if key.kind not in ("string", "arn"):
        return value
    if variables and random.random() < 0.1:
        return random.choice(_ARN_VARIABLES if key.kind == "arn" else _VARIABLES)
    if key.kind == "arn" and "Arn" in operator:
        return wildcarded_arn(value, random)
    if "Like" in operator:
        return wildcarded(value, random)
    return value.swapcase() if random.random() < 0.08 else value


def wildcarded(text: str, random: Random) -> str:
    """A pattern that is the text, or covers it, or nearly does."""
    way = random.choices(("same", "prefix", "hole", "question", "short", "all"), (4, 4, 3, 2, 1, 1))[0]
    if way == "same" or len(text) < 3:
        return text
    cut = random.randrange(1, len(text) - 1)
    patterns = {
        "prefix": text[:cut] + "*",
        "hole": text[:cut] + "*" + text[random.randrange(cut, len(text)) :],
        "question": text[:cut] + "?" + text[cut + 1 :],
        "short": text[:cut],
        "all": "*",
    }
    return patterns[way]


def wildcarded_arn(arn: str, random: Random) -> str:
    """A pattern for an ARN, with wildcards in its region, its account or what follows them."""
    parts = arn.split(":", 5)
    for at in random.choice(((), (5,), (5,), (3,), (4,), (4, 5))):
        parts[at] = wildcarded(parts[at], random) if parts[at] else random.choice(("", "*"))
    return ":".join(parts)
