"""What a policy may be, wherever the lab takes one.

An AWS managed policy's name, an ARN, a dict, JSON text, or a `pathlib.Path` of a file; one of them or a
list. All of it is read before anything is made: an error names the argument, and the file and line where
there are any.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from typing import Any

from pytest_kmslab.arguments import refusal_text
from pytest_kmslab.cases.policy_file import check_document, line_of, read_text
from pytest_kmslab.config.validators import is_file
from pytest_kmslab.errors import PolicyError

PolicySource = str | Path | Mapping[str, Any]
"""A policy: an AWS managed policy's name, an ARN, a document parsed or as text, or the file of one."""

PolicySources = PolicySource | Iterable[PolicySource]
"""One policy or several."""

InlineSources = PolicySources | Mapping[str, PolicySource]
"""One policy, several, or each by the name that IAM is to know it by."""

POLICY = "the name of an AWS managed policy, an ARN, a dict, JSON text or a `pathlib.Path`"

POLICY_ARN = "the ARN of a managed policy, such as `arn:aws:iam::aws:policy/ReadOnlyAccess`"

DOCUMENT = "a policy document: a dict, JSON text or a `pathlib.Path`"

_ELEMENTS = frozenset({"Version", "Id", "Statement"})
_NAME = re.compile(r"[\w+=,.@/-]+", re.ASCII)
_POLICY_ARN = re.compile(r"arn:[\w-]+:iam::(?:aws|\d{12}):policy/\S+", re.ASCII)
_NOT_IN_A_NAME = re.compile(r"[^\w+=,.@-]+", re.ASCII)
_LONGEST_NAME = 128
"""Characters of an inline policy's name.
https://docs.aws.amazon.com/IAM/latest/APIReference/API_PutUserPolicy.html"""
_INLINE_NAME = re.compile(rf"[\w+=,.@-]{{1,{_LONGEST_NAME}}}", re.ASCII)


@dataclass(frozen=True, slots=True)
class ManagedPolicy:
    """A managed policy, which IAM knows already."""

    named: str
    """The name of one of AWS's, or an ARN."""
    argument: str
    """The argument that it was given in, for an error."""


@dataclass(frozen=True, slots=True)
class PolicyDocument:
    """A policy document that was read and parsed."""

    text: str
    """Letter by letter as it was given; of a dict its JSON."""
    name: str
    """Its file's without the ending, or the one given with it; empty for others."""
    where: str = field(default="", compare=False)
    """How an error calls it: the argument, and the file if it is one."""
    is_file: bool = field(default=False, compare=False)

    def place(self, statement: int | None) -> str:
        """Where one of its statements is, with the line of a file; empty for none."""
        if statement is None:
            return ""
        named = f"Statement[{statement}]"
        line = line_of(named, self.text) if self.is_file else 0
        return f"line {line}, {named}" if line else named


def policy_of_option(text: str) -> PolicySource:
    """What an option says, as an argument would: a text that is the path of a file means the file."""
    return Path(text) if is_file(text) else text


def read_policies(argument: str, sources: PolicySources) -> tuple[ManagedPolicy | PolicyDocument, ...]:
    """The policies of an argument; raises PolicyError for one that is none."""
    if isinstance(sources, str | Path | Mapping):
        return (read_policy_source(argument, sources),)
    if isinstance(sources, bytes) or not isinstance(sources, Iterable):
        raise _no_policy(argument, sources)
    return tuple(read_policy_source(f"{argument}[{number}]", source) for number, source in enumerate(sources))


def read_policy_source(argument: str, source: PolicySource) -> ManagedPolicy | PolicyDocument:
    """One policy; raises PolicyError for what is none."""
    # A list is no policy, but whoever writes one means JSON and not a name.
    if isinstance(source, str) and not source.lstrip().startswith(("{", "[")):
        if source.startswith("arn:") and not _POLICY_ARN.fullmatch(source):
            raise PolicyError(refusal_text(argument, POLICY_ARN, source))
        if source.startswith("arn:") or _NAME.fullmatch(source):
            return ManagedPolicy(source, argument)
        raise PolicyError(
            f"`{argument}` is neither a policy's name, an ARN nor JSON: `{source[:80]}`; "
            "give the file of a policy as a `pathlib.Path`"
        )
    return _document(argument, source)


