"""A stand-in for an AWS account, for tests only: our gateway over moto, and AWS's slowness put into it.

Every time of AWS's that is imitated here (docs/aws.md says where each is from) is multiplied by `PACE`, and
so is the package's waiting for it: what the stand-in asks of the waits is what AWS asks of them.
"""

PACE = 1 / 20
"""Seconds here for one of AWS's."""
