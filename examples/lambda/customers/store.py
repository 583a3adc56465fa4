"""Where customers are kept. The clients are made once, when the module is imported, as Lambda recommends."""

import os

import boto3

DYNAMODB = boto3.resource("dynamodb")
KMS = boto3.client("kms")


def table():
    return DYNAMODB.Table(os.environ["CUSTOMERS_TABLE"])


def read(customer):
    return table().get_item(Key={"id": customer}).get("Item")


def save(customer, name, card):
    """Keep a customer. The number of the card is encrypted for this customer alone."""
    sealed = KMS.encrypt(
        KeyId=os.environ["CARDS_KEY"], Plaintext=card.encode(), EncryptionContext={"customer": customer}
    )
    table().put_item(Item={"id": customer, "name": name, "card": sealed["CiphertextBlob"]})


def card_of(customer):
    """The number of a customer's card."""
    sealed = read(customer)["card"].value
    opened = KMS.decrypt(CiphertextBlob=sealed, EncryptionContext={"customer": customer})
    return opened["Plaintext"].decode()
