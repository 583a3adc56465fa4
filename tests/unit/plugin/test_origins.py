"""What the lab does for itself counts in neither `denied` nor `allowed`; a test's own calls do."""

from __future__ import annotations

import pytest

TESTS = """
    import json

    import boto3
    import pytest
    from botocore.exceptions import ClientError
    from pytest_kmslab import ExpectationError, allowed, denied

    MAKING = {
        "key": lambda lab: lab.create_key(),
        "table": lambda lab: lab.create_table(),
        "user": lambda lab: lab.create_user(policies="AWSLambdaBasicExecutionRole"),
        "role": lambda lab: lab.create_role(),
        "session": lambda lab: lab.as_(lab.create_role()),
        "inventory": lambda lab: lab.inventory(),
    }

    @pytest.mark.parametrize("make", MAKING.values(), ids=MAKING)
    def test_what_is_made_is_no_call_of_the_test(kmslab, make):
        with pytest.raises(ExpectationError, match="was made, so nothing"), allowed():
            make(kmslab)

    def test_what_is_removed_is_no_call_of_the_test(kmslab):
        with pytest.raises(ExpectationError, match="was made, so nothing"), allowed(), kmslab.nested() as lab:
            lab.create_key()

    def test_a_denial_of_the_lab_is_none_of_the_test(kmslab):
        nobody = {"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Action": "kms:CreateKey",
                                                          "Resource": "*"}}
        iam = boto3.client("iam")
        iam.put_user_policy(UserName=kmslab.admin.name, PolicyName="no", PolicyDocument=json.dumps(nobody))
        try:
            with allowed():
                boto3.client("kms").list_keys()
                with pytest.raises(ClientError):
                    kmslab.create_key()
            with denied("kms:CreateKey"):
                boto3.client("kms").create_key()
        finally:
            iam.delete_user_policy(UserName=kmslab.admin.name, PolicyName="no")

    def test_what_a_test_asks_of_a_key_counts(kmslab, kms_key):
        with allowed("kms:DescribeKey"):
            kms_key.describe()
        with allowed("kms:PutKeyPolicy"):
            kms_key.put_policy(kms_key.policy())
"""


def test_what_the_lab_does_for_itself_does_not_count(project: pytest.Pytester) -> None:
    project.makepyfile(TESTS)
    project.runpytest_subprocess().assert_outcomes(passed=9)
