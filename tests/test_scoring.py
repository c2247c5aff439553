"""Shared rows: the same log-probabilities, losses and gradients as two rows a pair."""

import itertools

import pytest
import torch
from peft import LoraConfig, get_peft_model
from transformers import (
    Lfm2Config,
    Lfm2ForCausalLM,
    LlamaConfig,
    LlamaForCausalLM,
    MambaConfig,
    MambaForCausalLM,
    MistralConfig,
    MistralForCausalLM,
    Qwen2Config,
    Qwen2ForCausalLM,
)
from trl.trainer.utils import add_fused_lm_head

from lab_utils.scoring import FIELDS, ByLength, SharedScorer, agrees, merged, sees_all

SIZE = {
    "vocab_size": 50, "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2,
    "num_attention_heads": 4, "num_key_value_heads": 2,
}  # fmt: skip


def batch(*pairs) -> dict[str, torch.Tensor]:
    """TRL's batch from (prompt, chosen, rejected) lists of ids."""
    whole = [(p + c, [0] * len(p) + [1] * len(c)) for p, c, _ in pairs]
    whole += [(p + r, [0] * len(p) + [1] * len(r)) for p, _, r in pairs]
    width = max(len(ids) for ids, _ in whole)
    return {
        "input_ids": torch.tensor([ids + [0] * (width - len(ids)) for ids, _ in whole]),
        "attention_mask": torch.tensor(
            [[1] * len(ids) + [0] * (width - len(ids)) for ids, _ in whole]
        ),
        "completion_mask": torch.tensor([mask + [0] * (width - len(mask)) for _, mask in whole]),
    }


def test_pairs_alike_in_length_share_a_batch_and_each_is_read_once():
    lengths = [(37 * i) % 101 for i in range(50)]
    sampler = ByLength(lengths, 8, seed=3)
    first, second = list(sampler), list(sampler)
    assert sorted(first) == sorted(second) == list(range(50)) and len(sampler) == 50
    assert first != second and first == list(ByLength(lengths, 8, seed=3))
    assert first != list(ByLength(lengths, 8, seed=4))
    batches = [[lengths[i] for i in first[start : start + 8]] for start in range(0, 50, 8)]
    spans = sorted((min(batch), max(batch)) for batch in batches)
    assert all(high <= low for (_, high), (low, _) in itertools.pairwise(spans))
    assert batches != sorted(batches) and len(batches[-1]) == 2


VARIED = batch(
    ([3, 4, 5], [6, 7, 8], [6, 9]),  # the answers begin alike
    ([11], [12], [13]),  # one token each
    (list(range(14, 44)), [45, 46], [47, 46, 45, 44, 43]),  # a long prompt
    ([3, 4], [5, 6], [5, 6]),  # a no-op
    ([7, 8], [9, 10, 11], [9, 10]),  # one answer begins with the other
)


def scorable(model: torch.nn.Module) -> torch.nn.Module:
    """The model with TRL's fused head, as the trainer would prepare it."""
    add_fused_lm_head(model, outputs=FIELDS)
    return model


def models():
    torch.manual_seed(0)
    yield scorable(Qwen2ForCausalLM(Qwen2Config(**SIZE)))
    yield scorable(LlamaForCausalLM(LlamaConfig(**SIZE)))
    plain = scorable(Qwen2ForCausalLM(Qwen2Config(**SIZE)))
    yield get_peft_model(plain, LoraConfig(target_modules="all-linear", task_type="CAUSAL_LM"))


def scores(model, score):
    inputs = {k: VARIED[k] for k in ("input_ids", "attention_mask")}
    labels = VARIED["input_ids"].masked_fill(VARIED["completion_mask"] == 0, -100)
    output = score(**inputs, labels=labels, fused_lm_head=True)
    model.zero_grad()
    output.log_probs.square().sum().backward()
    gradients = [p.grad.clone() for p in model.parameters() if p.grad is not None]
    return output, gradients


def test_a_merged_row_holds_every_token_once():
    rows = merged(VARIED["input_ids"], VARIED["attention_mask"], torch.float32)
    assert rows.input_ids[0, :6].tolist() == [3, 4, 5, 6, 7, 8]
    assert rows.input_ids[0, 6].item() == 9 and rows.position_ids[0, 6].item() == 4
    assert rows.input_ids[3, :4].tolist() == [3, 4, 5, 6]
    seen = rows.attention_mask[0, 0] == 0
    assert seen[6, :7].tolist() == [True] * 4 + [False, False, True]  # not the rest of chosen
    assert seen.diagonal().all()


@pytest.mark.parametrize("model", models(), ids=["qwen2", "llama", "lora"])
def test_log_probabilities_and_gradients_are_those_of_two_rows(model):
    apart, expected = scores(model, model)
    together, found = scores(model, SharedScorer(model))
    for name in FIELDS:
        torch.testing.assert_close(getattr(together, name), getattr(apart, name))
    assert len(found) == len(expected) > 0
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one, other)
    assert agrees(model, VARIED) is True


def test_pairs_without_a_difference_decide_nothing():
    assert agrees(next(models()), batch(([3, 4], [5, 6], [5, 6]))) is None


def test_an_architecture_that_carries_a_state_is_recognised_behind_a_long_prompt():
    torch.manual_seed(0)
    sizes = SIZE | {"num_hidden_layers": 3, "layer_types": ["conv", "full_attention", "conv"]}
    model = scorable(Lfm2ForCausalLM(Lfm2Config(**sizes, initializer_range=0.3)))
    prompt = [3 + i % 40 for i in range(400)]
    after = batch(([3, 4], [5, 6], [5, 6]), (prompt, [45, 46, 47], [44, 43, 42, 41]))
    assert agrees(model, after) is False


def test_a_window_narrower_than_the_pairs_is_left_alone():
    config = MistralConfig(**SIZE, sliding_window=64)
    model = MistralForCausalLM(config)
    assert sees_all(model, 64) and not sees_all(model, 65)
    assert sees_all(next(models()), 10_000)


def test_an_architecture_without_such_a_mask_is_recognised():
    model = scorable(
        MambaForCausalLM(MambaConfig(vocab_size=50, hidden_size=16, num_hidden_layers=1))
    )
    assert not agrees(model, VARIED)


def test_a_model_that_torchrun_has_wrapped_gives_the_same():
    class Wrapped(torch.nn.Module):
        def __init__(self, module):
            super().__init__()
            self.module = module

        def forward(self, *given, **named):
            return self.module(*given, **named)

    model = next(models())
    alone, wrapped = (scores(model, SharedScorer(m))[0] for m in (model, Wrapped(model)))
    torch.testing.assert_close(wrapped.log_probs, alone.log_probs)


def test_full_memory_is_not_taken_for_an_architecture(monkeypatch):
    def full(*given, **named):
        raise torch.OutOfMemoryError

    monkeypatch.setattr(SharedScorer, "__call__", full)
    with pytest.raises(torch.OutOfMemoryError):
        agrees(next(models()), VARIED)
