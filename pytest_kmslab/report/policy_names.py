"""What the folder of a principal and the file of a resource's policy are called.

A name as short as may be: two of one name get a longer one, so that neither's policies are lost.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from pytest_kmslab.authz.arn import name_in, parse_arn

_KINDS = {"kms": "key-policy", "dynamodb": "table-policy", "iam": "trust-policy"}
_OF_A_STREAM = "stream-policy"
"""A stream has a policy beside its table's."""
_NOT_IN_A_FILE = re.compile(r"[^\w.@=+-]+")

Names = Callable[[str], Sequence[str]]
"""All names that something may go by, the shortest first."""


def name_of(principal: str) -> str:
    """A principal's name without its path."""
    return folder_names(principal)[0]


def folder_names(principal: str) -> Sequence[str]:
    """What a principal's folder may be called: `ana`, `user-ana`, `111122223333-user-ana`."""
    parsed = parse_arn(principal)
    names = (name_in(principal), parsed.resource, f"{parsed.account}-{parsed.resource}")
    return tuple(_NOT_IN_A_FILE.sub("-", name) for name in names)


def file_names(arn: str) -> Sequence[str]:
    """What the file of a resource's policy may be called: `key-policy-orders.json`, and longer."""
    parsed = parse_arn(arn)
    is_stream = (parsed.kind, parsed.part) == ("table", "stream")
    path = "/".join(parsed.resource.split("/")[:2]) if is_stream else parsed.resource
    kind = _OF_A_STREAM if is_stream else _KINDS.get(parsed.service, f"{parsed.service}-policy")
    # A stream by its table: its own label is another in each run.
    name = path.partition("/")[2] or path
    longer = (name, f"{parsed.region}-{name}", f"{parsed.account}-{parsed.region}-{name}")
    return tuple(f"{kind}-{_NOT_IN_A_FILE.sub('-', one)}.json" for one in longer)


def is_of_a_resource(file: str) -> bool:
    """Whether a file of this name holds the policy of a resource."""
    return file.startswith((*_KINDS.values(), _OF_A_STREAM))


def chosen(arns: Iterable[str], names: Names) -> dict[str, str]:
    """The name of each of these: the shortest that no other of them may go by, in any case of letters."""
    listed = list(arns)
    # Some file systems tell no small letters from capitals.
    claims = Counter(name.lower() for arn in listed for name in dict.fromkeys(names(arn)))
    return {
        arn: next((name for name in names(arn) if claims[name.lower()] == 1), names(arn)[-1])
        for arn in listed
    }
