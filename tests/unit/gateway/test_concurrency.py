"""Many clients at once: every answer is the one that the policies of that moment give."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from botocore.exceptions import ClientError
from helpers.gateway import client, make_user

CLIENTS = 8
ROUNDS = 12
ALLOW = json.dumps(
    {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "kms:*", "Resource": "*"}]}
)


def toggled(url: str, number: int) -> list[str]:
    """One user who is allowed and denied by turns, while all others are; answers what went wrong."""
    iam, name = client(url, "iam"), f"user-{number}"
    kms = client(url, "kms", make_user(url, name))
    root = client(url, "kms")
    wrong = []
    for turn in range(ROUNDS):
        key = root.create_key()["KeyMetadata"]["KeyId"]
        iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=ALLOW)
        sealed = kms.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
        iam.delete_user_policy(UserName=name, PolicyName="p")
        try:
            kms.decrypt(CiphertextBlob=sealed)
        except ClientError as error:
            if error.response["Error"]["Code"] != "AccessDeniedException":
                wrong.append(f"turn {turn}: {error}")
        else:
            wrong.append(f"turn {turn}: allowed after the policy was taken away")
        root.schedule_key_deletion(KeyId=key)
    return wrong


@pytest.mark.usefixtures("backend")
def test_no_answer_is_taken_on_half_a_change(url: str) -> None:
    with ThreadPoolExecutor(CLIENTS) as clients:
        assert [
            wrong for found in clients.map(lambda n: toggled(url, n), range(CLIENTS)) for wrong in found
        ] == []
