"""Providers and certificates that are there already: moto puts a new one in their place, or beside them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from moto.iam.models import iam_backends

from pytest_kmslab.calls.api_call import ApiCall
from pytest_kmslab.calls.iam.resources import oidc_provider_arn
from pytest_kmslab.calls.rules.iam_names import already_there

if TYPE_CHECKING:
    from pytest_kmslab.backends.moto.reader import MotoAccountReader

_IS_THERE: Mapping[str, Callable[[Any, ApiCall], bool]] = {
    "CreateOpenIDConnectProvider": lambda iam, call: oidc_provider_arn(call) in iam.open_id_providers,
    "CreateSAMLProvider": lambda iam, call: call.params["Name"] in iam.saml_providers,
    "UploadServerCertificate": lambda iam, call: any(
        certificate.cert_name == call.params["ServerCertificateName"]
        for certificate in list(iam.certificates.values())
    ),
}


def check_is_first(_reader: MotoAccountReader, call: ApiCall) -> Mapping[str, Any]:
    """CreateOpenIDConnectProvider, CreateSAMLProvider, UploadServerCertificate."""
    if _IS_THERE[call.operation](iam_backends[call.account][call.partition], call):
        raise already_there(call)
    return {}
