"""Whether what an emulator made fits what a template says, as far as that is known without its functions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pytest_kmslab.authz.json_text import as_list
from pytest_kmslab.lab.kinds.stacks.members import Member
from pytest_kmslab.lab.resource_kind import Client
from pytest_kmslab.templates.functions import text_of

Properties = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Made:
    """A resource that an emulator made."""

    client: Client
    """Gives the clients by which it is looked at."""
    members: Mapping[str, Member]
    """All that the stack made, by logical id."""
    physical_id: str
    """What `Ref` says of it."""

    def name(self, said: Any) -> str:
        """The name that a text or a `Ref` to a resource of the stack says; empty where it is not known."""
        if isinstance(said, Mapping) and set(said) == {"Ref"}:
            member = self.members.get(str(said["Ref"]))
            return "" if member is None else member.physical_id
        return said if isinstance(said, str) else ""

    def names(self, said: Any) -> list[str]:
        """The names of a list that are known."""
        return [name for one in as_list(said or []) if (name := self.name(one))]


def fits(said: Any, made: Any) -> bool:
    """Whether what was made is what a template says, as far as that is known here."""
    # What a function stands for only CloudFormation knows: it fits anything.
    if is_function(said):
        return True
    if isinstance(said, Mapping):
        return isinstance(made, Mapping) and all(fits(one, made.get(name)) for name, one in said.items())
    if isinstance(said, list) or isinstance(made, list):
        wanted, there = as_list(said), as_list(made)
        if any(map(is_function, wanted)):
            return len(there) > 0
        # In any order: services give lists back in an order of their own.
        return len(wanted) == len(there) and all(any(fits(one, other) for other in there) for one in wanted)
    return said is None or (made is not None and text_of(said) == text_of(made))


def is_function(said: Any) -> bool:
    """Whether a value is a function of CloudFormation's."""
    return isinstance(said, Mapping) and len(said) == 1 and str(next(iter(said))).startswith(("Fn::", "Ref"))


def tags_fit(said: Any, made: Mapping[str, str]) -> bool:
    """Whether what was made has the tags that a template says."""
    tags = [tag for tag in as_list(said) if isinstance(tag, Mapping) and isinstance(tag.get("Key"), str)]
    return all(tag["Key"] in made and fits(tag.get("Value"), made[tag["Key"]]) for tag in tags)
