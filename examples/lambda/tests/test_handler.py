"""The function in each of its roles. Its clients were made at import, before any role was there."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from pytest_kmslab import ResourceError, allowed, denied

pytestmark = pytest.mark.usefixtures("mara")


def test_a_reader_shows_a_customer_and_saves_none(kmslab, reader, call):
    with kmslab.environ(reader):
        with allowed("kms:Decrypt", by=reader, via="dynamodb"):
            assert call("GET", "/customers/mara") == (200, {"name": "Mara"})
        with denied("kms:Encrypt", by=reader, because="identity-based policy"):
            assert call("PUT", "/customers/mara", name="Mallory", card="1")[0] == 403


def test_a_reader_never_sees_a_card(kmslab, reader, writer, cards, call):
    with kmslab.environ(reader), denied("kms:Decrypt", by=reader, on=cards):
        assert call("GET", "/customers/mara/card")[0] == 403
    with kmslab.environ(writer), allowed("kms:Decrypt", by=writer, on=cards):
        assert call("GET", "/customers/mara/card") == (200, {"card": "4111"})


def test_a_role_that_lost_the_key_of_the_table_is_kept_out(kmslab, reader, kms_key, call):
    kms_key.remove_user(reader)
    with kmslab.environ(reader), denied("kms:Decrypt", by=reader, on=kms_key, via="dynamodb"):
        assert call("GET", "/customers/mara")[0] == 403


def test_a_grant_for_one_customer_opens_no_card_of_another(kmslab, make_role, kms_key, cards, writer, call):
    clerk = make_role("reader")
    kms_key.add_user(clerk)
    cards.grant(clerk, "Decrypt", context_equals={"customer": "mara"})
    with kmslab.environ(writer):
        call("PUT", "/customers/nils", name="Nils", card="5500")
    with kmslab.environ(clerk):
        assert call("GET", "/customers/mara/card") == (200, {"card": "4111"})
        with denied("kms:Decrypt", by=clerk, on=cards):
            assert call("GET", "/customers/nils/card")[0] == 403


def test_threads_of_the_function_have_its_role(kmslab, reader, kmslab_trail, call):
    with kmslab.environ(reader), ThreadPoolExecutor(4) as threads:
        paths = ["/customers/mara", "/customers/mara/card"] * 4
        statuses = [status for status, _ in threads.map(lambda path: call("GET", path), paths)]
    assert statuses == [200, 403] * 4
    assert len(kmslab_trail.denied("kms:Decrypt", by=reader)) == 4


def test_nobody_but_lambda_takes_the_role(kmslab, reader, outsider, call):
    with pytest.raises(ResourceError, match="cannot be assumed"):
        kmslab.as_(reader, via=outsider)
    with kmslab.environ(reader), denied("dynamodb:PutItem", by=reader):
        from customers import store

        store.table().put_item(Item={"id": "mara"})
