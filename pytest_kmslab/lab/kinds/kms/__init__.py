"""KMS keys of a lab: made, changed by their policies, granted, removed."""
