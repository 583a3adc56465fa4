"""The two grants that DynamoDB leaves on the key of an encrypted table, which no emulator makes.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.usagenotes.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_kmslab.backends.endpoint.keys import GONE
from pytest_kmslab.calls.dynamodb.sse.choose_key import GRANTS_A_TABLE, grant_of_table, is_of_table
from pytest_kmslab.calls.error_codes import error_code

if TYPE_CHECKING:
    from pytest_kmslab.backends.endpoint.reader import EndpointAccountReader


def add(view: EndpointAccountReader, table_arn: str, key_arn: str) -> None:
    """Leave the grants for a table on a key."""
    key = view.keys.by_arn(key_arn)
    if key is None:
        return
    for _ in range(GRANTS_A_TABLE):
        view.clients.of("kms", key.region).create_grant(KeyId=key.arn, **grant_of_table(table_arn))
    view.changed("kms")


def retire(view: EndpointAccountReader, table_arn: str) -> None:
    """Take a table's grants off the key that it is kept to be under."""
    from botocore.exceptions import ClientError

    key_arn = view.tables.record(table_arn).get("key") or ""
    owner = view.of_arn(key_arn)
    key = None if owner is None else owner.keys.by_arn(key_arn)
    if owner is None or key is None:
        return
    # Grants of people, and of other tables, stay.
    for grant in owner.keys.grants(key):
        if not is_of_table(grant.grantee_principal, grant.encryption_context_subset, table_arn):
            continue
        try:
            owner.clients.of("kms", key.region).revoke_grant(KeyId=key.arn, GrantId=grant.grant_id)
        except ClientError as error:
            if error_code(error) not in GONE:
                raise
    view.changed("kms")
