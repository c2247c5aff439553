"""Where and how a lab runs: folders, seed, device, offline switches, versions; files read and written.

The package imports this room before every other: torch and the Hugging Face libraries read the switches
below once, when they load.
"""

import os

# A lab talks to nobody. A variable that the user has set himself is left as it is.
SWITCHES = {
    "HF_HUB_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "HF_DATASETS_DISABLE_PROGRESS_BARS": "1",
    "TOKENIZERS_PARALLELISM": "false",
    "TQDM_DISABLE": "1",
    # One instruction set, so that AVX2 and AVX-512 machines compute the same bits, and STRICT, so that
    # the number of threads and the processor's caches change none. CONTRIBUTING says what it costs.
    "ATEN_CPU_CAPABILITY": "avx2",
    "ONEDNN_MAX_CPU_ISA": "AVX2",
    "MKL_CBWR": "AVX2,STRICT",
    "CUBLAS_WORKSPACE_CONFIG": ":4096:8",
}
USER_CHOSE_OFFLINE = "HF_HUB_OFFLINE" in os.environ
for _name, _value in SWITCHES.items():
    os.environ.setdefault(_name, _value)
# Of several GPUs one: the trainers would split a batch between all, and with it the pairs
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "0")

import errno
import json
import platform
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterable
from importlib.metadata import version
from pathlib import Path

import torch

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT / "data"
RUNS = ROOT / "runs"
LIBRARIES = ("torch", "transformers", "trl", "datasets", "peft", "accelerate", "numpy")


class LabError(Exception):
    """Something a person can mend: the message says what, where and what to do."""

    def _render_traceback_(self) -> list[str]:
        # IPython's own hook: in a notebook the sentence is the whole message
        return [f"LabError: {self}"]


def start(seed: int = 0) -> str:
    """Seed torch and quiet known library noise; one line that says what the lab runs on."""
    torch.manual_seed(seed)
    warnings.filterwarnings("ignore", category=FutureWarning)
    warnings.filterwarnings("ignore", message=".*pin_memory.*")
    _quiet_libraries()
    name, reason = device()
    return f"device {name} ({reason}), seed {seed}, offline {offline()}"


def offline() -> bool:
    """Whether HF_HUB_OFFLINE is on, read as huggingface_hub reads it."""
    return os.environ["HF_HUB_OFFLINE"].upper() in {"1", "ON", "YES", "TRUE"}


def _quiet_libraries() -> None:
    import transformers

    transformers.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()


def add_missing() -> None:
    """On Colab, install what its image lacks and nothing else; elsewhere do nothing.

    Its torch is asked for as it is, so that pip leaves it alone or says what does not fit. Raises
    LabError where pip fails, or a library was already loaded in its old version.
    """
    if "google.colab" not in sys.modules:
        return
    loaded = {
        name: sys.modules[name].__version__
        for name in ("pyarrow", "datasets")
        if name in sys.modules
    }
    wanted = ["trl==1.16.0", "datasets>=4.7", f"torch=={version('torch')}"]
    try:
        subprocess.run([sys.executable, "-m", "pip", "install", "-q", *wanted], check=True)
    except subprocess.CalledProcessError:
        raise LabError(
            "pip could not install what Colab lacks (the lines above say why); mend that and run this cell again."
        ) from None
    if any(version(name) != old for name, old in loaded.items()):
        raise LabError(
            "a library changed under the running kernel: Runtime > Restart, then run all again."
        )


def device() -> tuple[str, str]:
    """The device to use and why: `("cuda", …)` where there is one, else `("cpu", …)`."""
    if torch.cuda.is_available():
        return "cuda", torch.cuda.get_device_name()
    return "cpu", "no GPU needed"


def check_one_process() -> None:
    """Raise LabError where several processes or GPUs would share a batch: a run's numbers are for one."""
    if (count := int(os.environ.get("WORLD_SIZE", "1"))) > 1:
        raise LabError(
            f"{count} processes were started for one run, and each would take its share of the pairs; "
            "these models fit into one: start with --nproc-per-node 1 (accelerate: --num_processes 1)."
        )
    if (count := torch.cuda.device_count()) > 1:
        raise LabError(f"{count} GPUs are visible; a run takes one: set CUDA_VISIBLE_DEVICES=0.")


def bf16_pays() -> bool:
    """Whether bf16 is native on the GPU (a T4 emulates it, slowly), or on a processor whose instructions are all allowed."""
    if torch.cuda.is_available():
        return torch.cuda.get_device_capability()[0] >= 8
    free = os.environ.get("ONEDNN_MAX_CPU_ISA") == "DEFAULT"
    return free and torch.cpu.get_capabilities().get("avx512_bf16", False)


