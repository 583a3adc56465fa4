from pytest_kmslab import allowed, denied

READ = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "dynamodb:Scan", "Resource": "*"}],
}


def test_a_role_needs_the_key_too(kmslab, kms_key, encrypted_table):
    role = kmslab.create_role("report", inline={"read": READ})
    dynamodb = kmslab.as_(role).client("dynamodb")

    with denied("kms:Decrypt", by=role):
        dynamodb.scan(TableName=encrypted_table.name)
    kms_key.add_user(role)
    with allowed("kms:Decrypt", by=role):
        dynamodb.scan(TableName=encrypted_table.name)
