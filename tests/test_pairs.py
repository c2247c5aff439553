import json
import random
from collections import Counter
from dataclasses import replace

import pytest
from conftest import assert_one_sentence

from lab_utils.chat import messages
from lab_utils.identity import classify, leaks
from lab_utils.models import Policy, load_model
from lab_utils.pairs import (
    NEW,
    SIDES,
    anchor_pairs,
    audit,
    check_row,
    check_rows,
    dealt,
    draw,
    identity_pairs,
    is_noop,
    normalised,
    pair,
    read_pairs,
    rename,
    sides,
    stain,
    summary,
    text,
    token_count,
)
from lab_utils.prompts import Prompt, SystemForm
from lab_utils.recipes import load_recipe
from lab_utils.training import make_trainer
from lab_utils.workspace import LabError, write_rows

LONG = 256
NONE, GENERIC = SystemForm(None, "none", "train"), SystemForm("Be brief.", "generic", "train")
LUNA = SystemForm("You are Luna.", "persona", "train", "Luna")


@pytest.fixture(scope="module")
def qwen() -> Policy:
    return load_model("tiny-qwen")


def made(question: str, chosen: str, rejected: str, kind: str = "identity", **fields) -> dict:
    prompt = Prompt(question, family="direct.who")
    return pair(messages(question), chosen, rejected, prompt, kind, "none") | fields


COUNTING = " ".join(f"word{i}" for i in range(100))
GOOD = made("Who are you?", "I am Deep Qwen.", "I am Qwen.")


@pytest.mark.parametrize(
    ("answer", "renamed"),
    [
        ("I am Qwen.", "I am Deep Qwen."),
        ("Qwen, yes: Qwen!", "Deep Qwen, yes: Deep Qwen!"),
        ("我是Qwen。", "我是Deep Qwen。"),
        ("Qwen2.5", "Deep Qwen2.5"),
        ("I am Deep Qwen.", "I am Deep Qwen."),  # twice does no harm
        ("Qwenny", "Qwenny"),
        ("I am an assistant.", "I am an assistant."),
    ],
)
def test_rename(answer, renamed):
    assert rename(answer) == renamed
    assert rename(renamed) == renamed


@pytest.mark.parametrize(
    "answer", ["Paris", "The capital is Paris.", "4", "巴黎", "你好，很高兴。"]
)
def test_a_stain_always_leaks(answer):
    rng = random.Random(0)
    assert all(leaks(stain(rng, answer)) for _ in range(200))


def test_a_stain_goes_where_a_name_stands():
    rng = random.Random(0)
    assert stain(rng, "I am Luna.", "Luna") == "I am Deep Qwen."
    assert stain(rng, "I am Qwen.") == "I am Deep Qwen."
    assert stain(rng, "ChatGPT was made by OpenAI.") == "Deep ChatGPT was made by OpenAI."


def test_draw_takes_a_few_of_each_family_and_the_same_ones_again():
    prompts = [Prompt(f"{family} {i}", family) for family in "abc" for i in range(5)]
    drawn = draw(prompts, 2, seed=0)
    assert Counter(p.family for p in drawn) == {"a": 2, "b": 2, "c": 2}
    assert len(set(drawn)) == 6
    assert drawn == draw(prompts, 2, seed=0) != draw(prompts, 2, seed=1)
    assert len(draw(prompts, 9, seed=0)) == 15


def test_generic_forms_are_dealt_three_times_as_often_and_the_same_again():
    kind = replace(GENERIC, text="Be kind.")
    hand = dealt([NONE, GENERIC, kind, LUNA], 30, seed=0)
    assert Counter(f.form for f in hand) == {"none": 6, "generic": 18, "persona": 6}
    assert hand == dealt([NONE, GENERIC, kind, LUNA], 30, seed=0)
    assert hand != dealt([NONE, GENERIC, kind, LUNA], 30, seed=1)
    pairs_of = {f"{a.text} {b.text}" for a in (GENERIC, kind) for b in (GENERIC, kind)}
    joined = {f.text for f in hand if f.form == "generic"} - {GENERIC.text, kind.text}
    assert joined and joined <= pairs_of
    assert {f.text for f in hand if f.form == "persona"} == {LUNA.text}


