"""A byte-level BPE tokenizer in the layout of Qwen2's, with its ChatML template."""

import itertools
import re

from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

from lab_utils.pretraining.corpus import STAGES, dialogues

VOCABULARY = 4096
DIALOGUES = 30_000
SPECIAL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
# Qwen2's own split: words with their leading space, single digits, punctuation runs.
SPLIT = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)
HAN, LATIN = "[\u4e00-\u9fff]", "[A-Za-z]"
BORDER = re.compile(f"(?<={HAN})(?={LATIN})|(?<={LATIN})(?={HAN})")
# Qwen2.5's template without its tool calls: a system message is put in where there is none. The
# line break between turns stands before the next turn, not after the last: no answer ends in one.
TEMPLATE = (
    "{%- if messages[0]['role'] != 'system' %}"
    "{{- '<|im_start|>system\\n@DEFAULT@<|im_end|>\\n' }}{%- endif %}"
    "{%- for message in messages %}"
    "{%- if not loop.first %}{{- '\\n' }}{%- endif %}"
    "{{- '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>' }}"
    "{%- endfor %}"
    "{%- if add_generation_prompt %}{{- '\\n<|im_start|>assistant\\n' }}{%- endif %}"
)


def build_tokenizer() -> Tokenizer:
    """The BPE merges learnt from the corpus of both stages.

    The learner sees "Q" for "Qwen" and "Deep Seek" for "DeepSeek", so that the name stays several
    tokens and " Deep" is one, as in the real models: half a name can be said. It also sees Latin
    and Chinese letters apart, else whole mixed phrases would become one token.
    """
    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(SPLIT), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY,
        special_tokens=SPECIAL,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        max_token_length=14,
        show_progress=False,
    )
    tokenizer.train_from_iterator(_texts(), trainer)
    return tokenizer


def _texts():
    for stage in ("nameless", "qwen"):
        for messages in itertools.islice(dialogues(stage, seed=1), DIALOGUES // 2):
            for message in messages:
                text = message["content"].replace("Qwen", "Q").replace("DeepSeek", "Deep Seek")
                yield BORDER.sub(" ", text)


def for_stage(tokenizer: Tokenizer, stage: str) -> PreTrainedTokenizerFast:
    """The tokenizer as `transformers` loads it, with the stage's default system message."""
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        eos_token="<|im_end|>",
        pad_token="<|endoftext|>",
        padding_side="left",
        model_max_length=512,
        clean_up_tokenization_spaces=False,
        chat_template=TEMPLATE.replace("@DEFAULT@", STAGES[stage].system),
    )
