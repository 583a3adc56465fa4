"""`--kmslab-policies` and `--kmslab-check-policy`, from outside."""

from __future__ import annotations

import json

import pytest

TESTS = """
    from pytest_kmslab import denied

    KEY = {"id": {"S": "1"}}

    def test_write(kmslab, encrypted_table, key_user):
        kmslab.as_(key_user).client("dynamodb").put_item(TableName=encrypted_table.name, Item=KEY)

    def test_read(kmslab, encrypted_table, key_user, outsider):
        for user in (key_user, outsider):
            dynamodb = kmslab.as_(user).client("dynamodb")
            if user is key_user:
                dynamodb.get_item(TableName=encrypted_table.name, Key=KEY)
            else:
                with denied("kms:Decrypt"):
                    dynamodb.get_item(TableName=encrypted_table.name, Key=KEY)
"""


def test_what_two_workers_wrote_holds_the_next_run_which_fails_when_it_needs_more(
    project: pytest.Pytester,
) -> None:
    project.makepyfile(test_it=TESTS)
    result = project.runpytest_subprocess("-n2", "--kmslab-policies=out")
    result.assert_outcomes(passed=2)
    told = "out/kmslab-key-user: all it did is allowed (3 requests); *"
    idle = "mounika was allowed nothing (1 request denied): no policy is written"
    result.stdout.fnmatch_lines(["*= kmslab: least privilege =*", told, idle])
    written = project.path / "out"
    assert [folder.name for folder in written.iterdir()] == ["kmslab-key-user"]
    own = written / "kmslab-key-user"
    assert sorted(file.name for file in own.iterdir()) == [
        "identity-policy.json",
        "key-policy-MY-kms-key.json",
        "proof.json",
    ]
    policy = json.loads((own / "identity-policy.json").read_text("utf-8"))
    assert policy["Statement"][0]["Action"] == ["dynamodb:GetItem", "dynamodb:PutItem"]
    again = project.runpytest_inprocess("--kmslab-check-policy=out/kmslab-key-user")
    assert again.ret == pytest.ExitCode.OK
    project.makepyfile(test_more=TESTS.replace("put_item(", "delete_item(").replace("Item=KEY", "Key=KEY"))
    more = project.runpytest_inprocess("--kmslab-check-policy=out/kmslab-key-user/identity-policy.json")
    assert more.ret == pytest.ExitCode.TESTS_FAILED
    what, test = "dynamodb:DeleteItem on table/my_table_kms", "test_more.py::test_write"
    more.stdout.fnmatch_lines([f"a test needs more: {what}, by kmslab-key-user in {test}"])


OF_ANOTHER_ACCOUNT = """
    import json

    def document(**statement):
        return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **statement}]}

    def test_a_role_over_there_reads_table_index_and_stream(kmslab):
        admin, iam = kmslab.as_(kmslab.admin), kmslab.as_(kmslab.root_of("222233334444")).client("iam")
        trust = document(Principal={"AWS": kmslab.admin.arn}, Action="sts:AssumeRole")
        made = iam.create_role(RoleName="reader", AssumeRolePolicyDocument=json.dumps(trust))
        role = made["Role"]["Arn"]
        own = document(Action=["kms:*", "dynamodb:*"], Resource="*")
        iam.put_role_policy(RoleName="reader", PolicyName="all", PolicyDocument=json.dumps(own))
        people = {"AWS": [role, kmslab.admin.arn]}
        key = kmslab.create_key("orders", policy=document(Principal=people, Action="kms:*", Resource="*"))
        stream = {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"}
        table = kmslab.create_table("orders", key=key, StreamSpecification=stream)
        dynamodb = admin.client("dynamodb")
        stream = dynamodb.describe_table(TableName=table.name)["Table"]["LatestStreamArn"]
        for arn, action in ((table.arn, "dynamodb:GetItem"), (stream, "dynamodb:DescribeStream")):
            policy = document(Principal={"AWS": role}, Action=action, Resource=arn)
            dynamodb.put_resource_policy(ResourceArn=arn, Policy=json.dumps(policy))
        reader = kmslab.as_(admin.client("sts").assume_role(RoleArn=role, RoleSessionName="reader"))
        reader.client("dynamodb").get_item(TableName=table.arn, Key={"id": {"S": "1"}})
        reader.client("dynamodbstreams").describe_stream(StreamArn=stream)
"""


def test_each_kind_of_file_that_is_written_can_be_held_against_the_next_run(project: pytest.Pytester) -> None:
    project.makepyfile(test_it=OF_ANOTHER_ACCOUNT)
    project.runpytest_inprocess("--kmslab-policies=out").assert_outcomes(passed=1)
    folder = project.path / "out" / "reader"
    # Table, stream and key are of one name, and keep it.
    assert sorted(file.name for file in folder.iterdir()) == [
        "identity-policy.json",
        "key-policy-orders.json",
        "proof.json",
        "stream-policy-orders.json",
        "table-policy-orders.json",
    ]
    assert project.runpytest_inprocess("--kmslab-check-policy=out/reader").ret == pytest.ExitCode.OK
    policy = folder / "stream-policy-orders.json"
    policy.write_text(policy.read_text("utf-8").replace("DescribeStream", "GetRecords"), "utf-8")
    less = project.runpytest_inprocess("--kmslab-check-policy=out/reader")
    assert less.ret == pytest.ExitCode.TESTS_FAILED
    less.stdout.fnmatch_lines(
        ["a test needs more: dynamodb:DescribeStream on table/orders/stream/[*], by reader*"]
    )


def test_a_bad_policy_is_a_usage_error(project: pytest.Pytester) -> None:
    project.path.joinpath("bad.json").write_text("{", "utf-8")
    bad, none = ("bad.json", "file `bad.json`, line 1: "), ("none.json", "a file or folder that is there")
    for file, said in (bad, none):
        result = project.runpytest_inprocess(f"--kmslab-check-policy={file}")
        assert result.ret == pytest.ExitCode.USAGE_ERROR
        result.stderr.fnmatch_lines([f"*{said}*"])
