"""Which calls change what decisions are made on."""

from __future__ import annotations

from pytest_kmslab.calls.api_call import ApiCall

READS = ("Get", "List", "Describe", "Query", "Scan", "Batch", "Transact", "Execute", "Simulate")
USES = ("Encrypt", "Decrypt", "Generate", "ReEncrypt", "Sign", "Verify", "Derive")
ITEMS = frozenset({"dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem"})


def changes_account(call: ApiCall) -> bool:
    """Whether a call may change what decisions are made on: all but reading, using a key and items.

    What STS gives out is a new credential, and changes nothing that was read before.
    """
    return call.service != "sts" and not call.operation.startswith(READS + USES) and call.name not in ITEMS
