"""What DynamoDB refuses of a read by an index: a global index answers what it projects and nothing more.

Measured on AWS: paritysuite/dynamodb-conformance, executeStatementIndex and indexReads. A local index fetches
the other attributes from the table.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/GSI.html#GSI.Projections
"""

from __future__ import annotations

from collections.abc import Iterable

from pytest_kmslab.account.model import Table
from pytest_kmslab.calls.rules.invalid_parameters import invalid, refused


def check_projected(table: Table | None, index: str, named: Iterable[str]) -> None:
    """Raise what DynamoDB answers where a request names attributes that the global index does not project."""
    projected = dict(table.projected).get(index) if table is not None and index else None
    if table is None or projected is None:
        return
    missing = [name for name in named if name not in projected and name not in table.key_attributes]
    if missing:
        raise refused(f"Global secondary index {index} does not project [{', '.join(missing)}]")


def check_consistent(table: Table | None, index: str) -> None:
    """Raise what DynamoDB answers to a statement that reads a global index consistently."""
    if table is not None and index in table.index_keys and index not in table.local_indexes:
        raise invalid("Strongly consistent read is not supported on Global Secondary Indexes")
