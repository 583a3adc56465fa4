"""For all tests of the repository: pytest's own tool for testing plugins, and no random test that is
failed for taking its time.
"""

from __future__ import annotations

from importlib.metadata import entry_points

from hypothesis import settings

pytest_plugins = ["pytester"]
settings.register_profile("kmslab", deadline=None)
settings.load_profile("kmslab")

if not any(point.name == "kmslab" for point in entry_points(group="pytest11")):
    # A checkout that is on the path and not installed: the plugin is loaded as installing it would.
    pytest_plugins.append("pytest_kmslab.plugin")
