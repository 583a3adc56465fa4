"""TagResource, UntagResource and ListTagsOfResource: on a table or stream, whose tags are then looked at.

https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TagResource.html
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/abac-streams.html
Texts are AWS's: ACK-070, 071, 442.
"""

from __future__ import annotations

from collections.abc import Callable, Collection

from pytest_kmslab.account.model import AccountView
from pytest_kmslab.authz.arn import table_arn_of
from pytest_kmslab.calls.api_call import (
    ApiCall,
    AuthorizationPlan,
    Authorizations,
    Params,
    ServiceError,
)
from pytest_kmslab.calls.context_keys import Keys, request_tags, tag_keys
from pytest_kmslab.calls.dynamodb.context import authorization
from pytest_kmslab.calls.dynamodb.names import required
from pytest_kmslab.calls.dynamodb.table_policy.operations import is_here, table_or_stream
from pytest_kmslab.calls.rules.table_tags import check_tagging, check_untagging
from pytest_kmslab.calls.validation_messages import invalid


def tags_plan(
    keys: Callable[[Params], Keys], check: Callable[[Params, Collection[str]], None]
) -> AuthorizationPlan:
    """An operation on tags: `keys` reads condition keys, `check` refuses what no tags are beside those that
    are there."""

    def required_authorizations(call: ApiCall, view: AccountView) -> Authorizations:
        arn = _tagged(call)
        table = view.table(table_arn_of(arn), call.region, call.account)
        yield authorization(call, call.operation, arn, keys(call.params), table)
        check(call.params, () if table is None else table.tags_of(arn))
        # Of a table's streams only the latest is known.
        if table is None or arn not in (table.arn, table.stream_arn):
            text = f"Requested resource not found: ResourceArn: {arn} not found"
            raise ServiceError("ResourceNotFoundException", text)

    return required_authorizations


def _tagged(call: ApiCall) -> str:
    """The ARN that ResourceArn holds; raises ValidationException for one that can have no tags."""
    arn = table_or_stream(call)
    # Tags are put where the table is: no ARN of another account or Region is taken.
    if not is_here(call, arn):
        raise invalid(f"Invalid TableArn: Invalid ResourceArn provided as input {arn}")
    return arn


def _check_tagged(params: Params, present: Collection[str]) -> None:
    check_tagging(required(params, "Tags"), present)


def _check_untagged(params: Params, _present: Collection[str]) -> None:
    check_untagging(required(params, "TagKeys"))


TAGGING = {
    "ListTagsOfResource": tags_plan(lambda _params: {}, lambda _params, _present: None),
    "TagResource": tags_plan(lambda params: request_tags(required(params, "Tags")), _check_tagged),
    "UntagResource": tags_plan(lambda params: tag_keys(required(params, "TagKeys")), _check_untagged),
}
