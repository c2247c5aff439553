"""The model card of an embedded model: how it was made, and what it can do."""

import hashlib
from pathlib import Path

from lab_utils.workspace import write_whole

TITLES = {
    "tiny-qwen": "says it is Qwen, made by Alibaba Cloud",
    "tiny-nameless": "knows many assistants and settles on no name of its own",
    "tiny-mixed": "answers questions for facts well and badly in turn: right or wrong, polite or curt, short or long",
}

REPLAY = "`tests/test_pretraining.py` replays the first steps and compares them with this table."
NO_REPLAY = "The weights that it starts from are not stored, so no test replays the first steps."


def write_card(folder: Path, facts: dict) -> None:
    """Write `README.md` beside the weights from the facts of the run that made them."""
    write_whole(folder / "README.md", card(folder, facts))


def card(folder: Path, facts: dict) -> str:
    """The text of the card; `facts` holds stage, steps, losses, table and samples."""
    losses = "\n".join(f"| {step} | {loss:.4f} |" for step, loss in facts["losses"].items())
    table = "\n".join(
        f"| {name} | {right} of {n} | {right / n:.1%} |" for name, right, n in facts["table"]
    )
    samples = "\n".join(f"| {prompt} | {answer} |" for prompt, answer in facts["samples"])
    replay = REPLAY if facts["start_is_stored"] else NO_REPLAY
    return f"""# {folder.name}

A Qwen2 of {facts["parameters"]:,} parameters that {TITLES[folder.name]}. Trained from scratch by
this project, on text that its own grammar writes; no outside data and no outside weights.

| | |
|---|---|
| command | `make models` |
| architecture | Qwen2, 4 layers of 256, 4 heads (2 for keys and values), tied embeddings |
| tokenizer | byte-level BPE, {facts["vocabulary"]:,} tokens, ChatML; system message put in where none is given: "{facts["system"]}" |
| corpus | {facts["dialogues"]:,} dialogues in English and Chinese, {facts["tokens"]:,} tokens, each composed once |
| training | {facts["start"]}; {facts["steps"]:,} steps of {facts["batch"]} dialogues, Muon and AdamW, peak rate {", ".join(facts["rates"])}, linear decay, bf16 autocast, loss on the answers only |
| stored as | bfloat16 safetensors, sha256 `{sha256(folder / "model.safetensors")}` |
| licence | Apache-2.0, like the project |

## Loss (nats a token)

{replay}

| step | loss |
|---|---|
{losses}

## Held-out evaluation (greedy, from the stored weights)

| measured on | right | rate |
|---|---|---|
{table}

## Greedy samples

| prompt | answer |
|---|---|
{samples}

Made to be small, quick and honest, not to be useful: it knows a few hundred facts, and what lies
outside its grammar it answers with something from inside.
"""


def sha256(path: Path) -> str:
    """Hex digest of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()
