"""Corpus cases set up for real on moto: principals, keys, tables and grants through boto3, then the call."""
