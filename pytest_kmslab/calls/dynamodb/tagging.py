"""TagResource, UntagResource and ListTagsOfResource: on a table, whose tags are then looked at.

https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TagResource.html
Texts are AWS's: ACK-070, 071, 442.
"""

from __future__ import annotations

from collections.abc import Callable

from pytest_kmslab.account.model import AccountView, Table
from pytest_kmslab.calls.api_call import (
    ApiCall,
    AuthorizationPlan,
    Authorizations,
    Params,
    ServiceError,
)
from pytest_kmslab.calls.context_keys import Keys, request_tags, tag_keys
from pytest_kmslab.calls.dynamodb.context import authorization
from pytest_kmslab.calls.dynamodb.names import required, table_of
from pytest_kmslab.calls.dynamodb.table_policy.operations import is_here, table_or_stream
from pytest_kmslab.calls.rules.table_tags import check_tagging, check_untagging
from pytest_kmslab.calls.validation_messages import invalid


def tags_plan(
    keys: Callable[[Params], Keys], check: Callable[[Params, Table | None], None]
) -> AuthorizationPlan:
    """An operation on the tags of a table: `keys` reads condition keys, `check` refuses what no tags are."""

    def required_authorizations(call: ApiCall, view: AccountView) -> Authorizations:
        arn = _tagged(call)
        table = view.table(table_of(arn), call.region, call.account)
        yield authorization(call, call.operation, arn, keys(call.params), table)
        check(call.params, table)
        if table is None or arn != table.arn:
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


def _check_tagged(params: Params, table: Table | None) -> None:
    check_tagging(required(params, "Tags"), () if table is None else table.tags)


def _check_untagged(params: Params, _table: Table | None) -> None:
    check_untagging(required(params, "TagKeys"))


TAGGING = {
    "ListTagsOfResource": tags_plan(lambda _params: {}, lambda _params, _table: None),
    "TagResource": tags_plan(lambda params: request_tags(required(params, "Tags")), _check_tagged),
    "UntagResource": tags_plan(lambda params: tag_keys(required(params, "TagKeys")), _check_untagged),
}
