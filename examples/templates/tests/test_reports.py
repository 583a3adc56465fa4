"""Reports, expanded by SAM: the function that was given the key reads orders, the other one does not."""

from pathlib import Path

import pytest

from pytest_kmslab import allowed, denied

TEMPLATE = Path(__file__).parent.parent / "sam" / "expanded.template.json"


@pytest.fixture(scope="module")
def reports(kmslab, kms_key, encrypted_table):
    return kmslab.deploy(TEMPLATE, parameters={"Table": encrypted_table.name, "Key": kms_key.id})


def test_a_report_reads_orders(kmslab, reports, encrypted_table):
    role = reports.resources["ReportRole"]
    with allowed("kms:Decrypt", by=role):
        kmslab.as_(role).client("dynamodb").scan(TableName=encrypted_table.name)


def test_the_archive_lacks_the_key(kmslab, reports, encrypted_table):
    role = reports.resources["ArchiveRole"]
    with denied("kms:Decrypt", by=role, via="dynamodb"):
        kmslab.as_(role).client("dynamodb").scan(TableName=encrypted_table.name)


def test_a_parameter_that_is_missing_is_told_before_anything_is_made(kmslab, encrypted_table):
    with pytest.raises(ValueError, match="`parameters` has no `Key`"):
        kmslab.deploy(TEMPLATE, parameters={"Table": encrypted_table.name})
