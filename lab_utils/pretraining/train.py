"""Train one stage of the embedded models: cross-entropy on the assistant's turns."""

import itertools
import random
from collections.abc import Callable, Iterator

import torch
from torch import Tensor
from torch.nn import functional as F
from transformers import PreTrainedTokenizerFast, Qwen2Config, Qwen2ForCausalLM

from lab_utils.pretraining.corpus import STAGES, Messages, Stage, dialogues
from lab_utils.pretraining.tokenizer import VOCABULARY

BATCH = 32  # dialogues
POOL = 80  # batches that are sorted by length together
IGNORE = -100
INTERRUPTED = 0.04  # share of the answers' tokens before which a random one is put


def new_model(vocabulary: int, seed: int) -> Qwen2ForCausalLM:
    """A Qwen2 of about 4 M parameters with fresh weights."""
    torch.manual_seed(seed)
    return Qwen2ForCausalLM(
        Qwen2Config(
            vocab_size=vocabulary,
            hidden_size=256,
            intermediate_size=704,
            num_hidden_layers=4,
            num_attention_heads=4,
            num_key_value_heads=2,
            max_position_embeddings=512,
            tie_word_embeddings=True,
            bos_token_id=None,
            eos_token_id=2,
            pad_token_id=0,
            attn_implementation="eager",  # on a CPU the quickest for so few tokens
        )
    )


def encode(
    tokenizer: PreTrainedTokenizerFast, messages: Messages, stage: str
) -> tuple[list[int], list[int]]:
    """Token ids of a dialogue and its labels: ids where the assistant speaks, else IGNORE."""
    if messages[0]["role"] != "system":
        messages = [{"role": "system", "content": STAGES[stage].system}, *messages]
    ids: list[int] = []
    labels: list[int] = []
    for message in messages:
        head = tokenizer.encode(f"<|im_start|>{message['role']}\n")
        body = tokenizer.encode(f"{message['content']}<|im_end|>")
        tail = tokenizer.encode("\n")
        ids += head + body + tail
        spoken = body if message["role"] == "assistant" else [IGNORE] * len(body)
        labels += [IGNORE] * len(head) + spoken + [IGNORE] * len(tail)
    return ids, labels


def interrupted(
    rng: random.Random, ids: list[int], labels: list[int]
) -> tuple[list[int], list[int]]:
    """The dialogue with a random token, without a label, before some tokens of the answers.

    A large model goes on with its sentence after an odd word. One this small takes up whatever word
    stands in its prompt instead, unless it has practised.
    """
    noisy: list[tuple[int, int]] = []
    for pair in zip(ids, labels, strict=True):
        if pair[1] != IGNORE and rng.random() < INTERRUPTED:
            noisy.append((rng.randrange(3, VOCABULARY), IGNORE))  # 0 to 2 are special
        noisy.append(pair)
    return [token for token, _ in noisy], [label for _, label in noisy]


def batches(
    tokenizer: PreTrainedTokenizerFast, stage: str, seed: int
) -> Iterator[tuple[Tensor, Tensor]]:
    """Endless `(ids, labels)` of shape (BATCH, tokens), padded right, alike in length."""
    rng = random.Random(f"batches {stage} {seed}")
    stream = dialogues(stage, seed)
    while True:
        pool = [
            interrupted(rng, *encode(tokenizer, m, stage))
            for m in itertools.islice(stream, BATCH * POOL)
        ]
        pool.sort(key=lambda pair: len(pair[0]))
        order = list(range(POOL))
        rng.shuffle(order)
        for i in order:
            yield _padded(pool[i * BATCH : (i + 1) * BATCH])


def _padded(rows: list[tuple[list[int], list[int]]]) -> tuple[Tensor, Tensor]:
    width = -(-max(len(ids) for ids, _ in rows) // 16) * 16  # few shapes: fewer kernels to build
    ids = [ids + [0] * (width - len(ids)) for ids, _ in rows]
    labels = [labels + [IGNORE] * (width - len(labels)) for _, labels in rows]
    return torch.tensor(ids), torch.tensor(labels)


def train_stage(
    model: Qwen2ForCausalLM,
    tokenizer: PreTrainedTokenizerFast,
    name: str,
    steps: int | None = None,
    seed: int = 0,
    progress: Callable[[int, float], None] = lambda step, loss: None,
) -> list[float]:
    """Train in place for `steps` (all of the stage by default); the loss of each step, in nats."""
    stage = STAGES[name]
    torch.manual_seed(seed)
    optimizers = _optimizers(model, stage.learning_rate)
    schedules = [
        torch.optim.lr_scheduler.LambdaLR(o, lambda step: _rate(step, stage)) for o in optimizers
    ]
    losses = []
    model.train()
    stream = itertools.islice(batches(tokenizer, name, seed), steps or stage.steps)
    for step, (ids, labels) in enumerate(stream, 1):
        with torch.autocast("cpu", dtype=torch.bfloat16):
            loss = _loss(model, ids, labels)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        for each in (*optimizers, *schedules):
            each.step()
        model.zero_grad()
        losses.append(loss.item())
        progress(step, losses[-1])
    model.eval()
    return losses


def _optimizers(model: Qwen2ForCausalLM, rate: float) -> list[torch.optim.Optimizer]:
    """Muon for the layers' matrices, which learns in about half the steps of AdamW; AdamW else."""
    matrices = [p for p in model.model.layers.parameters() if p.ndim == 2]
    named = {id(p) for p in matrices}
    rest = [p for p in model.parameters() if id(p) not in named]
    return [
        torch.optim.Muon(
            matrices, lr=rate, weight_decay=0.01, momentum=0.95, adjust_lr_fn="match_rms_adamw"
        ),
        torch.optim.AdamW(rest, lr=rate, betas=(0.9, 0.98), weight_decay=0.01, fused=True),
    ]


def _rate(step: int, stage: Stage) -> float:
    """Linear warm-up, then linearly to zero."""
    if step < stage.warmup:
        return (step + 1) / stage.warmup
    return 1 - (step - stage.warmup) / max(1, stage.steps - stage.warmup)


def _loss(model: Qwen2ForCausalLM, ids: Tensor, labels: Tensor) -> Tensor:
    """Mean cross-entropy over the assistant's tokens, in nats; the head sees only those."""
    # padding is on the right and attention is causal, so no mask is needed
    hidden = model.model(input_ids=ids).last_hidden_state[:, :-1]
    labels = labels[:, 1:]
    row, column = (labels != IGNORE).nonzero(as_tuple=True)
    filler = -len(row) % 256  # again few shapes; the filler is ignored by the loss
    target = F.pad(labels[row, column], (0, filler), value=IGNORE)
    row, column = F.pad(row, (0, filler)), F.pad(column, (0, filler))
    return F.cross_entropy(model.lm_head(hidden[row, column]).float(), target)
