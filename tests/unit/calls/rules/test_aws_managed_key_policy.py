"""https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.usagenotes.html"""

from __future__ import annotations

from pytest_kmslab.calls.rules.aws_managed_key_policy import fixed_policy


def test_all_principals_of_the_account_use_the_key_through_the_service_alone() -> None:
    policy = fixed_policy("dynamodb", "123456789012", "eu-west-1")
    through, looking = policy["Statement"]
    assert {name: policy[name] for name in policy if name != "Statement"} == {
        "Version": "2012-10-17",
        "Id": "auto-dynamodb-1",
    }
    assert through == {
        "Sid": "Allow access through dynamodb for all principals of the account",
        "Effect": "Allow",
        "Principal": {"AWS": "*"},
        "Action": [
            "kms:Encrypt",
            "kms:Decrypt",
            "kms:ReEncrypt*",
            "kms:GenerateDataKey*",
            "kms:CreateGrant",
            "kms:DescribeKey",
        ],
        "Resource": "*",
        "Condition": {
            "StringEquals": {
                "kms:CallerAccount": "123456789012",
                "kms:ViaService": "dynamodb.eu-west-1.amazonaws.com",
            }
        },
    }
    assert looking == {
        "Sid": "Allow direct access to key metadata to the account",
        "Effect": "Allow",
        "Principal": {"AWS": "arn:aws:iam::123456789012:root"},
        "Action": ["kms:Describe*", "kms:Get*", "kms:List*", "kms:RevokeGrant"],
        "Resource": "*",
    }


def test_in_another_partition_root_and_service_are_of_it() -> None:
    through, looking = fixed_policy("dynamodb", "123456789012", "cn-north-1")["Statement"]
    condition = through["Condition"]["StringEquals"]
    assert condition["kms:ViaService"] == "dynamodb.cn-north-1.amazonaws.com.cn"
    assert looking["Principal"] == {"AWS": "arn:aws-cn:iam::123456789012:root"}
