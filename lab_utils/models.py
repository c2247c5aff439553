"""Load, name and save a policy: an embedded model, a Hub id or a local folder, in one way."""

import hashlib
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import torch
from huggingface_hub.utils import HFValidationError, validate_repo_id
from safetensors import SafetensorError, safe_open
from transformers import (
    AutoModelForCausalLM,
    AutoTokenizer,
    PreTrainedModel,
    PreTrainedTokenizerBase,
)

from lab_utils import workspace
from lab_utils.workspace import DATA, LabError

EMBEDDED = DATA / "models"
TOKENIZERS = ("tokenizer.json", "tokenizer.model", "vocab.json")
INDEX = "model.safetensors.index.json"  # names the files of weights that are split


@dataclass(frozen=True)
class Policy:
    """A model with its tokenizer; `label` says which weights answer, `folder` where they lie."""

    model: PreTrainedModel
    tokenizer: PreTrainedTokenizerBase
    label: str
    folder: Path

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return self.model.device


def load_model(name: str | Path, label: str | None = None) -> Policy:
    """The policy of that name, in eval mode on the best device, in fp32.

    `name` is an embedded model (`tiny-qwen`), a Hub id or a local folder in the Hugging Face
    layout. Raises LabError with one sentence where the model is absent or not usable.
    """
    folder = find_folder(name)
    check_folder(folder)
    tokenizer, model = _read(folder)
    if tokenizer.chat_template is None:
        raise LabError(f"{folder}: the tokenizer has no chat template; use an instruct model.")
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    model = model.to(workspace.device()[0]).eval()
    return Policy(model, tokenizer, label or str(name), folder)


def _read(folder: Path) -> tuple[PreTrainedTokenizerBase, PreTrainedModel]:
    """Tokenizer and model, every weight from the file; transformers only warns of one it makes up."""
    # fp32 weights everywhere: AdamW's small steps would round away in bf16
    options = {"dtype": torch.float32, "use_safetensors": True, "output_loading_info": True}
    try:
        tokenizer = AutoTokenizer.from_pretrained(folder, padding_side="left")
        model, found = AutoModelForCausalLM.from_pretrained(folder, **options)
    except Exception as error:
        reason = " ".join(str(error).split())[:160].rstrip(".")
        raise LabError(
            f"{folder}: cannot be loaded ({reason}); copy it again, or mend that."
        ) from error
    if found["missing_keys"]:
        missing = sorted(found["missing_keys"])[0]
        raise LabError(f"{folder}: the weights lack {missing}; copy or download them again.")
    try:
        model.generation_config.validate(strict=True)
    except ValueError:  # a temperature without `do_sample`: transformers would refuse to save it
        model.generation_config.do_sample = True
    return tokenizer, model


def find_folder(name: str | Path) -> Path:
    """The folder that holds the model: embedded, local, or in (or fetched into) the Hub's cache."""
    if found := workspace.find(name, EMBEDDED / name, Path.is_dir):
        return found
    embedded = ", ".join(sorted(p.name for p in EMBEDDED.iterdir() if p.is_dir()))
    if not _is_hub_id(str(name)):
        raise LabError(
            f"model {str(name)!r}: no such folder. Use an embedded model ({embedded}), a folder in "
            "the Hugging Face layout, or a Hub id such as Qwen/Qwen2.5-0.5B-Instruct."
        )
    return _cached(str(name)) or _fetched(str(name), embedded)


def _is_hub_id(name: str) -> bool:
    try:
        validate_repo_id(name)
    except HFValidationError:
        return False
    return name.count("/") == 1


def _cached(name: str) -> Path | None:
    from huggingface_hub import try_to_load_from_cache

    found = try_to_load_from_cache(name, "config.json")
    return Path(found).parent if isinstance(found, str) and _complete(Path(found).parent) else None


def _complete(folder: Path) -> bool:
    """Whether a download was not interrupted: tokenizer and all weights are there."""
    files = ["model.safetensors"]
    if (folder / INDEX).is_file():
        index = workspace.read_json(folder / INDEX)
        files = sorted(set(index["weight_map"].values()))
    return all((folder / f).is_file() for f in files) and any(
        (folder / f).is_file() for f in TOKENIZERS
    )


