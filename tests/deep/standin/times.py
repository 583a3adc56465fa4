"""How late AWS's services see changes, in AWS's seconds: what was recorded of them, and how it is spread.

An access key was seen to be refused for 5 to 15 seconds by each service on its own, an attached policy to
take about 8 seconds (aws-vault#170 and #687, aws/aws-sdk-js#559, boto/botocore#3600, go-to-k/cdkd). For key
policies there are Terraform's limits alone: two minutes for a principal, ten until it is read back.
"""

from __future__ import annotations

from collections.abc import Mapping

from deep.standin.history import Span

SERVICES = ("dynamodb", "iam", "kms", "sts")
POLICY_READS = "GetKeyPolicy"
"""Who reads a key policy, and does not decide by it."""

DELAYS: Mapping[str, Mapping[str, Span]] = {
    "access key": dict.fromkeys(SERVICES, (5.0, 15.0)),
    "identity": dict.fromkeys(SERVICES, (4.0, 12.0)),
    "principal": {"kms": (5.0, 40.0)},
    "key policy": {"kms": (2.0, 20.0), POLICY_READS: (0.0, 8.0)},
}

CREATION: Span = (2.0, 8.0)
DELETION: Span = (4.0, 9.0)
NEW_KEY_SHOWN: Span = (8.0, 9.0)
REENCRYPTION: Span = (21.0, 23.0)
"""Of tables: `slow_tables` says where from."""

TABLE_KEY = 300.0
"""How long DynamoDB uses the key of a table on a connection that is in use."""

THROTTLED = 0.01
"""How many of all calls are throttled."""
