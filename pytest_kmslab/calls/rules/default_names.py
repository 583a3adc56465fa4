"""What a call may leave out, and a backend wants said."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pytest_kmslab.calls.api_call import ApiCall


def policy_name(_facts: Any, call: ApiCall) -> Mapping[str, Any]:
    """PolicyName: https://docs.aws.amazon.com/kms/latest/APIReference/API_GetKeyPolicy.html."""
    return {} if "PolicyName" in call.params else {"PolicyName": "default"}
