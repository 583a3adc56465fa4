"""Resource-based policies of an endpoint's tables and streams: answered by the endpoint where it has them, by
what is kept in the shared store where it has not.

Ministack drops the policy that a table is made with, leaves a deleted table's to the next of that name, and
gives the same document another revision. A LocalStack without Docker has no such policies.
https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_PutResourcePolicy.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_kmslab.authz.arn import parts_of
from pytest_kmslab.backends.endpoint.clients import lacks
from pytest_kmslab.backends.endpoint.meant_principals import of_table
from pytest_kmslab.calls.api_call import ApiCall, ServiceError
from pytest_kmslab.calls.dynamodb.table_policy.written import as_written, check_revision, policy_not_found

if TYPE_CHECKING:
    from pytest_kmslab.backends.endpoint.reader import EndpointAccountReader

Response = dict[str, Any]

GET, PUT, DELETE = "GetResourcePolicy", "PutResourcePolicy", "DeleteResourcePolicy"


def get(view: EndpointAccountReader, call: ApiCall) -> Response:
    """GetResourcePolicy, in DynamoDB's words where there is none."""
    policy = _present(view, call)
    if policy is None:
        raise policy_not_found(str(call.params["ResourceArn"]))
    return policy


def put(view: EndpointAccountReader, call: ApiCall) -> Response:
    """PutResourcePolicy."""
    partition = parts_of(str(call.params["ResourceArn"])).partition
    before, text = _expected(view, call), as_written(str(call.params["Policy"]), partition)
    # The same document again is the same revision; ministack gives it another.
    if before is not None and before["Policy"] == text:
        response = {"RevisionId": before["RevisionId"]}
    else:
        response = _do(view, call, PUT, {"Policy": text})
    # Put again it means who has the names now.
    view.meant.keep(of_table(str(call.params["ResourceArn"])), text)
    return response


def delete(view: EndpointAccountReader, call: ApiCall) -> Response:
    """DeleteResourcePolicy, which succeeds where there is none."""
    before = _expected(view, call)
    if before is None:
        return {}
    _do(view, call, DELETE, {})
    return {"RevisionId": before["RevisionId"]}


def begin(view: EndpointAccountReader, call: ApiCall, arn: str) -> None:
    """CreateTable with its policy."""
    # ministack drops the policy, and leaves a deleted table's to the next of that name.
    text = call.params.get("ResourcePolicy")
    with_arn = call._replace(params={"ResourceArn": arn, **({"Policy": text} if text else {})})
    (put if text else delete)(view, with_arn)


def _expected(view: EndpointAccountReader, call: ApiCall) -> Response | None:
    """The policy that is there, of the revision that the call expects."""
    policy = _present(view, call)
    current = None if policy is None else str(policy["RevisionId"])
    check_revision(call.params.get("ExpectedRevisionId"), current, str(call.params["ResourceArn"]))
    return policy


def _present(view: EndpointAccountReader, call: ApiCall) -> Response | None:
    try:
        return _do(view, call, GET, {})
    except ServiceError as error:
        if error.code != "PolicyNotFoundException":
            raise
    return None


def _do(view: EndpointAccountReader, call: ApiCall, operation: str, more: dict[str, str]) -> Response:
    arn = str(call.params["ResourceArn"])
    params = {"ResourceArn": arn, **more}
    try:
        return view.clients.do(call._replace(operation=operation, params=params))
    except ServiceError as error:
        if not lacks(error):
            raise
    return _of_store(view, call, arn, operation, more.get("Policy"))


def _of_store(
    view: EndpointAccountReader, call: ApiCall, arn: str, operation: str, policy: str | None
) -> Response:
    """What an operation answers and does by what is kept of the table or stream."""
    if view.table(arn, call.region, call.account) is None:
        raise ServiceError("ResourceNotFoundException", f"Requested resource not found: {arn}")
    kept = view.tables.kept_policy(arn)
    if operation == GET:
        if not kept.get("text"):
            raise policy_not_found(arn)
        return {"Policy": kept["text"], "RevisionId": str(kept["revision"])}
    revision = int(kept.get("revision", 0)) + 1
    view.tables.keep_policy(arn, policy, revision)
    return {"RevisionId": str(revision)}
