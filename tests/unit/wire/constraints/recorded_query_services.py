"""Refusals of IAM and STS that were seen on AWS: call, parameters, code, message.

`LS` LocalStack's snapshots, `CDK` cdk-preflight, `CONF` nubo-db/dynamodb-conformance, `ACK`
aws-controllers-k8s, `SPX` mulgadc/spinifex (messages that AWS returned to TagUser).
"""

from __future__ import annotations

from typing import Any

Params = dict[str, Any]
Recorded = tuple[str, Params, str, str]
IAM = "arn:aws:iam::123456789012"
ONE = "1 validation error detected: "
FAILED = "failed to satisfy constraint: Member must"
NAME = "is invalid. It must contain only alphanumeric characters and/or the following: +=,.@_-"
PATH = (
    "is invalid. It must begin and end with / and contain only alphanumeric characters and/or / characters."
)
TAG_KEY = r"[\p{L}\p{Z}\p{N}_.:/=+\-@]+"


def tagged(key: str, value: str = "v") -> list[Params]:
    return [{"Key": key, "Value": value}]


REFUSED: list[Recorded] = [
    # CDK pf-iam-name-format
    *(
        (name, {member: value, **more}, "ValidationError", f"The specified value for {path} {NAME}")
        for name, member, path, value, more in (
            ("iam:CreateUser", "UserName", "userName", "テスト用", {}),
            ("iam:CreateGroup", "GroupName", "groupName", "a/b", {}),
            ("iam:CreateRole", "RoleName", "roleName", "テスト用", {"AssumeRolePolicyDocument": "{}"}),
            ("iam:CreatePolicy", "PolicyName", "policyName", "テスト用", {"PolicyDocument": "{}"}),
            (
                "iam:PutUserPolicy",
                "PolicyName",
                "policyName",
                "テスト用",
                {"UserName": "a", "PolicyDocument": "{}"},
            ),
            ("iam:UpdateUser", "NewUserName", "newUserName", "a/b", {"UserName": "a"}),
        )
    ),
    # cfn-lint 722, 3020
    *(
        (name, {**params, member: path}, "ValidationError", f"The specified value for {shown} {PATH}")
        for name, params, member, shown in (
            ("iam:CreateUser", {"UserName": "b"}, "Path", "path"),
            ("iam:CreateGroup", {"GroupName": "b"}, "Path", "path"),
            ("iam:CreateRole", {"RoleName": "b", "AssumeRolePolicyDocument": "{}"}, "Path", "path"),
            ("iam:CreatePolicy", {"PolicyName": "b", "PolicyDocument": "{}"}, "Path", "path"),
            ("iam:CreateInstanceProfile", {"InstanceProfileName": "b"}, "Path", "path"),
            ("iam:CreateVirtualMFADevice", {"VirtualMFADeviceName": "b"}, "Path", "path"),
            ("iam:UpdateUser", {"UserName": "b"}, "NewPath", "newPath"),
            ("iam:UpdateGroup", {"GroupName": "b"}, "NewPath", "newPath"),
        )
        for path in ("/admin", "x/", "/a b/", "/a\n/", "/é/")
    ),
    # LS iam
    (
        "iam:UpdateServiceSpecificCredential",
        {"ServiceSpecificCredentialId": "a-wrong-credential-id", "Status": "Active"},
        "ValidationError",
        f"{ONE}Value at 'serviceSpecificCredentialId' {FAILED} satisfy regular expression pattern: [\\w]+",
    ),
    (
        "iam:UpdateServiceSpecificCredential",
        {"ServiceSpecificCredentialId": "A" * 20, "Status": "Invalid"},
        "ValidationError",
        f"{ONE}Value at 'status' {FAILED} satisfy enum value set",
    ),
    # SPX
    *(
        ("iam:TagUser", {"UserName": "u", "Tags": tags}, code, text)
        for tags, code, text in (
            (
                [{"Key": "novalue"}],
                "ValidationError",
                f"{ONE}Value at 'tags.1.member.value' {FAILED} not be null",
            ),
            (
                tagged("bad#key"),
                "ValidationError",
                f"{ONE}Value at 'tags.1.member.key' {FAILED} satisfy regular expression pattern: {TAG_KEY}",
            ),
            (
                tagged("é" * 129),
                "ValidationError",
                f"{ONE}Value at 'tags.1.member.key' {FAILED} have length less than or equal to 128",
            ),
            (
                tagged(""),
                "ValidationError",
                f"2 validation errors detected: Value at 'tags.1.member.key' {FAILED} have length greater "
                f"than or equal to 1; Value at 'tags.1.member.key' {FAILED} satisfy regular expression "
                f"pattern: {TAG_KEY}",
            ),
            (
                [*({"Key": f"k{number}", "Value": "v"} for number in range(50)), *tagged("bad#key")],
                "ValidationError",
                f"2 validation errors detected: Value at 'tags' {FAILED} have length less than or equal to "
                f"50; Value at 'tags.51.member.key' {FAILED} satisfy regular expression pattern: {TAG_KEY}",
            ),
            (
                [*tagged("Dup"), *tagged("dup")],
                "InvalidInput",
                "Duplicate tag keys found. Please note that Tag keys are case insensitive.",
            ),
            (
                tagged("aws:thing"),
                "InvalidInput",
                "Tag keys beginning with aws: are reserved for system use.",
            ),
            (
                tagged("AWS:thing"),
                "InvalidInput",
                "Tag keys beginning with aws: are reserved for system use.",
            ),
        )
    ),
    (
        "iam:UntagUser",
        {"UserName": "u", "TagKeys": ["bad#", "k", "bad*"]},
        "ValidationError",
        f"{ONE}Value at 'tagKeys' {FAILED} satisfy constraint: [Member must have length less than or equal "
        "to 128, Member must have length greater than or equal to 1, Member must satisfy regular expression "
        f"pattern: {TAG_KEY}, Member must not be null]",
    ),
    # LS iam, and its siblings
    *(
        (name, {**params, "PolicyArn": arn}, "ValidationError", text)
        for arn, text in (
            ("longpolicynamebutnoarn", "Invalid ARN:  Could not be parsed!"),
            # CDK pf-iam-policy-arn-partition
            ("arn:aws-cn:iam::aws:policy/ReadOnlyAccess", "Invalid ARN partition"),
        )
        for name, params in (
            ("iam:AttachRolePolicy", {"RoleName": "r"}),
            ("iam:AttachUserPolicy", {"UserName": "u"}),
            ("iam:AttachGroupPolicy", {"GroupName": "g"}),
            ("iam:DetachUserPolicy", {"UserName": "u"}),
            ("iam:GetPolicy", {}),
        )
    ),
    # CDK pf-iam-permissions-boundary-policy-arn, pf-iam-policy-arn-partition
    *(
        (name, {**params, "PermissionsBoundary": arn}, code, text)
        for arn, code, text in (
            (f"{IAM}:role/boundary", "InvalidInput", f"ARN {IAM}:role/boundary is not valid."),
            ("arn:aws-cn:iam::aws:policy/ReadOnlyAccess", "ValidationError", "Invalid ARN partition"),
            ("longpolicynamebutnoarn", "ValidationError", "Invalid ARN:  Could not be parsed!"),
        )
        for name, params in (
            ("iam:CreateUser", {"UserName": "u"}),
            ("iam:CreateRole", {"RoleName": "r", "AssumeRolePolicyDocument": "{}"}),
            ("iam:PutUserPermissionsBoundary", {"UserName": "u"}),
            ("iam:PutRolePermissionsBoundary", {"RoleName": "r"}),
        )
    ),
    # LS sts
    *(
        ("sts:AssumeRole", {"RoleArn": arn, "RoleSessionName": "s1"}, "ValidationError", f"{arn} is invalid")
        for arn in (
            "nothing-valid-in-here",
            "arn::b:::something/test-role",
            "arn:a::::something/test-role",
            "arn:a:::something/test-role",
            "arn:a:a::aaaaaaaaaa:",
        )
    ),
    (
        "sts:AssumeRole",
        {"RoleArn": "arn:a:b:::something/test-role", "RoleSessionName": "Session1:2"},
        "ValidationError",
        f"{ONE}Value 'Session1:2' at 'roleSessionName' {FAILED} satisfy regular expression pattern: "
        r"[\w+=,.@-]*",
    ),
]
