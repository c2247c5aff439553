"""Shared by the tests: the switches of `workspace` before any library loads."""

import lab_utils.workspace  # noqa: F401
