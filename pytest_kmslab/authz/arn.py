"""Amazon Resource Names, and the partitions that they begin with.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import lru_cache

from pytest_kmslab.errors import ArnError

SEGMENTS = 6
ACCOUNT_ID = re.compile(r"\d{12}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Arn:
    """The parts of an ARN after `arn:`."""

    partition: str
    """`aws`, `aws-cn` or `aws-us-gov`."""
    service: str
    """The service's prefix, such as `kms`."""
    region: str
    """Empty for what has no Region."""
    account: str
    """The account id; empty for what has none."""
    resource: str
    """The rest, which may hold further colons."""

    def __str__(self) -> str:
        return f"arn:{self.partition}:{self.service}:{self.region}:{self.account}:{self.resource}"

    @property
    def kind(self) -> str:
        """What stands before the first slash of the resource: `role`, `table`."""
        # Elsewhere it says nothing: a path in IAM may hold `:role/`.
        return self.resource.partition("/")[0]

    @property
    def part(self) -> str:
        """What stands behind a table's name and says what of it is meant: `index`, `stream`; else empty."""
        # Only there: a table may be called `stream`.
        return "".join(self.resource.split("/")[2:3])

    @property
    def name(self) -> str:
        """What follows the last slash of the resource; the whole of one without."""
        return self.resource.rpartition("/")[2]


@lru_cache(maxsize=4096)
def parse_arn(text: str) -> Arn:
    """Read an ARN; raises ArnError where it has not six parts or does not begin with `arn`."""
    segments = text.split(":", SEGMENTS - 1)
    # Region and account may be empty, as they are in ARNs of S3 and IAM; the other parts never are.
    if len(segments) != SEGMENTS or segments[0] != "arn" or not all((segments[1], segments[2], segments[5])):
        raise ArnError(f"not an ARN: `{text}`: write arn:partition:service:region:account:resource")
    return Arn(*segments[1:])


def table_arn_of(arn: str) -> str:
    """The ARN of the table that an index, stream or backup hangs on; a table's own."""
    return "/".join(arn.split("/")[:2])


@lru_cache(maxsize=4096)
def account_of(text: str) -> str:
    """The account of an ARN; empty where it has none or the text is not an ARN."""
    segments = text.split(":", SEGMENTS - 1)
    return segments[4] if len(segments) == SEGMENTS else ""


NO_ARN = Arn("", "", "", "", "")
"""The parts of what is no ARN."""


@lru_cache(maxsize=4096)
def parts_of(text: str) -> Arn:
    """The parts of a text that is taken to be an ARN; empty ones where it is none."""
    segments = text.split(":", SEGMENTS - 1)
    is_arn = len(segments) == SEGMENTS and segments[0] == "arn"
    return Arn(*segments[1:]) if is_arn else NO_ARN


def resource_of(text: str) -> str:
    """What an ARN names in its account: `table/orders`; of what is no ARN the text."""
    return text.split(":", SEGMENTS - 1)[-1]


def name_in(text: str) -> str:
    """The name or id that an ARN ends in, without its path: a key's id, a role's name."""
    return text.rpartition("/")[2]


def root_arn(partition: str, account: str) -> str:
    """The ARN of an account's root user, by which policies name the account."""
    return f"arn:{partition}:iam::{account}:root"


def in_region(text: str, region: str) -> str:
    """An ARN with another Region in it."""
    return str(replace(parts_of(text), region=region))


# Partitions are groups of Regions that share nothing, with ARNs and addresses of their own.
# https://docs.aws.amazon.com/whitepapers/latest/aws-fault-isolation-boundaries/partitions.html


@dataclass(frozen=True, slots=True)
class Partition:
    """A group of Regions."""

    name: str
    """As the second part of an ARN has it: `aws-cn`."""
    region_prefix: str
    """What the names of its Regions begin with, and no other's do; empty for the commercial partition."""
    dns_suffix: str
    """What the addresses of its services end with."""
    iam_region: str
    """Where IAM is called, whatever the Region of what is asked about; it is then `aws:RequestedRegion`."""


COMMERCIAL = Partition("aws", "", "amazonaws.com", "us-east-1")
PARTITIONS = (
    Partition("aws-cn", "cn-", "amazonaws.com.cn", "cn-north-1"),
    Partition("aws-us-gov", "us-gov-", "amazonaws.com", "us-gov-west-1"),
    Partition("aws-iso-b", "us-isob-", "sc2s.sgov.gov", "us-isob-east-1"),
    Partition("aws-iso-e", "eu-isoe-", "cloud.adc-e.uk", "eu-isoe-west-1"),
    Partition("aws-iso-f", "us-isof-", "csp.hci.ic.gov", "us-isof-south-1"),
    Partition("aws-iso", "us-iso-", "c2s.ic.gov", "us-iso-east-1"),
    Partition("aws-eusc", "eusc-", "amazonaws.eu", "eusc-de-east-1"),
    COMMERCIAL,
)
"""As botocore's partitions.json and endpoints.json have them. The commercial one comes last: its prefix fits
every Region."""


@lru_cache(maxsize=256)
def partition_of(region: str) -> Partition:
    """The partition that a Region is in."""
    return next(partition for partition in PARTITIONS if region.startswith(partition.region_prefix))


def iam_region(partition: str) -> str:
    """Where IAM is called in a partition, by its name; in one that is not known, as in `aws`."""
    return next((known for known in PARTITIONS if known.name == partition), COMMERCIAL).iam_region


def service_host(service: str, region: str) -> str:
    """A service's name in a Region, as `kms:ViaService` has it: `dynamodb.eu-west-1.amazonaws.com`."""
    for argument, value in (("service", service), ("region", region)):
        if not (isinstance(value, str) and value.strip()):
            raise TypeError(f"`{argument}`: give a name such as `dynamodb` or `eu-west-1`, not `{value!r}`")
    return f"{service}.{region}.{partition_of(region).dns_suffix}"
