"""AWS's partitions: groups of Regions that share nothing, with ARNs and addresses of their own.

https://docs.aws.amazon.com/whitepapers/latest/aws-fault-isolation-boundaries/partitions.html
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache


@dataclass(frozen=True, slots=True)
class Partition:
    """A group of Regions."""

    name: str
    """As the second part of an ARN has it: `aws-cn`."""
    region_prefix: str
    """What the names of its Regions begin with, and no other's do; empty for the commercial partition."""
    dns_suffix: str
    """What the addresses of its services end with."""


COMMERCIAL = Partition("aws", "", "amazonaws.com")
PARTITIONS = (
    Partition("aws-cn", "cn-", "amazonaws.com.cn"),
    Partition("aws-us-gov", "us-gov-", "amazonaws.com"),
    Partition("aws-iso-b", "us-isob-", "sc2s.sgov.gov"),
    Partition("aws-iso-e", "eu-isoe-", "cloud.adc-e.uk"),
    Partition("aws-iso-f", "us-isof-", "csp.hci.ic.gov"),
    Partition("aws-iso", "us-iso-", "c2s.ic.gov"),
    Partition("aws-eusc", "eusc-", "amazonaws.eu"),
    COMMERCIAL,
)
"""As botocore's partitions.json has them. The commercial one comes last: its prefix fits every Region."""


@lru_cache(maxsize=256)
def partition_of(region: str) -> Partition:
    """The partition that a Region is in."""
    return next(partition for partition in PARTITIONS if region.startswith(partition.region_prefix))


def service_host(service: str, region: str) -> str:
    """A service's name in a Region, as `kms:ViaService` has it: `dynamodb.eu-west-1.amazonaws.com`."""
    return f"{service}.{region}.{partition_of(region).dns_suffix}"
