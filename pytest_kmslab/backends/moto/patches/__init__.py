"""Patches of moto itself."""
