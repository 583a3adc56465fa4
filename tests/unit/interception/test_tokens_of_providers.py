"""A token of an identity provider gives nobody a role: there is no provider to ask.

https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html
"""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from helpers.account import ACCOUNT, REGION, Account, allow
from helpers.raw_requests import code_of, held, post

URL = "https://sts.us-east-1.amazonaws.com/"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
ROLE = f"arn:aws:iam::{ACCOUNT}:role/admin"
TOKENS = {
    "AssumeRoleWithWebIdentity": {"WebIdentityToken": "abcdefgh"},
    "AssumeRoleWithSAML": {
        "PrincipalArn": f"arn:aws:iam::{ACCOUNT}:saml-provider/corp",
        "SAMLAssertion": "PHg+PC94Pg==",
    },
}


@pytest.mark.parametrize("operation", TOKENS)
def test_a_signature_makes_no_token_valid(account: Account, operation: str) -> None:
    """moto gives whoever asks the credentials of any role. AWS looks at the token, whoever signs."""
    body = urlencode(
        {"Action": operation, "Version": "2011-06-15", "RoleArn": ROLE, "RoleSessionName": "mine"}
        | TOKENS[operation]
    ).encode()
    request = AWSRequest("POST", URL, headers=FORM, data=body)
    SigV4Auth(held(account.user("mallory", allow("*"))), "sts", REGION).add_auth(request)

    for headers in (FORM, dict(request.headers.items())):
        answer = post(URL, body, headers)
        assert code_of(answer) in ("InvalidIdentityToken", "MissingAuthenticationToken"), answer.text
    assert code_of(answer) == "InvalidIdentityToken"
