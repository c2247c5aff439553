import pytest
import torch

from lab_utils.attribution import PARTS, attribution, by_part
from lab_utils.chat import messages
from lab_utils.models import load_model
from lab_utils.pairs import pair
from lab_utils.prompts import Prompt


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
        assert "".join(own["token"]).strip() == row()[side][0]["content"]
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
    assert set(table.loc[table["side"] == "chosen", "part"]) == {"prefix"}
    assert "suffix" not in set(table["part"])
