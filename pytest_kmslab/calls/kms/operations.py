"""What each operation of KMS asks for."""

from __future__ import annotations

from collections.abc import Mapping

from pytest_kmslab.calls.authorization import AuthorizationPlan
from pytest_kmslab.calls.kms.account_operations import generate_random, list_aliases
from pytest_kmslab.calls.kms.aliases import create_alias, delete_alias, update_alias
from pytest_kmslab.calls.kms.ciphertext import decrypt, re_encrypt
from pytest_kmslab.calls.kms.creation import create_key, put_key_policy, replicate_key, update_primary_region
from pytest_kmslab.calls.kms.deletion import cancel_key_deletion
from pytest_kmslab.calls.kms.granting import create_grant
from pytest_kmslab.calls.kms.key_operations import ACCOUNT_OPERATIONS, KEY_OPERATIONS, account_plan, key_plan
from pytest_kmslab.calls.kms.retiring import retire_grant

KMS: Mapping[str, AuthorizationPlan] = {
    **{name: key_plan(name, row) for name, row in KEY_OPERATIONS.items()},
    **{name: account_plan(name, says_account) for name, says_account in ACCOUNT_OPERATIONS.items()},
    "GenerateRandom": generate_random,
    "ListAliases": list_aliases,
    "Decrypt": decrypt,
    "ReEncrypt": re_encrypt,
    "CreateKey": create_key,
    "PutKeyPolicy": put_key_policy,
    "ReplicateKey": replicate_key,
    "UpdatePrimaryRegion": update_primary_region,
    "CreateAlias": create_alias,
    "UpdateAlias": update_alias,
    "DeleteAlias": delete_alias,
    "CreateGrant": create_grant,
    "RetireGrant": retire_grant,
    "CancelKeyDeletion": cancel_key_deletion,
}
"""Every operation of KMS by its name."""
