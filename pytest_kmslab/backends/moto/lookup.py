"""What an ARN says, and how moto's dictionaries are read.

moto's own lookups make what is missing, take a lock and go through every Region. What an ARN's text says
is kept by its text; moto's objects are looked up every time, because moto changes them in place.
Whoever goes through one of moto's dictionaries goes through a copy: other threads change it meanwhile.
"""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any, NamedTuple

from pytest_kmslab.authz.arn import parts_of


class ResourceLocation(NamedTuple):
    """What an ARN says. `rest` is its last part, which begins with `kind/name` and ends with `last`."""

    partition: str = ""
    service: str = ""
    region: str = ""
    account: str = ""
    rest: str = ""
    kind: str = ""
    name: str = ""
    last: str = ""


@lru_cache(maxsize=4096)
def place_of(arn: str) -> ResourceLocation:
    """What an ARN says; empty texts for what is none."""
    parts = parts_of(arn)
    kind, _, path = parts.resource.partition("/")
    name, last = path.split("/", 1)[0], path.rsplit("/", 1)[-1]
    return ResourceLocation(
        parts.partition, parts.service, parts.region, parts.account, parts.resource, kind, name, last
    )


NOTHING: dict[Any, Any] = {}
"""What there is of an account of which there is nothing: moto's dictionaries make what they are asked for,
a plain `dict.get` does not."""


def backend_of(backends: Any, account: str, region: str) -> Any:
    """moto's backend of an account and Region (of IAM: partition), None where nothing was ever made there."""
    return dict.get(dict.get(backends, account, NOTHING), region)


def tags_in(tagger: Any, resource: str) -> dict[str, str]:
    """The tags that one of moto's taggers has of a resource."""
    return dict(tagger.tags.get(resource) or {})


def document_text(document: Any) -> str:
    """The text of a policy document of moto's."""
    if isinstance(document, str):
        return document
    # A stack that was made before the lab began left it as an object, in which YAML may have put dates.
    return json.dumps(document, default=str)
