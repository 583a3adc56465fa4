"""What DynamoDB refuses of a PartiQL statement because of the operation that it comes by.

Texts with their place in a transaction, and those of batches, are measured on AWS
(paritysuite/dynamodb-conformance, partiqlFunctions and executeStatementIndex); the others are those of AWS's
DynamoDB local.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ql-reference.multiplestatements.transactions.html
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pytest_kmslab.account.model import Table
from pytest_kmslab.calls.dynamodb.partiql.key_condition import conjuncts, equality
from pytest_kmslab.calls.dynamodb.partiql.statement import Statement
from pytest_kmslab.calls.validation_messages import invalid

NOT_ONE_READ = "Select statements within {} must specify the primary key in the where clause."
EXISTS_ELSEWHERE = "EXISTS can only be used in ExecuteTransaction write requests."
NO_FURTHER_CONDITION = "EXISTS() must contain a single item read with additional condition"
READS_AN_INDEX = "Reads on indices are not supported within transactions."
CHECKS_AN_INDEX = "Operations on indices are not supported in transactions"
MIXED = (
    "A transaction is made of reads or of writes, and may check with EXISTS beside its writes (said by "
    "pytest-kmslab)"
)
"""AWS documents that it refuses a mixture; in which words is not known."""


def check_use(operation: str, statements: Sequence[Statement], tables: Sequence[Table | None]) -> None:
    """Raise what DynamoDB answers to statements that this operation does not take."""
    if operation == "ExecuteStatement":
        check_no_exists(statements[0])
    if operation != "ExecuteTransaction":
        return
    for at, (statement, table) in enumerate(zip(statements, tables, strict=True)):
        for text in _refusals(statement, table):
            raise invalid(f"Validation failed in TransactStatements[{at}]: {text}")
    if len({_is_read(statement) for statement in statements}) > 1:
        raise invalid(MIXED)


def check_no_exists(statement: Statement) -> None:
    """Raise ValidationException for `EXISTS`, which is for transactions."""
    if statement.exists:
        raise invalid(EXISTS_ELSEWHERE)


def check_in_batch(statement: Statement, table: Table) -> None:
    """Raise what DynamoDB answers to a statement that a batch does not take."""
    check_no_exists(statement)
    if _is_read(statement) and (statement.index or not is_one_read(statement, table)):
        raise invalid(NOT_ONE_READ.format("BatchExecuteStatement"))


def is_pinned(statement: Statement, table: Table) -> bool:
    """Whether the condition of a statement holds every key attribute to one value."""
    return all(equality(statement.where, name) is not None for name in table.key_attributes)


def is_one_read(statement: Statement, table: Table) -> bool:
    """Whether a SELECT is the read of one item by its key, and nothing more."""
    return is_pinned(statement, table) and len(conjuncts(statement.where)) == len(table.key_attributes)


def _is_read(statement: Statement) -> bool:
    return statement.action == "PartiQLSelect" and not statement.exists


def _refusals(statement: Statement, table: Table | None) -> Iterator[str]:
    if statement.action != "PartiQLSelect" or table is None or not table.key_attributes:
        return
    # In the order in which AWS was seen to tell them.
    if statement.index:
        yield CHECKS_AN_INDEX if statement.exists else READS_AN_INDEX
    alone = is_one_read(statement, table)
    if statement.exists and (alone or not is_pinned(statement, table)):
        yield NO_FURTHER_CONDITION
    if not statement.exists and not alone:
        yield NOT_ONE_READ.format("ExecuteTransaction")
