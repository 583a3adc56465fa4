"""A job: `python -m customers.export` writes the names of all customers."""

import json
import sys

from customers import store

if __name__ == "__main__":
    names = sorted(item["name"] for item in store.table().scan()["Items"])
    json.dump(names, sys.stdout)
