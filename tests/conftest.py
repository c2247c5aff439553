"""Shared by the tests: the switches of `workspace` before any library loads, and one assertion."""

from lab_utils.workspace import LabError


def assert_one_sentence(error: LabError, said: list[str]) -> None:
    text = str(error)
    assert "\n" not in text and text.endswith("."), text
    assert all(part in text for part in said), text
