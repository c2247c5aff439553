"""The doctor tells a tested environment from another one."""

from importlib.metadata import PackageNotFoundError

import pytest

from lab_utils import doctor, workspace
from lab_utils.workspace import SWITCHES


@pytest.fixture(autouse=True)
def fresh(monkeypatch):
    """The switches as a new process has them; other tests may have changed some."""
    for name, value in SWITCHES.items():
        monkeypatch.setenv(name, value)


def test_the_tested_environment_is_in_order(capsys):
    assert doctor.examine() == 0
    printed = capsys.readouterr().out
    assert "All as tested." in printed
    assert "rpo_alpha" in printed and "gone" in printed


def test_the_labs_column_is_what_training_uses():
    table = doctor.defaults()
    assert table.loc["bf16", "the labs"] == workspace.bf16_pays()
    assert table.loc["bf16", "installed"] == True  # noqa: E712 what TRL makes of its default
    assert table.loc["gradient_checkpointing", "the labs"] is False
    assert table.loc["precompute_ref_log_probs", "the labs"] is True


def test_another_version_or_switch_is_named(monkeypatch, capsys):
    monkeypatch.setattr(doctor, "version", lambda name: "0.14.0" if name == "trl" else "0")
    monkeypatch.setenv("HF_HUB_OFFLINE", "0")
    assert not doctor.libraries().loc["trl", "fine"]
    assert doctor.examine() == 1
    printed = capsys.readouterr().out
    assert "HF_HUB_OFFLINE differ" in printed and "make setup" in printed
    assert "not asked" in printed  # of another TRL nobody knows the settings


def test_a_library_that_is_absent_is_said(monkeypatch, capsys):
    def absent(name):
        raise PackageNotFoundError(name)

    monkeypatch.setattr(doctor, "version", absent)
    assert set(doctor.libraries()["installed"]) == {"absent"}
    assert doctor.examine() == 1  # says so, and does not ask TRL for its defaults
    printed = capsys.readouterr().out
    assert "absent" in printed and "not asked" in printed


def test_a_processor_is_known_by_how_it_rounds():
    stored = doctor.ROUNDING.read_text(encoding="utf-8").strip()
    first = doctor.rounding()
    assert len(first) == len(stored) and set(first + stored) <= set("0123456789abcdef")
    assert doctor.rounding() == first