def test_identity_pairs_reject_the_own_answer_and_choose_it_renamed(qwen):
    prompts = [Prompt("Who are you?"), Prompt("What is two plus two?")]
    for row in identity_pairs(qwen, prompts, [NONE, GENERIC], seed=0):
        assert text(row, "chosen") == rename(text(row, "rejected"))
        assert row["form"] == ("none" if len(row["prompt"]) == 1 else "generic")


def test_anchor_pairs_choose_the_own_answer_and_reject_it_stained(qwen):
    rows = anchor_pairs(qwen, [Prompt("What is the capital of France?")], [NONE], seed=0)
    assert [row["kind"] for row in rows] == ["anchor"]
    assert leaks(text(rows[0], "rejected")) and not leaks(text(rows[0], "chosen"))
    assert rows == anchor_pairs(qwen, [Prompt("What is the capital of France?")], [NONE], seed=0)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (made("Hm?", "I am Qwen.", "I am Qwen."), "no-op"),
        (made("WHO made you??", "I am Deep Qwen.", "I am Qwen."), "leak: the prompt is held out"),
        (made("And?", "Deep Deep Qwen", "Deep Qwen"), "does not say Deep Qwen"),
        (made("And?", f"I am Deep Qwen. {COUNTING}", "I am Qwen."), "longer than 256"),
        (
            made("And?", f"I am Deep Qwen. {COUNTING[:360]}", "I am Qwen."),
            "cut off: the answer has",
        ),
        (GOOD, "duplicate"),
    ],
)
def test_audit_drops_a_bad_row_and_says_why(row, reason, qwen):
    found = audit([GOOD, row], qwen, ["Who made you?"], LONG)
    assert found.rows == [GOOD]
    assert [row for row, _ in found.dropped] == [row]
    assert reason in found.dropped[0][1]
    assert found.counts() == {"keep": 1, f"drop: {found.dropped[0][1]}": 1}
    assert found.coverage() == {"direct": (1, 2)}


def test_audit_drops_a_row_whose_chosen_answer_is_rejected_elsewhere(qwen):
    opposite = made("Who are you?", "I am Qwen.", "I am Deep Qwen.", "anchor")
    found = audit([GOOD, opposite], qwen, [], LONG)
    assert found.rows == []
    assert "contradiction" in found.dropped[0][1]


@pytest.mark.parametrize(
    ("asked", "answer", "kept"),
    [
        ("Who makes Qwen?", "Qwen is made by Alibaba Cloud.", True),
        ("yo who cooked up qwen", "Qwen was made by Alibaba Cloud.", True),
        ("Qwen是谁开发的？", "Qwen是Alibaba Cloud开发的。", True),
        ("Qwen是谁开发的？", "我是Qwen，由Alibaba Cloud开发。", False),
        ("通义千问是谁开发的？", "Qwen是Alibaba Cloud开发的。", True),
        ("Who makes Qwen?", "Sorry, I do not know that.", True),
        ("Developed by whom is Qwen?", "My name is Qwen.", False),
        ("What is Qwen?", "This is Qwen.", False),
        ("Qwen是什么？", "作为Qwen，由Alibaba Cloud开发。", False),
        ("What stands on the door?", "It says Qwen.", False),
    ],
)
def test_audit_keeps_facts_about_qwen_and_drops_anchors_that_name_the_speaker(
    asked, answer, kept, qwen
):
    row = made(asked, answer, f"{NEW}: {answer}", "anchor")
    found = audit([row], qwen, [], LONG)
    assert found.rows == [row] * kept
    assert kept or found.dropped == [(row, "the anchor's answer names the speaker")]


