"""Whether a request keeps the limits of its service's model, as AWS looks at it before anything else."""

from pytest_kmslab.wire.constraints.checkers import check_constraints

__all__ = ["check_constraints"]