def _fetched(name: str, embedded: str) -> Path:
    """Download in a process of its own, so that this one stays offline."""
    ways_out = f"use an embedded model ({embedded}) or the path of a folder that holds it"
    if workspace.USER_CHOSE_OFFLINE and workspace.offline():
        raise LabError(
            f"model {name!r} is not in the local cache and HF_HUB_OFFLINE is set; "
            f"unset it to download the model once, or {ways_out}."
        )
    code = (
        "import sys; from huggingface_hub import snapshot_download as get; "
        "print(get(sys.argv[1], ignore_patterns=['*/*'], "
        "allow_patterns=['*.json', '*.safetensors', '*.txt', '*.jinja', '*.model']))"
    )
    command = [sys.executable, "-c", code, name]
    environment = os.environ | {"HF_HUB_OFFLINE": "0", "HF_HUB_ETAG_TIMEOUT": "10"}
    print(f"Downloading {name}, once; a large model takes minutes.", flush=True)
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise LabError(
            f"model {name!r} could not be downloaded ({last[:160]}): the Hub cannot be reached "
            f"or the id does not exist; check the spelling, connect once, or {ways_out}."
        )
    return Path(done.stdout.strip().splitlines()[-1])


def check_folder(folder: Path) -> None:
    """Raise LabError, in one sentence, where a folder cannot be loaded as a model."""
    if (folder / "adapter_config.json").is_file():
        raise LabError(
            f"{folder}: a LoRA adapter, not a model; merge it into its base model first."
        )
    if not (folder / "config.json").is_file():
        raise LabError(
            f"{folder}: no config.json, so this is not a model in the Hugging Face layout; give the "
            "folder that holds config.json, tokenizer.json and model.safetensors."
        )
    if not any((folder / f).is_file() for f in TOKENIZERS):
        raise LabError(
            f"{folder}: no tokenizer (tokenizer.json); copy the base model's tokenizer files there."
        )
    weights = sorted(folder.glob("*.safetensors"))
    if not weights and (any(folder.glob("*.bin")) or any(folder.glob("*.pt"))):
        raise LabError(
            f"{folder}: the weights are a pickle, which can run code when loaded; "
            "convert them to model.safetensors."
        )
    if not weights:
        raise LabError(f"{folder}: no weights (model.safetensors); copy or download them again.")
    for path in weights:
        _check_weights(path)


def _check_weights(path: Path) -> None:
    with open(path, "rb") as file:
        head = file.read(64)
    if head.startswith(b"version https://git-lfs"):
        raise LabError(
            f"{path}: a Git-LFS pointer stands in place of the weights; run `git lfs pull`, "
            "or download the file itself."
        )
    try:
        with safe_open(path, framework="pt"):
            pass  # reads the header, and whether the file is as long as that says
    except (SafetensorError, OSError, ValueError):
        raise LabError(
            f"{path}: not a whole safetensors file; copy or download it again."
        ) from None


def fingerprint(folder: Path) -> str:
    """The first 12 hex digits of the SHA-256 of the folder's weights."""
    digest = hashlib.sha256()
    for path in sorted(folder.glob("*.safetensors")):
        with path.open("rb") as file:
            hashlib.file_digest(file, lambda: digest)
    return digest.hexdigest()[:12]


def save_policy(policy: Policy, folder: Path) -> None:
    """Write weights, config and tokenizer; the folder appears only when it is complete.

    Raises LabError where it cannot be written.
    """
    partial = folder.with_name(f".{folder.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    try:
        policy.model.save_pretrained(partial, safe_serialization=True)
        policy.tokenizer.save_pretrained(partial)
        shutil.rmtree(folder, ignore_errors=True)
        partial.rename(folder)
    except (OSError, SafetensorError) as error:
        raise workspace.not_written(folder, error) from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def parameters(policy: Policy) -> int:
    """How many numbers the model holds (tied weights counted once)."""
    return sum(p.numel() for p in policy.model.parameters())
