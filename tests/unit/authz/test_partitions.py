"""https://docs.aws.amazon.com/whitepapers/latest/aws-fault-isolation-boundaries/partitions.html"""

from __future__ import annotations

import pytest

from pytest_kmslab.authz.arn import partition_of, service_host


@pytest.mark.parametrize(
    ("region", "name", "host"),
    [
        ("us-east-1", "aws", "kms.us-east-1.amazonaws.com"),
        ("eu-west-1", "aws", "kms.eu-west-1.amazonaws.com"),
        ("cn-north-1", "aws-cn", "kms.cn-north-1.amazonaws.com.cn"),
        ("us-gov-west-1", "aws-us-gov", "kms.us-gov-west-1.amazonaws.com"),
        ("us-iso-east-1", "aws-iso", "kms.us-iso-east-1.c2s.ic.gov"),
        ("us-isob-east-1", "aws-iso-b", "kms.us-isob-east-1.sc2s.sgov.gov"),
        ("eu-isoe-west-1", "aws-iso-e", "kms.eu-isoe-west-1.cloud.adc-e.uk"),
        ("eusc-de-east-1", "aws-eusc", "kms.eusc-de-east-1.amazonaws.eu"),
    ],
)
def test_a_region_is_of_one_partition(region: str, name: str, host: str) -> None:
    assert partition_of(region).name == name
    assert service_host("kms", region) == host


@pytest.mark.parametrize("nothing", ["", "  ", None, 7])
@pytest.mark.parametrize("argument", ["service", "region"])
def test_what_is_no_name_is_refused_with_the_argument(argument: str, nothing: object) -> None:
    given: dict[str, object] = {"service": "kms", "region": "us-east-1", argument: nothing}
    with pytest.raises(TypeError) as raised:
        service_host(**given)  # type: ignore[arg-type]
    wanted = f"`{argument}`: give a name such as `dynamodb` or `eu-west-1`, not `{nothing!r}`"
    assert str(raised.value) == wanted
