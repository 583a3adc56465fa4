from pytest_kmslab import allowed, denied


def key_policy(administrator, reader):  # the policy that you want to try
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "Administration and use",
                "Effect": "Allow",
                "Principal": {"AWS": administrator.arn},
                "Action": "kms:*",
                "Resource": "*",
            },
            {
                "Sid": "Reading the table",
                "Effect": "Allow",
                "Principal": {"AWS": reader.arn},
                "Action": "kms:Decrypt",
                "Resource": "*",
            },
        ],
    }


def test_only_the_reader_reads(kmslab, outsider):
    reader = kmslab.create_user("reader", policies=["AmazonDynamoDBReadOnlyAccess"])
    key = kmslab.create_key(policy=key_policy(kmslab.admin, reader))
    table = kmslab.create_table(key=key)

    with allowed("kms:Decrypt", by=reader, on=key):
        kmslab.as_(reader).client("dynamodb").scan(TableName=table.name)
    with denied("kms:Decrypt", by=outsider, on=key):
        kmslab.as_(outsider).client("dynamodb").scan(TableName=table.name)
