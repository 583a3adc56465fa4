"""No random test is failed for taking its time. Not at the top, where the lab would load hypothesis too."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("kmslab", deadline=None)
settings.load_profile("kmslab")
