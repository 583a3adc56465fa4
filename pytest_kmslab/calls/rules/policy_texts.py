"""Policy documents about to be put: what is asked of their text before anything else."""

from __future__ import annotations

import json
import re
from typing import Any

from pytest_kmslab.authz.json_text import as_list


def statements_of(text: str) -> list[dict[str, Any]]:
    """The statements of a text that may be no policy at all, which `parse_policy` is left to say."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return []
    statements = as_list(document.get("Statement", [])) if isinstance(document, dict) else []
    return [statement for statement in statements if isinstance(statement, dict)]


# Actions that IAM does not take in a policy. Texts and order are recorded from AWS, by moto
# (tests/test_iam/test_iam_policies.py) and cdk-preflight (rules/iam/pf-iam-policy-action-*).
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_action.html

_VENDOR = re.compile(r"[a-zA-Z0-9\-.]*", re.ASCII)
_NO_VENDOR = "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."
_COLONS = "Actions/Condition can contain only one colon."
WILD_VENDOR = "Action vendors (e.g., aws, ec2, etc.) must not contain wildcards."


def action_fault(action: str) -> str:
    """What IAM says of an action, empty where it takes it: a service's of which there may be none, or `*`."""
    if action == "*":
        return ""
    vendor, colon, name = action.partition(":")
    if not colon:
        return _NO_VENDOR
    if ":" in name:
        return _COLONS
    if "*" in vendor or "?" in vendor:
        return WILD_VENDOR
    return "" if _VENDOR.fullmatch(vendor) else f"Vendor {vendor} is not valid"
