"""What DynamoDB answers to a PartiQL statement that it does not take, in its own words.

Measured on AWS: paritysuite/dynamodb-conformance, partiqlGrammar and partiqlFunctions (October 2026).
"""

from __future__ import annotations

from pytest_kmslab.errors import KmslabError

NOT_WELL_FORMED = "Statement wasn't well formed, can't be processed: "
"""Nothing follows where a literal or a comment cannot be read at all."""
LEFTOVER = f"{NOT_WELL_FORMED}Unexpected token after expression"
NO_TERM = f"{NOT_WELL_FORMED}Unexpected term"
NO_RIGHT_SIDE = f"{NOT_WELL_FORMED}Missing right-hand side expression of infix operator"
KEYWORD_FIRST = f"{NOT_WELL_FORMED}Unexpected keyword"
OPERATOR_FIRST = f"{NOT_WELL_FORMED}Unexpected operator"
NO_TYPE = f"{NOT_WELL_FORMED}Expected type name"
NO_TABLE = f"{NOT_WELL_FORMED}Expected identifier for simple path"
ALIASING = "Aliasing is not supported"
EMPTY_SET = "Empty bags are not supported"
SEVERAL_ITEMS = (
    "Unsupported operation: Inserting multiple items in a single statement is not supported, "
    'use "INSERT INTO tableName VALUE item" instead'
)
MORE_THAN_EVERYTHING = "Other attributes should not be present in the projection when '*' is used."
"""A text of AWS's DynamoDB local, as is `SEVERAL_ITEMS`."""
DELETE_RETURNS = (
    "Invalid returning clause: RETURNING {} *. Only RETURNING ALL OLD * is allowed in DELETE statements."
)


class StatementError(KmslabError, ValueError):
    """A statement that is not in a form that is read; the message says what is wrong with it."""


class RefusedStatementError(StatementError):
    """A statement that DynamoDB is known to refuse; the message is its own."""
