"""Makes the profile known before pytest's command line chooses it."""

from __future__ import annotations

from fuzz import profile as profile
