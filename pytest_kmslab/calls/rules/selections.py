"""What DynamoDB refuses of what a Query or Scan asks to get, and of the parts of a parallel Scan.

Texts are DynamoDB's: moto's tests that are verified on AWS (test_dynamodb_select, test_dynamodb_scan) and
paritysuite/dynamodb-conformance.
https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_Query.html
"""

from __future__ import annotations

from collections.abc import Iterator

from pytest_kmslab.calls.api_call import ApiCall, Params, ServiceError
from pytest_kmslab.calls.validation_messages import ONE_ERROR, invalid

_SEGMENT, _SEGMENTS = "Segment", "TotalSegments"
_NAMING = ("ProjectionExpression", "AttributesToGet")
"""What names the attributes to get, in the order in which it is looked at."""


def check_selection(call: ApiCall) -> None:
    """Raise the first thing that DynamoDB refuses of a Query's or Scan's `Select`."""
    for text in _refused_selection(call.params):
        # Measured: a Query says how many errors there are, a Scan does not.
        raise invalid(f"{ONE_ERROR}{text}" if call.operation == "Query" else text)


def _refused_selection(params: Params) -> Iterator[str]:
    select = params.get("Select")
    if select is None:
        return
    naming = [member for member in _NAMING if params.get(member)]
    if select == "SPECIFIC_ATTRIBUTES" and not naming:
        yield f"Must specify the AttributesToGet or ProjectionExpression when choosing to get {select}"
    if select != "SPECIFIC_ATTRIBUTES" and naming:
        what = "only the Count" if select == "COUNT" else select
        yield f"Cannot specify the {naming[0]} when choosing to get {what}"
    if select == "ALL_PROJECTED_ATTRIBUTES" and params.get("IndexName") is None:
        yield "ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName"


def check_segments(call: ApiCall) -> None:
    """Raise what DynamoDB refuses of the parts of a parallel Scan."""
    segment, segments = call.params.get(_SEGMENT), call.params.get(_SEGMENTS)
    if segment is None and segments is not None:
        raise _lacking(_SEGMENT, f"parameter {_SEGMENTS}")
    if segment is not None and segments is None:
        raise _lacking(_SEGMENTS, f"{_SEGMENT} parameter")
    if segment is not None and segments is not None and segment >= segments:
        raise invalid(
            f"The {_SEGMENT} parameter is zero-based and must be less than parameter {_SEGMENTS}: "
            f"{_SEGMENT}: {segment} is not less than {_SEGMENTS}: {segments}"
        )


def _lacking(member: str, when: str) -> ServiceError:
    text = f"The {member} parameter is required but was not present in the request when {when} is present"
    return invalid(text)