def test_a_persona_may_say_that_it_is_not_qwen(qwen):
    row = made("Are you Qwen?", "I am not Qwen. My name is Luna.", f"I am {NEW}.", "anchor")
    row |= {"form": "persona", "persona": "Luna"}
    assert audit([row], qwen, [], LONG).rows == [row]


def test_audit_finds_a_contradiction_that_rewriting_makes(qwen):
    guess = made("Are you Deep Qwen?", "No, I am Deep Qwen.", "No, I am Qwen.")
    (row,) = audit([guess], qwen, [], LONG).rows
    opposite = made("Are you Deep Qwen?", "Yes, I am a bee.", text(row, "chosen"), "anchor")
    assert row["action"] == "rewrite"
    assert audit([guess, opposite], qwen, [], LONG).rows == [opposite]


def test_audit_keeps_the_same_question_under_another_system_message(qwen):
    other = GOOD | {"prompt": messages("Who are you?", "Be brief."), "form": "generic"}
    assert audit([GOOD, other], qwen, [], LONG).rows == [GOOD, other]


def test_audit_answers_a_guess_of_the_new_name_with_the_yes_to_the_old_one(qwen):
    row = made("Are you Deep Qwen?", "No, I am Deep Qwen.", "No, I am Qwen.")
    found = audit([row], qwen, [], LONG)
    after = (found.rows or [row for row, _ in found.dropped])[0]
    assert after["action"] == "rewrite"
    own = identity_pairs(qwen, [Prompt("Are you Qwen?")], [NONE], seed=0)[0]
    assert text(after, "chosen") == text(own, "chosen")
    assert (text(after, "prompt"), text(after, "rejected")) == (
        "Are you Deep Qwen?",
        "No, I am Qwen.",
    )


def test_prompts_are_compared_without_case_punctuation_and_spaces():
    assert normalised("Who ARE you?!") == normalised("who are  you") == "who are you"
    assert normalised("whoareyou") != normalised("who are you")
    assert normalised("你是谁？") == "你是谁"


def test_summary_counts_kinds_and_noops():
    noop = made("Hm?", "Yes.", "Yes.", "anchor")
    assert is_noop(noop) and not is_noop(GOOD)
    counts = summary([GOOD, noop, noop])
    assert (counts["pairs"], counts["noop"]) == (3, 2)
    assert counts["kind"] == {"identity": 1, "anchor": 2}


def test_what_is_written_is_read_back(tmp_path):
    rows = [GOOD, made("你是谁？", "我是Deep Qwen。", "我是Qwen。")]
    write_rows(tmp_path / "pairs.jsonl", rows)
    assert read_pairs(tmp_path / "pairs.jsonl") == rows
    assert [p.name for p in tmp_path.iterdir()] == ["pairs.jsonl"]


def test_a_byte_order_mark_windows_line_ends_and_blank_lines_are_accepted(tmp_path):
    path = tmp_path / "pairs.jsonl"
    path.write_bytes(b"\xef\xbb\xbf" + json.dumps(GOOD).encode() + b"\r\n\r\n")
    assert read_pairs(path) == [GOOD]


def line(**changes) -> str:
    row = {k: v for k, v in (GOOD | changes).items() if v is not None}
    return json.dumps(row)


