"""For all tests of the repository: pytest's own tool for testing plugins."""

from __future__ import annotations

from importlib.metadata import entry_points

pytest_plugins = ["pytester"]

if not any(point.name == "kmslab" for point in entry_points(group="pytest11")):
    # A checkout that is on the path and not installed: the plugin is loaded as installing it would.
    pytest_plugins.append("pytest_kmslab.plugin")
