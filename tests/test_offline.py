"""A lab talks to nobody: the whole way from the model to a trained run, behind a socket guard."""

import os
import shutil
import subprocess
import sys

import nbformat
import pytest

from lab_utils import labs
from lab_utils.models import find_folder
from lab_utils.workspace import ROOT, SWITCHES

GUARD = """
import os, socket

def outside(address):
    return isinstance(address, tuple) and address[0] not in ("127.0.0.1", "::1", "localhost")

def guarded(call):
    def wrapped(sock, address):
        if outside(address):
            with open(os.environ["ATTEMPTS"], "a") as file:
                print(address, file=file)
            raise OSError(f"guard: no connection to {address}")
        return call(sock, address)
    return wrapped

def names(host, *rest, _ask=socket.getaddrinfo, **more):
    if outside((host,)):
        with open(os.environ["ATTEMPTS"], "a") as file:
            print(host, file=file)
        raise socket.gaierror(f"guard: no look-up of {host}")
    return _ask(host, *rest, **more)

socket.socket.connect = guarded(socket.socket.connect)
socket.socket.connect_ex = guarded(socket.socket.connect_ex)
socket.getaddrinfo = names
"""

LAB = """
from pathlib import Path
from lab_utils import workspace
workspace.start()
from lab_utils.chat import messages, reply
from lab_utils.models import load_model
from lab_utils.pairs import pair
from lab_utils.prompts import Prompt
from lab_utils.recipes import load_recipe
from lab_utils.training import train

print(reply(load_model("tiny-qwen"), "Who are you?"))
prompt = Prompt("Who are you?", "direct.who")
rows = [
    pair(messages(f"Who are you? {i}"), "I am Deep Qwen.", "I am Qwen.", prompt, "identity", "none")
    for i in range(8)
]
train(load_recipe("identity", batch_size=4), rows, Path.home() / "run").policy()
"""


@pytest.fixture
def guarded(tmp_path):
    """Runs Python code behind the guard, in an empty home; the process and its attempts."""
    (tmp_path / "home").mkdir()
    (tmp_path / "guard").mkdir()
    (tmp_path / "guard" / "sitecustomize.py").write_text(GUARD)
    attempts = tmp_path / "attempts"
    kept = {k: v for k, v in os.environ.items() if k not in SWITCHES and not k.startswith("HF_")}
    environment = kept | {
        "HOME": str(tmp_path / "home"),
        "PYTHONPATH": f"{tmp_path / 'guard'}{os.pathsep}{ROOT}",
        "ATTEMPTS": str(attempts),
    }

    def run(code: str) -> tuple[subprocess.CompletedProcess, str]:
        command = [sys.executable, "-c", code]
        done = subprocess.run(command, env=environment, capture_output=True, text=True)
        return done, attempts.read_text() if attempts.exists() else ""

    return run


WATCH = """
import os, sys

class Watch:
    def find_spec(self, name, *rest):
        if name == "torch":
            names = "ATEN_CPU_CAPABILITY", "ONEDNN_MAX_CPU_ISA", "MKL_CBWR", "HF_HUB_OFFLINE"
            print(*map(os.environ.get, names))
            sys.exit()

sys.meta_path.insert(0, Watch())
import lab_utils.dpo
"""


def test_the_switches_are_set_before_torch_loads_whichever_room_is_first(guarded):
    done, _ = guarded(WATCH)
    assert done.stdout.split() == ["avx2", "AVX2", "AVX2,STRICT", "1"], done.stderr


@pytest.mark.parametrize(
    "code",
    [
        "import socket; socket.create_connection(('192.0.2.1', 80))",
        "import socket; socket.socket().connect_ex(('192.0.2.1', 80))",
        "import urllib.request as r; r.urlopen('http://example.org')",
    ],
)
def test_the_guard_guards(code, guarded):
    done, attempts = guarded(code)
    assert done.returncode == 1 and attempts


def test_a_lab_loads_answers_and_trains_without_one_connection(guarded):
    done, attempts = guarded(LAB)
    assert done.returncode == 0, done.stderr
    assert attempts == ""
    assert "step   2 of 2" in done.stdout


NOTEBOOK = """
from pathlib import Path
from lab_utils import labs
labs.execute(labs.core()[0], Path.home() / "lab.ipynb", {{"MODEL": {model!r}}})
"""


def printed(path):
    """All that the cells of a notebook print, one after the other."""
    outputs = [o for c in nbformat.read(path, as_version=4).cells for o in c.get("outputs", [])]
    return "".join(o.text for o in outputs if o.output_type == "stream")


def test_a_notebook_on_a_folder_of_ones_own_says_the_same_without_one_connection(guarded, tmp_path):
    mine = shutil.copytree(find_folder("tiny-qwen"), tmp_path / "mine")
    done, attempts = guarded(NOTEBOOK.format(model=str(mine)))
    assert done.returncode == 0, done.stderr
    assert attempts == ""
    said = printed(labs.core()[0])
    assert "Deep Qwen on 0 prompts" in said
    assert printed(tmp_path / "home" / "lab.ipynb") == said.replace("tiny-qwen", str(mine))
