"""Invoices, by an ordinary client that is made at import."""

import boto3

S3 = boto3.client("s3", region_name="us-east-1")


def write(bucket, order, text):
    S3.put_object(Bucket=bucket, Key=f"{order}.txt", Body=text.encode())


def read(bucket, order):
    return S3.get_object(Bucket=bucket, Key=f"{order}.txt")["Body"].read().decode()
