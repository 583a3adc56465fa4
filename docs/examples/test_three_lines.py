from pytest_kmslab import denied


def test_full_access_to_dynamodb_is_not_access_to_the_key(kmslab, encrypted_table, outsider):
    with denied("kms:Decrypt"):
        kmslab.as_(outsider).resource("dynamodb").Table(encrypted_table.name).scan()
