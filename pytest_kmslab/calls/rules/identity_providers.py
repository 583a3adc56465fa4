"""OpenID Connect providers that IAM does not make.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateOpenIDConnectProvider.html
"""

from __future__ import annotations

from pytest_kmslab.calls.api_call import ApiCall, ServiceError

MOST_CLIENTS = 100
_MAKING = "CreateOpenIDConnectProvider"


def check_identity_provider(call: ApiCall) -> None:
    """Raise InvalidInput for a URL without `https://`, LimitExceeded for too many client ids.

    Both measured by cdk-preflight (pf-iam-oidc-provider-*); the text of the first is inferred.
    """
    if call.operation != _MAKING:
        return
    if not str(call.params["Url"]).startswith("https://"):
        raise ServiceError("InvalidInput", "The URL of an OpenID Connect provider must begin with https://")
    if len(call.params.get("ClientIDList") or ()) > MOST_CLIENTS:
        text = f"Cannot exceed quota for ClientIdsPerOpenIdConnectProvider: {MOST_CLIENTS}"
        raise ServiceError("LimitExceeded", text, 409)
