"""The names by which AWS services are principals: `lambda.amazonaws.com`.

AWS publishes no list; tools/service_principals.py collects one.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html#principal-services
"""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

_LIST = Path(__file__).with_name("service_principals.txt")
_REGIONAL = re.compile(
    r"(?P<name>.+)\.[a-z]{2}(?:-[a-z]+)+-\d(?P<suffix>\.amazonaws\.com(?:\.cn)?)", re.ASCII
)
"""`logs.us-east-1.amazonaws.com`: the service in one Region."""
_INTERNAL = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)*\.aws\.internal", re.ASCII)
"""Services that AWS has for itself: none is on a list."""
_CHINA, _SUFFIX = ".amazonaws.com.cn", ".amazonaws.com"


@lru_cache(maxsize=1)
def _listed() -> frozenset[str]:
    return frozenset(_LIST.read_text(encoding="ascii").split())


def is_service_principal(name: str, partition: str = "aws") -> bool:
    """Whether a name is that of a service, in all Regions or in one.

    In China services go by `.amazonaws.com` or by `.amazonaws.com.cn`, elsewhere by the first.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html#principal-services
    """
    regional = _REGIONAL.fullmatch(name)
    plain = regional["name"] + regional["suffix"] if regional else name
    if partition == "aws-cn" and plain.endswith(_CHINA):
        plain = plain.removesuffix(_CHINA) + _SUFFIX
    return plain in _listed() or bool(_INTERNAL.fullmatch(name))
