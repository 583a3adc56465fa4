"""Takes out of a case whose it is: accounts, names, ids and addresses become examples.

The same name becomes the same word wherever it stands, in the request, the policies and the grants, so
that the decision stays what it was. What a name is, is read from the ARNs and the condition keys that hold
names; Sids, and names of policies that AWS manages, stay.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator
from functools import partial
from itertools import count
from typing import Any

from pytest_kmslab.cases.case import Case
from pytest_kmslab.cases.read import parse_case
from pytest_kmslab.cases.write import case_as_json
from pytest_kmslab.errors import CaseError
from pytest_kmslab.observe.anonymize_names import names_in

# What stands in a case in place of names: the examples of AWS's documentation, and names of nobody.

WORDS = {
    "user": ("ana", "ben", "cleo", "dora", "emil", "fay"),
    "role": ("reader", "writer", "auditor", "builder"),
    "group": ("people", "others"),
    "session": ("session-one", "session-two"),
    "path": ("team", "division"),
    "policy": ("some-policy", "other-policy"),
    "table": ("books", "films", "songs"),
    "alias": ("first-key", "second-key"),
    "value": ("red", "green", "blue"),
    "thing": ("thing-one", "thing-two"),
}
"""By kind of name; further ones get a number."""

ACCOUNTS = ("111122223333", "444455556666", "777788889999")
KEYS = ("1234abcd-12ab-34cd-56ef-1234567890ab", "0987dcba-09fe-87dc-65ba-ab0987654321")


def word(kind: str, number: int) -> str:
    """The word for the name with this number of its kind."""
    words = WORDS[kind]
    return words[number] if number < len(words) else f"{kind}-{number + 1}"


def account_id(number: int) -> str:
    """The id of an account."""
    return ACCOUNTS[number] if number < len(ACCOUNTS) else f"{999_900_000_000 + number}"


def key_id(number: int) -> str:
    """The id of a key."""
    if number < len(KEYS):
        return KEYS[number]
    digits = hex_id(number, 32)
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def hex_id(number: int, length: int) -> str:
    """Hexadecimal digits, the same for the same number."""
    return hashlib.sha256(f"example {number}".encode()).hexdigest()[:length]


def unique_id(number: int, prefix: str) -> str:
    """A unique id or access key id of a kind that its prefix tells (`AIDA`, `AROA`, `AKIA` …)."""
    return f"{prefix}EXAMPLE{number + 1:09d}"


Numbered = Callable[[int, str], str]

IDS: tuple[tuple[str, str, Numbered], ...] = (
    ("key", r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", lambda number, _: key_id(number)),
    ("multi-Region key", r"mrk-[0-9a-f]{32}", lambda number, _: f"mrk-{hex_id(number, 32)}"),
    ("grant", r"\b[0-9a-f]{64}\b", lambda number, _: hex_id(number, 64)),
    (
        "unique id",
        r"\b(?:A3T|ABI|ACC|AGP|AID|AIP|AKI|ANP|ANV|APK|ARO|ASC|ASI)A[A-Z0-9]{12,124}\b",
        lambda number, identifier: unique_id(number, identifier[:4]),
    ),
    ("address", r"\b(?:\d{1,3}\.){3}\d{1,3}\b", lambda number, _: f"192.0.2.{number + 1}"),
    ("account", r"(?<![\w-])\d{12}(?![\w-])", lambda number, _: account_id(number)),
)
"""Ids that are told by their form: the kind, the form, and the example with a number. The order counts: a
key id ends in twelve characters that may be digits."""

GIVEN_WORDS = frozenset(
    ("action", "verified", "decision", "Operations", "Action", "NotAction", "Effect", "Version")
)
"""What holds words of AWS's only, whoever may be called so."""

NAME = r"[A-Za-z0-9_+=@-]"
"""What a name goes on with: beside one of these it is a part of another."""

AWS_POLICY = re.compile(r"(AWS|Amazon)\w+|\w+Access\w*|IAM\w+|SecurityAudit|Billing|ViewOnlyAccess")


def anonymize(case: Case) -> Case:
    """The case with examples in place of what tells whose it is.

    Raises CaseError where it would be decided otherwise then: a policy goes by a part of a name, say.
    """
    printed = case_as_json(case)
    anonymized = parse_case(json.loads(json.dumps(_Anonymizer(printed).anonymized(printed))))
    before, after = case.decide().decision, anonymized.decide().decision
    # A pattern such as `user/an*` fits `ana` by chance, or does not fit the example any more.
    if after is not before:
        raise CaseError(
            f"`{case.name}`: without its names it is decided otherwise ({after.value}, not {before.value}): "
            "a policy goes by a part of a name; write this case by hand"
        )
    return anonymized


class _Anonymizer:
    """The examples of one case, each given out when what it stands for is first met."""

    def __init__(self, printed: dict[str, Any]) -> None:
        self._numbers = {kind: count() for kind, _, _ in IDS}
        self._ids: dict[str, str] = {}
        words: dict[str, Iterator[int]] = {kind: count() for kind in WORDS}
        self._words: dict[str, str] = {}
        for kind, name in names_in(printed):
            # What is an id by its form gets the example of its kind, also where it stands for a name.
            if name not in self._words and not any(re.fullmatch(form, name) for _, form, _ in IDS):
                self._words[name] = word(kind, next(words[kind]))
        # A longer name may hold a shorter one: replaced later, it would be found no more.
        longest = sorted(self._words, key=len, reverse=True)
        self._names = [
            (re.compile(rf"(?<!{NAME})(?<!\.){re.escape(name)}(?!{NAME}|[.,]{NAME})"), self._words[name])
            for name in longest
        ]
        # The request's ids are the first ones, whatever was said before it.
        self.anonymized(printed["request"])

    def anonymized(self, value: Any) -> Any:
        """A value of the case, and all that is in it."""
        if isinstance(value, dict):
            return {self._without_ids(key): self._member(key, inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [self.anonymized(inner) for inner in value]
        return self._text(value) if isinstance(value, str) else value

    def _member(self, key: str, value: Any) -> Any:
        # Somebody may be called `Allow` or `kms`: those words stay where AWS gives them their meaning.
        if key in GIVEN_WORDS:
            return value
        if key == "identity":
            return [self._policy(number, policy) for number, policy in enumerate(value)]
        return self.anonymized(value)

    def _policy(self, number: int, policy: dict[str, Any]) -> dict[str, Any]:
        """An identity-based policy, whose name is somebody's unless AWS manages it."""
        name = policy["name"] if AWS_POLICY.fullmatch(policy["name"]) else f"policy-{number + 1}"
        return {"name": name, "document": self.anonymized(policy["document"])}

    def _text(self, text: str) -> str:
        # Names first, each set aside as a mark, so that no word is taken for a name again.
        marks: list[str] = []
        for pattern, name in self._names:
            if pattern.search(text):
                marks.append(name)
                text = pattern.sub(f"\0{len(marks) - 1}\0", text)
        text = self._without_ids(text)
        return re.sub("\0(\\d+)\0", lambda match: marks[int(match[1])], text)

    def _without_ids(self, text: str) -> str:
        for kind, form, example in IDS:
            text = re.sub(form, partial(self._example, kind, example), text)
        return text

    def _example(self, kind: str, example: Numbered, match: re.Match[str]) -> str:
        identifier = match[0]
        if identifier not in self._ids:
            self._ids[identifier] = example(next(self._numbers[kind]), identifier)
        return self._ids[identifier]
