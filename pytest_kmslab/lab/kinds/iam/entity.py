"""What users and roles have in common as kinds of resources: IAM lists, shows and tags both alike."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from pytest_kmslab.lab.resource_kind import (
    Client,
    Found,
    ResourceKind,
    ResourceRef,
    Unseen,
    is_named_by_us,
    seen_if_ours,
    tag_list,
    tags_of_pages,
    unless_gone,
)


class IamEntityKind(ResourceKind):
    """Users or roles, by name first. They are in no Region."""

    entity: str
    """As IAM's operations and members call one: `User`, `Role`."""
    is_regional = False

    def every(self, client: Client, region: str) -> Iterator[Found | Unseen]:
        """All that carry a run's tags."""
        for page in client("iam").get_paginator(f"list_{self.entity.lower()}s").paginate():
            for record in page[f"{self.entity}s"]:
                name = record[f"{self.entity}Name"]
                if is_named_by_us(name):
                    look = partial(self._look, client, record, region)
                    yield from seen_if_ours(f"{self.title} `{name}`", look)

    def find(self, client: Client, ref: ResourceRef) -> Found | None:
        """By its name."""

        def look() -> Found:
            record = self._call(client, "get", ref.name)[self.entity]
            return self._look(client, record, ref.region)

        return unless_gone(look)

    def tag(self, client: Client, ref: ResourceRef, tags: Mapping[str, str]) -> None:
        """By its name."""
        self._call(client, "tag", ref.name, Tags=tag_list(tags))

    def _look(self, client: Client, record: Any, region: str) -> Found:
        name = record[f"{self.entity}Name"]
        paginator = client("iam").get_paginator(f"list_{self.entity.lower()}_tags")
        tags = tags_of_pages(paginator.paginate(**{f"{self.entity}Name": name}))
        ref = ResourceRef(self, name, region, record["Arn"], record[f"{self.entity}Id"])
        return Found(ref, tags, record.get("CreateDate"))

    def _call(self, client: Client, verb: str, name: str, **more: Any) -> Any:
        operation = getattr(client("iam"), f"{verb}_{self.entity.lower()}")
        return operation(**{f"{self.entity}Name": name}, **more)
