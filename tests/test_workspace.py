"""Files are written whole or not at all, and what cannot be written or read is one sentence."""

import errno
import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import datasets
import pytest
from conftest import assert_one_sentence

from lab_utils import workspace
from lab_utils.measured import peak_memory
from lab_utils.workspace import LabError, find, read_json, read_rows, write_whole


def test_only_colab_installs_what_it_lacks_and_keeps_its_torch(monkeypatch):
    asked = []
    monkeypatch.setattr(workspace.subprocess, "run", lambda command, check: asked.append(command))
    workspace.add_missing()
    assert asked == []
    monkeypatch.setitem(sys.modules, "google.colab", sys)
    workspace.add_missing()
    assert f"torch=={version('torch')}" in asked[0] and "trl==1.16.0" in asked[0]
    monkeypatch.setattr(workspace, "version", lambda name: "another")  # what was installed just now
    monkeypatch.setitem(sys.modules, "datasets", datasets)
    with pytest.raises(LabError, match="Restart"):
        workspace.add_missing()

    def refused(command, check):
        raise subprocess.CalledProcessError(1, command)

    monkeypatch.setattr(workspace.subprocess, "run", refused)
    with pytest.raises(LabError, match="pip could not install"):
        workspace.add_missing()


def test_a_file_is_written_whole_and_nothing_lies_beside_it(tmp_path):
    write_whole(tmp_path / "deep" / "a.txt", "你好")
    write_whole(tmp_path / "deep" / "a.txt", b"again")
    assert [p.name for p in (tmp_path / "deep").iterdir()] == ["a.txt"]
    assert (tmp_path / "deep" / "a.txt").read_bytes() == b"again"


@pytest.mark.parametrize("name", ["file/below.txt", "folder"])
def test_a_place_where_no_file_can_be_is_one_sentence_and_leaves_nothing(name, tmp_path):
    (tmp_path / "file").write_text("")
    (tmp_path / "folder").mkdir()
    with pytest.raises(LabError) as caught:
        write_whole(tmp_path / name, "text")
    assert_one_sentence(caught.value, [str(tmp_path / name), "cannot be written"])
    assert sorted(p.name for p in tmp_path.iterdir()) == ["file", "folder"]


@pytest.mark.parametrize("content", ['{"cut": ', "[1]", "\udcff"])
def test_what_is_no_json_object_is_one_sentence(content, tmp_path):
    (tmp_path / "a.json").write_bytes(content.encode("utf-8", "surrogateescape"))
    with pytest.raises(LabError) as caught:
        read_json(tmp_path / "a.json")
    assert_one_sentence(caught.value, [str(tmp_path / "a.json"), "make it again"])


def test_memory_is_in_megabytes():
    before = peak_memory()
    held = bytearray(50 * 2**20)
    assert 40 < peak_memory() < 64 * 1024 and peak_memory() >= before
    del held


def test_ours_are_found_first_then_those_from_here_then_those_of_the_project(tmp_path, monkeypatch):
    here, project, ours = tmp_path / "here", tmp_path / "project", tmp_path / "ours"
    for folder in (here, project, ours):
        folder.mkdir()
        (folder / "name").touch()
    monkeypatch.chdir(here)
    monkeypatch.setattr(workspace, "ROOT", project)
    for expected in (ours / "name", Path("name"), project / "name"):
        assert find("name", ours / "name", Path.is_file) == expected
        expected.unlink()
    assert find("name", ours / "name", Path.is_file) is None


def test_a_path_is_no_name_of_ours(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    ours = tmp_path / "ours"
    ours.mkdir()
    for path in (".", "./", ".."):
        assert find(path, ours / path, Path.is_dir) == Path(path)
    assert find("", ours / "", Path.is_dir) is None
    with pytest.raises(LabError, match="cannot be looked up"):
        find("x" * 5000, ours / ("x" * 5000), Path.is_dir)


@pytest.mark.parametrize("line", ["[" * 100_000, '{"a": ' + "1" * 5000 + "}"])
def test_json_that_python_does_not_read_is_one_sentence(line, tmp_path):
    (tmp_path / "rows").write_text(line)
    for read in (read_rows, read_json):
        with pytest.raises(LabError):
            read(tmp_path / "rows")


def test_a_run_of_several_processes_or_gpus_is_refused(monkeypatch):
    workspace.check_one_process()
    monkeypatch.setenv("WORLD_SIZE", "2")
    with pytest.raises(LabError, match="2 processes were started"):
        workspace.check_one_process()
    monkeypatch.setenv("WORLD_SIZE", "1")
    monkeypatch.setattr("torch.cuda.device_count", lambda: 2)
    with pytest.raises(LabError, match="set CUDA_VISIBLE_DEVICES=0"):
        workspace.check_one_process()


def test_bf16_pays_on_a_processor_that_has_it_and_is_not_held_to_avx2(monkeypatch):
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    for has in (True, False):
        monkeypatch.setattr("torch.cpu.get_capabilities", lambda has=has: {"avx512_bf16": has})
        for held in ("AVX2", "AVX512_CORE", "DEFAULT"):
            monkeypatch.setenv("ONEDNN_MAX_CPU_ISA", held)
            assert workspace.bf16_pays() is (has and held == "DEFAULT")
    monkeypatch.setattr("torch.cpu.get_capabilities", dict)  # no x86
    assert not workspace.bf16_pays()


def test_a_write_that_fails_half_way_leaves_the_earlier_file(tmp_path, monkeypatch):
    def full(handle):
        raise OSError(errno.ENOSPC, "No space left on device")

    write_whole(tmp_path / "a", "first")
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(LabError, match="the disk is full"):
        write_whole(tmp_path / "a", "second")
    assert (tmp_path / "a").read_text() == "first"
    assert [p.name for p in tmp_path.iterdir()] == ["a"]


def test_a_file_behind_a_link_is_written_and_a_device_is_left_alone(tmp_path):
    target, link, pipe = tmp_path / "target", tmp_path / "link", tmp_path / "pipe"
    target.write_text("old")
    link.symlink_to(target)
    write_whole(link, "new")
    assert link.is_symlink() and target.read_text() == "new"
    os.mkfifo(pipe)
    with pytest.raises(LabError, match="not a plain file"):
        write_whole(pipe, "new")
    assert pipe.is_fifo()


@pytest.mark.parametrize(
    ("value", "on"), [("1", True), ("true", True), ("0", False), ("no", False)]
)
def test_offline_is_read_as_the_library_reads_it(value, on, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", value)
    assert workspace.offline() is on
