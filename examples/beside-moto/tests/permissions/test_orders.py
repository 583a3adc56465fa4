"""What was added: who may place and read orders. Each test has a table under a key of its own."""

from aiomoto import mock_aws
from shop import orders

from pytest_kmslab import allowed, denied


async def test_in_the_test_process(kmslab, encrypted_table, outsider, key_user):
    with mock_aws():
        with kmslab.environ(key_user), allowed("kms:Decrypt", by=key_user):
            await orders.place(encrypted_table.name, "1", "tea")
        with kmslab.environ(outsider), denied("kms:Decrypt", by=outsider, via="dynamodb"):
            await orders.article_of(encrypted_table.name, "1")


async def test_through_the_gateway(kmslab, kmslab_endpoint, encrypted_table, outsider, key_user):
    options = {"endpoint_url": kmslab_endpoint}
    with kmslab.environ(key_user), allowed("kms:Decrypt", by=key_user):
        await orders.place(encrypted_table.name, "1", "tea", **options)
        assert await orders.article_of(encrypted_table.name, "1", **options) == "tea"
    with kmslab.environ(outsider), denied("kms:Decrypt", by=outsider, via="dynamodb"):
        await orders.article_of(encrypted_table.name, "1", **options)


async def test_a_role_that_may_only_read(kmslab, kms_key, encrypted_table, key_user):
    shown = kmslab.create_role("shown", policies="AmazonDynamoDBReadOnlyAccess")
    kms_key.add_user(shown)
    with mock_aws():
        with kmslab.environ(key_user):
            await orders.place(encrypted_table.name, "1", "tea")
        with kmslab.environ(shown):
            assert await orders.article_of(encrypted_table.name, "1") == "tea"
            with denied("dynamodb:PutItem", by=shown):
                await orders.place(encrypted_table.name, "2", "milk")


@mock_aws
async def test_the_decorator_of_the_old_suite_breaks_nothing(kmslab, encrypted_table, outsider):
    with kmslab.environ(outsider), denied("kms:Decrypt", by=outsider):
        await orders.article_of(encrypted_table.name, "1")
