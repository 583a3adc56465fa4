"""What users and roles have in common as kinds of resources: IAM lists, shows and tags both alike."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pytest_kmslab.lab.resource_kind import (
    Client,
    Found,
    NamedKind,
    ResourceRef,
    tag_list,
    tags_of_pages,
)


class IamEntityKind(NamedKind):
    """Users or roles. They are in no Region."""

    entity: str
    """As IAM's operations and members call one: `User`, `Role`."""
    is_regional = False

    def listed(self, client: Client) -> Iterator[tuple[str, Any]]:
        """Under whatever path."""
        for page in client("iam").get_paginator(f"list_{self.entity.lower()}s").paginate():
            yield from ((record[f"{self.entity}Name"], record) for record in page[f"{self.entity}s"])

    def record_of(self, client: Client, ref: ResourceRef) -> Any:
        """By its name."""
        return self._call(client, "get", ref.name)[self.entity]

    def tag(self, client: Client, ref: ResourceRef, tags: Mapping[str, str]) -> None:
        """By its name."""
        self._call(client, "tag", ref.name, Tags=tag_list(tags))

    def look(self, client: Client, record: Any, region: str) -> Found:
        """With its tags, which a list leaves out."""
        name = record[f"{self.entity}Name"]
        paginator = client("iam").get_paginator(f"list_{self.entity.lower()}_tags")
        tags = tags_of_pages(paginator.paginate(**{f"{self.entity}Name": name}))
        ref = ResourceRef(self, name, region, record["Arn"], record[f"{self.entity}Id"])
        return Found(ref, tags, record.get("CreateDate"))

    def _call(self, client: Client, verb: str, name: str, **more: Any) -> Any:
        operation = getattr(client("iam"), f"{verb}_{self.entity.lower()}")
        return operation(**{f"{self.entity}Name": name}, **more)
