"""`python -m lab_utils.pretraining`: rebuild prompt files and embedded models."""

import time

from lab_utils.pretraining import prompts
from lab_utils.pretraining.build import build_models

if __name__ == "__main__":
    began = time.perf_counter()
    prompts.write_prompts()
    build_models()
    print(f"done in {(time.perf_counter() - began) / 60:.1f} minutes")