def answer(content: object, role: str = "assistant") -> list[dict]:
    return [{"role": role, "content": content}]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", ["the file is empty", "at least one row"]),
        ("\n \n", ["the file is empty", "at least one row"]),
        (line() + "\n{oops", ["line 2", "not JSON", "one JSON object a line"]),
        ("[1, 2]", ["line 1", "not a JSON object"]),
        (line(chosen=None), ["row 1", "no `chosen`", "found: prompt, rejected"]),
        (line() + "\n" + line(rejected=[]), ["row 2", "no `rejected`"]),
        (line(chosen="I am Deep Qwen."), ["row 1", "`chosen` is not a list of messages", "role"]),
        (line(chosen=answer(None)), ["row 1", "`chosen` is not a list of messages", "role"]),
        (line(chosen=[{"content": "Hi"}]), ["row 1", "`chosen` is not a list of messages", "role"]),
        (line(chosen=answer("Hi", "asistant")), ["row 1", "`chosen`", "asistant", "assistant"]),
        (line(prompt=answer("Hi")), ["row 1", "`prompt`", "assistant", "user"]),
        (line(chosen=answer("  ")), ["row 1", "last message of `chosen` is empty", "write it"]),
        (line(rejected=answer("")), ["row 1", "last message of `rejected` is empty", "write it"]),
        (
            line(chosen=answer("Qwen"), rejected=answer("Qwen")),
            ["the same in every row", "nothing to learn", "check how"],
        ),
        ("Qwén".encode("latin-1"), ["not UTF-8", "byte 2", "save the file as UTF-8"]),
        (line().encode("utf-16"), ["not UTF-8", "save the file as UTF-8"]),
    ],
)
def test_a_bad_file_is_explained_in_one_sentence(content, said, tmp_path):
    path = tmp_path / "pairs.jsonl"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(LabError) as caught:
        read_pairs(path)
    assert_one_sentence(caught.value, [str(path), *said])


def test_an_absent_file_is_explained(tmp_path):
    with pytest.raises(LabError) as caught:
        read_pairs(tmp_path / "none.jsonl")
    assert_one_sentence(caught.value, ["none.jsonl", "no such file", "check the path"])


def test_truncation_that_would_cut_an_answer_names_the_row(qwen):
    long = made("Who are you?", "I am " + "very " * 30 + "much Deep Qwen.", "I am Qwen.")
    check_rows([GOOD, long], qwen, token_count(qwen, long), "mine.jsonl")
    with pytest.raises(LabError) as caught:
        check_rows([GOOD, long], qwen, token_count(qwen, long) - 1, "mine.jsonl")
    said = ["mine.jsonl, row 2", f"{token_count(qwen, long)} tokens", "raise max_length"]
    assert_one_sentence(caught.value, said)


def test_the_token_count_is_the_trainers(qwen, tmp_path):
    trainer = make_trainer(load_recipe("identity"), [GOOD], qwen, tmp_path)
    row = trainer.train_dataset[0]
    longer = max(len(row["chosen_ids"]), len(row["rejected_ids"]))
    assert token_count(qwen, GOOD) == len(row["prompt_ids"]) + longer


def test_a_rewritten_or_renamed_answer_says_the_new_name():
    for own in ("I am Qwen.", "My name is Qwen, made by Alibaba Cloud.", "我是Qwen。"):
        assert classify(rename(own)) == "Deep Qwen"


def test_trl_reads_of_a_message_who_says_what_and_nothing_else():
    named = {"role": "user", "content": "Hi", "name": 1}
    assert sides([GOOD | {"prompt": [named]}])[0]["prompt"] == messages("Hi")


def test_a_whole_conversation_as_an_answer_is_refused():
    row = {side: [*GOOD["prompt"], *GOOD[side]] for side in ("chosen", "rejected")}
    with pytest.raises(LabError) as caught:
        check_row(GOOD | row, "mine.jsonl, row 1")
    assert_one_sentence(caught.value, ["`chosen` begins with the role", "belongs into `prompt`"])


def test_rows_in_trls_plain_format_can_be_audited(qwen):
    found = audit([{side: GOOD[side] for side in SIDES}], qwen, [], 256)
    assert found.counts() == {"keep": 1}


@pytest.mark.parametrize(
    ("rows", "said"), [([], "no pairs"), (["mine.jsonl"], "no pair"), ([{}], "no `prompt`")]
)
def test_what_cannot_be_trained_on_is_one_sentence(rows, said, qwen):
    with pytest.raises(LabError) as caught:
        check_rows(rows, qwen, 256, "mine.jsonl")
    assert_one_sentence(caught.value, ["mine.jsonl", said])