def read_document(argument: str, source: PolicySource) -> PolicyDocument:
    """A policy document; raises PolicyError for a name or an ARN too."""
    if not isinstance(source, str | Path | Mapping):
        raise PolicyError(refusal_text(argument, DOCUMENT, source))
    policy = read_policy_source(argument, source)
    if isinstance(policy, ManagedPolicy):
        raise PolicyError(
            f"`{argument}` must be a policy document (a dict, JSON text or a Path), not `{policy.named}`"
            f"{_meant(argument, policy.named)}"
        )
    return policy


def _meant(argument: str, name: str) -> str:
    """What may have been meant by a name where a document is wanted."""
    if name.endswith(".json"):
        return ": give the file as a `pathlib.Path`"
    if argument == "trust" and name.endswith((".amazonaws.com", ".amazonaws.com.cn")):
        return f': name the service in one, `"Principal": {{"Service": "{name}"}}`'
    return ""


def read_inline(argument: str, sources: InlineSources | None) -> tuple[PolicyDocument, ...]:
    """The documents of an argument, each with a name; raises PolicyError as `read_document`."""
    if sources is None:
        return ()
    # A dict with no element of a policy has policies by their names.
    if isinstance(sources, Mapping) and not _ELEMENTS & set(sources):
        return tuple(_named(argument, name, source) for name, source in sources.items())
    if isinstance(sources, str | Path | Mapping):
        return named_documents([read_document(argument, sources)])
    if isinstance(sources, bytes) or not isinstance(sources, Iterable):
        raise _no_policy(argument, sources)
    return named_documents(
        read_document(f"{argument}[{number}]", source) for number, source in enumerate(sources)
    )


def _named(argument: str, name: str, source: PolicySource) -> PolicyDocument:
    document = read_document(f"{argument}[{name!r}]", source)
    if not (isinstance(name, str) and _INLINE_NAME.fullmatch(name)):
        raise PolicyError(
            f"{document.where}: `{name}` is no name of a policy: write up to {_LONGEST_NAME} letters, digits "
            "and +=,.@_-"
        )
    return replace(document, name=name)


def named_documents(documents: Iterable[PolicyDocument]) -> tuple[PolicyDocument, ...]:
    """Documents under names of which there is only one each: one without a name is called by its number."""
    named: dict[str, PolicyDocument] = {}
    for number, document in enumerate(documents, 1):
        name = document.name or f"policy-{number}"
        if name in named:
            # Shortened, so that it is still a name with the number behind it.
            others = (f"{name[: _LONGEST_NAME - 8]}-{another}" for another in count(number))
            name = next(other for other in others if other not in named)
        named[name] = replace(document, name=name)
    return tuple(named.values())


def _document(argument: str, source: PolicySource) -> PolicyDocument:
    where, text = f"`{argument}`", source
    if isinstance(source, Path):
        where += f", file `{source}`"
        text = read_text(where, source)
    elif isinstance(source, Mapping):
        try:
            text = json.dumps(dict(source))
        except (TypeError, ValueError) as error:
            raise PolicyError(f"{where}: {error}") from None
    if not isinstance(text, str):
        raise _no_policy(argument, source)
    check_document(where, text, None if isinstance(source, Mapping) else text)
    name = _NOT_IN_A_NAME.sub("-", source.stem)[:_LONGEST_NAME] if isinstance(source, Path) else ""
    return PolicyDocument(text, name, where, isinstance(source, Path))


def _no_policy(argument: str, source: object) -> PolicyError:
    return PolicyError(refusal_text(argument, POLICY, source))
