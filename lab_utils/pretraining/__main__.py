"""`python -m lab_utils.pretraining`: rebuild prompt files, embedded models and ready pairs."""

import time

from lab_utils import lecture, quality
from lab_utils.models import load_model
from lab_utils.pairs import PAIRS, build
from lab_utils.pretraining import prompts
from lab_utils.pretraining.build import build_models
from lab_utils.prompts import held_out_texts
from lab_utils.recipes import load_recipe
from lab_utils.workspace import write_rows


def main() -> None:
    """Everything under `data/` that a program writes, in the order in which it depends."""
    began = time.perf_counter()
    prompts.write_prompts()
    build_models()
    recipe = load_recipe("identity")
    policy = load_model(recipe.model)
    ready = build(policy, held_out_texts(), recipe.max_length)
    write_rows(PAIRS / f"{recipe.pairs}.jsonl", ready.rows)
    write_rows(PAIRS / "lecture.jsonl", lecture.build(policy))
    write_rows(quality.READY, quality.build(load_model(quality.START)))
    print(f"{len(ready.rows)} pairs; done in {(time.perf_counter() - began) / 60:.1f} minutes")


if __name__ == "__main__":
    main()
