"""A shop: orders in a table, invoices in a bucket."""
