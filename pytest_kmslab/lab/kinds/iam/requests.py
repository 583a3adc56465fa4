"""What users, roles and groups are asked to be, looked at before anything is made for them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from pytest_kmslab.calls.error_codes import DENIAL_CODES, error_code
from pytest_kmslab.errors import ResourceError
from pytest_kmslab.lab.arguments import Requests, name_hint
from pytest_kmslab.lab.kinds.iam.policy import create_policy
from pytest_kmslab.lab.resource_kind import GONE, tag_list
from pytest_kmslab.lab.waiting.waiters import LOST_ANSWER_LIMIT, Passing

if TYPE_CHECKING:
    from pytest_kmslab.lab.creation import Creation
    from pytest_kmslab.lab.policies.sources import PolicyDocument

MEMBERS: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "user": ("UserName", {}),
    "role": ("RoleName", {"AssumeRolePolicyDocument": "{}"}),
    "group": ("GroupName", {}),
}
"""How IAM calls the name of each, and what else it wants of whoever makes one."""


def check_iam_request(
    creation: Creation, kind: str, base: str, tags: Mapping[str, str] | None = None, **more: tuple[str, Any]
) -> None:
    """Raise TypeError or ResourceError for what IAM would not make a `user`, `role` or `group` of.

    `more` are further parameters of its create call, each with the argument that it was given in.
    """
    member, required = MEMBERS[kind]
    operation, naming = f"Create{kind.capitalize()}", creation.context.naming
    requests = Requests("iam", operation, creation.region, creation.account, {member: "name", **required})
    requests.check("name", hint=name_hint(naming), **{member: naming.sample(base)})
    if tags:
        requests.check("tags", Tags=tag_list({**tags, **naming.tags("name")}))
    for parameter, (argument, value) in more.items():
        requests.check(argument, **{parameter: value})


def check_groups(creation: Creation, groups: Iterable[str]) -> None:
    """Raise ResourceError for a group that is not there; on AWS one that was just made is waited for."""
    iam = creation.client("iam")
    for name in groups:
        Requests("iam", "GetGroup", creation.region, creation.account, {}).check("groups", GroupName=name)
        try:
            creation.waiter.while_refused(
                partial(iam.get_group, GroupName=name),
                Passing(GONE),
                f"group `{name}` to show",
                LOST_ANSWER_LIMIT,
            )
        except ClientError as error:
            if error_code(error) in GONE:
                text = f"`groups`: there is no group `{name}`; `create_group` makes one. Nothing was made"
                raise ResourceError(text) from None
            # Who may not look may still add: IAM says then whether it is there.
            if error_code(error) not in DENIAL_CODES:
                raise


@contextmanager
def bounded_by(creation: Creation, base: str, boundary: str | PolicyDocument) -> Iterator[dict[str, Any]]:
    """The parameter for a permissions boundary, which is made where it was given as a document, and removed
    where nobody came to be bounded by it."""
    if isinstance(boundary, str):
        yield {"PermissionsBoundary": boundary} if boundary else {}
        return
    arn, made = create_policy(creation, f"{base}-boundary", boundary)
    try:
        yield {"PermissionsBoundary": arn}
    except ClientError as error:
        # After a later call somebody is there whom it bounds: it goes with the lab.
        if error.operation_name in ("CreateUser", "CreateRole"):
            made.remove()
        raise
