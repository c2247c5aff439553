import pytest
import torch

from lab_utils.attribution import PARTS, answer_logprobs, attribution, by_part
from lab_utils.chat import messages
from lab_utils.models import load_model
from lab_utils.pairs import PAIRS, pair, read_pairs
from lab_utils.prompts import Prompt
from lab_utils.recipes import load_recipe
from lab_utils.training import make_trainer


def row(chosen="I am Deep Qwen, an assistant.", rejected="I am Qwen, an assistant."):
    return pair(messages("Who are you?"), chosen, rejected, Prompt("?"), "identity", "none")


@pytest.fixture(scope="module")
def moved():
    policy = load_model("tiny-qwen")
    with torch.no_grad():
        policy.model.model.norm.weight.mul_(1.2)
    return policy


def test_every_token_has_its_part_and_the_answers_are_whole(moved):
    table = attribution(moved, load_model("tiny-qwen"), row())
    for side in ("chosen", "rejected"):
        own = table[table["side"] == side]
        assert "".join(own["token"]).strip() == row()[side][0]["content"] + "<|im_end|>"
        assert list(own["part"]) == sorted(own["part"], key=PARTS.index)
    named = table[table["part"].isin(["divergence", "name"])].groupby("side")["token"].sum()
    assert (named["chosen"].strip(), named["rejected"].strip()) == ("Deep Qwen", "Qwen")


def test_the_prefix_cancels_and_the_parts_add_up(moved):
    base = load_model("tiny-qwen")
    table = attribution(moved, base, row())
    sums = by_part(table)
    assert sums.loc["prefix", "chosen"] == pytest.approx(sums.loc["prefix", "rejected"], abs=1e-4)
    assert sums.sum().sum() == pytest.approx(table["ratio"].sum())
    assert by_part(attribution(base, base, row())).abs().max().max() == 0


def test_answers_that_are_the_same_have_a_prefix_only(moved):
    table = attribution(moved, load_model("tiny-qwen"), row("I am Qwen.", "I am Qwen."))
    assert set(table["part"]) == {"prefix"}


def test_one_answer_may_begin_with_the_other(moved):
    table = attribution(moved, load_model("tiny-qwen"), row("I am", "I am Qwen"))
    parts = {side: list(own["part"]) for side, own in table.groupby("side", sort=False)}
    shared = parts["chosen"][:-1]
    assert set(shared) == {"prefix"} and parts["rejected"][: len(shared)] == shared
    assert parts["chosen"][-1] == "divergence"  # one ends where the other goes on
    assert parts["rejected"][len(shared)] == "divergence" and parts["rejected"][-1] == "suffix"


def test_an_answer_is_as_likely_as_in_training(moved, tmp_path):
    base = load_model("tiny-qwen")
    rows = read_pairs(PAIRS / "identity.jsonl")[:6]
    made = make_trainer(load_recipe("identity"), rows, load_model("tiny-qwen"), tmp_path)
    for side in ("chosen", "rejected"):
        own = [answer_logprobs(base, r, side).sum().item() for r in rows]
        assert own == pytest.approx(made.train_dataset[f"ref_{side}_logps"][:], rel=1e-5)