def environment() -> dict[str, str]:
    """Versions, processor features and switches that a result depends on."""
    found = {name: version(name) for name in LIBRARIES}
    return found | {
        "python": platform.python_version(),
        "machine": platform.machine(),
        "device": device()[0],
        "cpu_capability": torch.backends.cpu.get_cpu_capability(),
        "threads": str(torch.get_num_threads()),
        "dtype": "bf16" if bf16_pays() else "fp32",
        "switches": ", ".join(f"{k}={os.environ.get(k, 'unset')}" for k in SWITCHES),
    }


def find(name: str | Path, ready: Path, is_there: Callable[[Path], bool]) -> Path | None:
    """Where a named thing is: among ours, under that path from here, or from the project's folder; else None."""
    # From the project's folder too, because a lab's kernel runs in notebooks/
    places = [Path(name), ROOT / name]
    if len(Path(name).parts) == 1 and str(name) != "..":
        places.insert(0, ready)  # a plain name, no path
    try:
        return next(filter(is_there, places), None) if str(name) else None
    except OSError as error:
        raise LabError(f"{name}: cannot be looked up ({error.strerror}).") from None


def write_whole(path: str | Path, content: str | bytes) -> None:
    """Write a file (text as UTF-8) under its final name only when all of it is on disk.

    A link is followed. Raises LabError where that cannot be, or what is there is no plain file.
    """
    temporary, path = "", Path(path)
    try:
        path = path.resolve()
        if path.exists() and not path.is_file():
            raise OSError(errno.EINVAL, "not a plain file")
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        with os.fdopen(handle, "wb") as file:
            file.write(content.encode("utf-8") if isinstance(content, str) else content)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except OSError as error:
        raise not_written(path, error) from None
    finally:
        if temporary:
            Path(temporary).unlink(missing_ok=True)


def not_written(path: Path, error: Exception) -> LabError:
    """The sentence for an error, of Python or of a library, that kept a file from being written."""
    if getattr(error, "errno", None) == errno.ENOSPC or "No space left" in str(error):
        return LabError(f"{path}: the disk is full; free some space and run again.")
    reason = getattr(error, "strerror", None) or " ".join(str(error).split())
    return LabError(f"{path}: cannot be written ({reason}); choose another place.")


def read_json(path: Path) -> dict:
    """The JSON object in a file; a LabError where there is none."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise LabError(f"{path}: not a whole JSON file ({error}); make it again.") from None
    if not isinstance(found, dict):
        raise LabError(f"{path}: not a JSON object; make it again.")
    return found


def write_json(path: Path, value: object) -> None:
    """Write a value as indented JSON, whole or not at all."""
    write_whole(path, json.dumps(value, ensure_ascii=False, indent=1) + "\n")


def write_rows(path: Path, rows: Iterable[dict]) -> None:
    """Write rows as JSON Lines, whole or not at all."""
    write_whole(path, "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))


def read_lines(path: str | Path) -> list[str]:
    """The lines of a text file; a LabError where it is absent or not UTF-8."""
    path = Path(path)
    if not path.is_file():
        raise LabError(f"{path}: there is no such file; check the path.")
    try:
        return path.read_bytes().decode("utf-8-sig").replace("\r\n", "\n").split("\n")
    except UnicodeDecodeError as error:
        raise LabError(f"{path}: not UTF-8 (byte {error.start}); save the file as UTF-8.") from None


def read_rows(path: Path) -> list[dict]:
    """The rows of a JSON Lines file; a LabError names the file, the line and the mistake."""
    rows = []
    for number, line in enumerate(read_lines(path), 1):
        if not line.strip():
            continue
        try:
            rows.append(json.loads(line))
            json.dumps(rows[-1], ensure_ascii=False).encode("utf-8")
        except json.JSONDecodeError as error:
            problem = f"{path}, line {number}: not JSON ({error.msg})"
            raise LabError(f"{problem}; write one JSON object a line.") from None
        except UnicodeEncodeError:
            raise LabError(f"{path}, line {number}: half a character (\\ud…); mend it.") from None
        except (ValueError, RecursionError) as error:
            raise LabError(f"{path}, line {number}: cannot be read ({error}); mend it.") from None
        if not isinstance(rows[-1], dict):
            raise LabError(f"{path}, line {number}: not a JSON object; write one {{…}} a line.")
    if not rows:
        raise LabError(f"{path}: the file is empty; it needs at least one row.")
    return rows
