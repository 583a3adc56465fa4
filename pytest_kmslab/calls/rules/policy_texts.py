"""Policy documents about to be put: what is asked of their text before anything else."""

from __future__ import annotations

import json
import re
from typing import Any

from pytest_kmslab.calls.authorization import ServiceError
from pytest_kmslab.calls.rules.identity_documents import check_identity_document
from pytest_kmslab.calls.validation_messages import violated

SESSION = 2_048
"""Characters of a session policy."""
_NOT_PRINTABLE = "The specified value for {} is invalid. It must contain only printable ASCII characters."
_CHARACTERS = re.compile("[\\t\\n\\r\\u0020-\\u00ff]+")


def statements_of(text: str) -> list[dict[str, Any]]:
    """The statements of a text that may be no policy at all, which `parse_policy` is left to say."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return []
    statements = _listed(document.get("Statement", [])) if isinstance(document, dict) else []
    return [statement for statement in statements if isinstance(statement, dict)]


def check_session_policy(text: str, partition: str) -> None:
    """Raise ServiceError for a session policy that STS does not take. The texts are inferred.

    https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
    """
    check_characters(text, "policy")
    if len(text) > SESSION:
        raise ServiceError(
            "ValidationError",
            violated(f"'{text}'", "policy", f"have length less than or equal to {SESSION}"),
        )
    check_identity_document(text, partition)


def check_characters(text: str, member: str) -> None:
    """Raise ValidationError for a text with characters that no policy has; the text is inferred.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_PutUserPolicy.html
    """
    if _CHARACTERS.fullmatch(text) is None:
        raise ServiceError("ValidationError", _NOT_PRINTABLE.format(member))


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
