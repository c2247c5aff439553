"""How the embedded models are made: phrases, corpus, tokenizer, training, model card.

Self-contained: the labs never import it. `python -m lab_utils.pretraining` (or `make models`)
rebuilds `data/models/`, the prompt files that share its grammar, and the pairs.

- `phrases_en`, `phrases_zh`: plain data, what is known and answered
- `templates`: ways of asking, persona messages and names, from `data/templates/`
- `skills`: exact-match questions with their answers
- `unknown`: questions to which the answer is that it does not know
- `names`: names nobody has heard, for personas and for lines to copy
- `surface`: greetings, closings, typing errors
- `generic`: system messages without a name, of endless variety
- `corpus`: dialogues composed from all of these, and the table of the stages
- `tokenizer`: byte-level BPE in the Qwen2 layout with a ChatML template
- `train`: the training loop
- `build`: the three models, one after the other
- `card`: the model card
- `prompts`: the prompt files that share the grammar
"""

import os

from lab_utils import workspace

# The labs compute with one instruction set everywhere; here bf16 needs the processor's own.
for _name in ("ATEN_CPU_CAPABILITY", "ONEDNN_MAX_CPU_ISA", "MKL_CBWR"):
    if os.environ.get(_name) == workspace.SWITCHES[_name]:
        del os.environ[_name]
