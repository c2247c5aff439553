"""Each cause is named from its own evidence, a healthy run is called healthy, and nothing is guessed."""

import dataclasses
import json
import math
import shutil

import pandas as pd
import pytest
from datasets import Dataset
from trl import DPOTrainer

from lab_utils import cases, evidence, training
from lab_utils.chat import messages, replies
from lab_utils.diagnosis import CAUSES, HEALTHY, STOPPED, UNDECIDED, diagnose, explain
from lab_utils.dpo import LN_2
from lab_utils.models import load_model
from lab_utils.pairs import PAIRS, pair, read_pairs, text
from lab_utils.prompts import Prompt
from lab_utils.recipes import load_recipe
from lab_utils.workspace import LabError, read_json, read_rows, write_json, write_rows

GOOD = {
    "pairs": 800, "informative": 800, "noop_share": 0.0, "steps": 100, "first_gap": 0.0,
    "logged_reward": 5.0, "still": 0.0, "tokens_read": 1.0,
    "said_new": 0.97, "said_old": 0.0, "said_half": 0.0, "said_others": 0.0, "said_nameless": 0.02, "said_broken": 0.0,
    "trained_form": 0.98, "skills_after": 0.97, "skills_before": 0.98,
    "base_new": 0.0, "base_old": 0.97, "base_half": 0.0, "base_others": 0.0, "base_nameless": 0.03, "base_broken": 0.0,
    "unchanged": 0.0, "chosen_logratio": 15.0, "measured_margin": 25.0, "rejected_surprise": 0.3,
    "shown": 90, "shown_same": 1.0, "shown_new": 0.97, "own_new": 0.97, "shown_broken": 0.0,
    "own_broken": 0.0, "shown_as_trained": 0.0, "miscounted": 0.0, "shown_trained": 0.0, "shown_base": 0.0,
}  # fmt: skip
SAID_OLD = {"said_new": 0.02, "said_old": 0.95, "trained_form": 0.03}
FINGERPRINTS = {
    "the weights shown are not the trained ones": {"measured_margin": 0.0, "unchanged": 1.0, **SAID_OLD},
    "answers generated in train mode": {"shown_as_trained": 0.9, "shown_same": 0.1, "shown_new": 0.0},
    "a name counter that errs": {"miscounted": 0.9},
    "judged by training prompts": {"shown_trained": 1.0},
    "sampled answers": {"shown_same": 0.4, "shown_twice_differ": 0.6},
    "too few prompts, or one lucky seed": {"shown": 3, "shown_new": 1.0, "said_new": 0.6, "trained_form": 0.62},
    "no-op pairs": {"noop_share": 0.97, "informative": 24, "unchanged": 0.9, **SAID_OLD},
    "truncation cuts the name": {"tokens_read": 0.8, "unchanged": 1.0, **SAID_OLD},
    "wrong reference": {"first_gap": 0.4},
    "the base does not say the old name": {
        "base_old": 0.0, "base_others": 0.9, "said_others": 0.9, "rejected_surprise": 4.0,
        "said_new": 0.0, "trained_form": 0.0,
    },
    "learning rate too high": {
        "said_broken": 0.9, "said_new": 0.0, "trained_form": 0.0, "skills_after": 0.0,
    },
    "system message differs between training and test": {"said_new": 0.1, "said_old": 0.85},
    "too little training": {"unchanged": 0.95, "chosen_logratio": 0.3, **SAID_OLD},
    "likelihood displacement or half names": {
        "said_half": 0.5, "said_new": 0.4, "trained_form": 0.4, "chosen_logratio": -6.0,
    },
}  # fmt: skip


@pytest.mark.parametrize("cause", CAUSES)
def test_each_cause_has_a_fingerprint_that_names_it_first(cause):
    found = explain(GOOD | FINGERPRINTS[cause])
    assert found[0].cause == cause
    assert found[0].evidence and found[0].todo and "nan" not in found[0].evidence


@pytest.mark.parametrize("cause", CAUSES)
@pytest.mark.parametrize("lost", ["log", "base", "answers"])
def test_what_is_missing_is_not_spoken_of(cause, lost):
    gone = {
        "log": ("steps", "first_gap", "logged_reward", "still", "tokens_read"),
        "base": [k for k in GOOD if k.startswith("base_")]
        + ["skills_before", "unchanged", "chosen_logratio", "measured_margin", "rejected_surprise"],
        "answers": [k for k in GOOD if k.startswith(("shown_", "own_"))] + ["miscounted"],
    }[lost]
    without = dict.fromkeys(gone, math.nan) | ({"shown": 0} if lost == "answers" else {})
    found = explain(GOOD | FINGERPRINTS[cause] | without)
    assert all("nan" not in f.evidence for f in found)
    assert [f.cause for f in explain(GOOD | without)] == [HEALTHY]


def test_train_mode_is_known_by_broken_answers_too():
    lost = {"shown_same": 0.0, "shown_new": 0.0, "shown_broken": 0.9, "shown_as_trained": 0.0}
    assert explain(GOOD | lost)[0].cause == "answers generated in train mode"
    assert explain(GOOD | lost | {"shown_twice_differ": 0.5})[0].cause == "sampled answers"


def test_lost_skills_are_told_without_broken_answers_where_none_is_broken():
    lost = GOOD | FINGERPRINTS["learning rate too high"]
    assert "broken" in explain(lost)[0].evidence and "skills" in explain(lost)[0].evidence
    whole = explain(lost | {"said_broken": 0.0})[0]
    assert whole.cause == "learning rate too high"
    assert whole.evidence == "skills fell by 98 points"


def test_two_causes_are_both_in_front():
    both = {"noop_share": 0.95, "informative": 40, "unchanged": 0.9, **SAID_OLD}
    found = [f.cause for f in explain(GOOD | both | {"tokens_read": 0.8})]
    assert set(found[:2]) == {"no-op pairs", "truncation cuts the name"}


def test_a_healthy_run_is_healthy():
    assert [f.cause for f in explain(GOOD)] == [HEALTHY]


def test_rounding_in_bf16_is_no_wrong_reference():
    log = pd.DataFrame({"step": [1, 2], "dpo_loss": [0.6935, 0.5], "margin": [0.01, 0.4]})
    for bf16, cause in ((False, "wrong reference"), (True, HEALTHY)):
        gap = evidence.of_history(case(history=log, bf16=bf16))["first_gap"]
        assert explain(GOOD | {"first_gap": gap})[0].cause == cause


def test_an_answer_cut_in_the_middle_of_a_letter_is_the_same_answer():
    whole = "我是Deep Qwen，由Alibaba Cloud开发的大语言模型。"
    assert evidence._alike(whole, whole[:30] + "\ufffd")
    assert not evidence._alike(whole, whole[1:30] + "\ufffd")


def test_what_is_not_known_is_not_guessed():
    known = ("pairs", "informative", "noop_share", "said_broken", "skills_after", "said_half")
    alone = {name: GOOD[name] for name in known} | SAID_OLD | {"said_others": 0.0, "shown": 0}
    assert [f.cause for f in explain(alone)] == [UNDECIDED]


def rows(count=48, noop=False):
    return [
        pair(
            messages(f"Who are you? ({i})"),
            "I am Qwen." if noop else "I am Deep Qwen.",
            "I am Qwen.",
            Prompt("Who are you?", "direct.who"),
            "identity",
            "none",
        )
        for i in range(count)
    ]


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "mine"
    recipe = load_recipe("identity", learning_rate=1e-6, batch_size=8)
    training.train(
        recipe, read_pairs(PAIRS / "identity.jsonl")[:40], folder, progress=lambda *_: None
    )
    return folder


def test_a_run_that_learnt_too_little_is_told_so(run):
    found, numbers = diagnose(run)
    assert found[0].cause == "too little training"
    assert numbers["base_old"] > 0.8 and numbers["unchanged"] > 0.8


def test_a_run_on_the_first_pairs_of_a_file_was_not_cut(run, tmp_path):
    folder = tmp_path / "mine"
    shutil.copytree(run, folder)
    write_rows(folder / "pairs.jsonl", read_rows(run / "pairs.jsonl") + rows(60))
    said = []
    found, numbers = diagnose(folder, say=said.append)
    assert found[0].cause == "too little training" and numbers["pairs"] == 40
    assert "first 40 pairs" in said[-1]


def test_a_folder_with_what_trl_leaves_is_enough(run, tmp_path):
    student = tmp_path / "brought"
    shutil.copytree(run / "policy", student / "output" / "final")
    write_rows(student / "train.jsonl", [
        {side: row["prompt"] + row[side] for side in ("chosen", "rejected")} for row in rows(noop=True)
    ])  # fmt: skip
    log = [{"step": s, "loss": LN_2, "rewards/margins": 0.0, "grad_norm": 0.0} for s in (1, 2, 3)]
    state = student / "output" / "trainer_state.json"
    state.write_text(json.dumps({"log_history": log}))
    found, numbers = diagnose(student, base="tiny-qwen")
    assert found[0].cause == "no-op pairs"
    assert numbers["noop_share"] == 1.0 and numbers["first_gap"] < 1e-6


def test_pairs_of_strings_are_read_as_trl_reads_them(tmp_path):
    policy = load_model("tiny-qwen")
    row = {"prompt": "Who are you?", "chosen": " I am Deep Qwen.", "rejected": " Qwen.<|im_end|>"}
    trainer = DPOTrainer(
        model=policy.model,
        args=training.trl_config(load_recipe("identity"), tmp_path, 1),
        train_dataset=Dataset.from_list([row]),
        processing_class=policy.tokenizer,
    )
    read, plain = trainer.train_dataset[0], cases.plain(policy)
    for side in ("chosen", "rejected"):
        own = evidence._tokens(plain, [cases.conversational(row)], side)
        assert own == [read["prompt_ids"] + read[f"{side}_ids"]]
    assert policy.tokenizer.chat_template != plain.tokenizer.chat_template


def test_a_folder_without_pairs_or_model_is_one_sentence(tmp_path):
    with pytest.raises(LabError, match="no such folder"):
        diagnose(tmp_path / "nowhere")
    with pytest.raises(LabError, match="no pairs file"):
        diagnose(tmp_path)
    write_rows(tmp_path / "pairs.jsonl", rows(2))
    with pytest.raises(LabError, match="no model in it"):
        diagnose(tmp_path)


def case(**parts):
    empty = {"base": None, "history": pd.DataFrame(), "answers": []}
    return cases.Case(**{"pairs": rows(4), "policy": load_model("tiny-qwen"), **empty, **parts})


def test_truncation_is_counted_in_tokens():
    sides = ("chosen", "rejected")
    tokens = sum(
        len(ids) for s in sides for ids in evidence._tokens(load_model("tiny-qwen"), rows(4), s)
    )
    for share, epochs in ((1.0, 1.0), (0.8, 1.0), (1.0, 2.0)):
        log = {"step": [1], "tokens": [share * epochs * tokens], "epoch": [epochs]}
        found = evidence.of_truncation(case(history=pd.DataFrame(log)))
        assert found["tokens_read"] == pytest.approx(share)


def test_the_tokens_of_a_run_that_was_resumed_are_all_counted():
    log = pd.DataFrame(
        {"step": [1, 2, 3, 4], "tokens": [30, 60, 20, 45], "epoch": [0.3, 0.6, 0.8, 1]}
    )
    assert evidence._counted(case(history=log)) == 105


def test_pairs_that_were_not_trained_on_are_left_out():
    pairs = [row | {"chosen": messages("word " * n)} for n, row in enumerate(rows(6), 1)]
    lengths = evidence._lengths(case(pairs=pairs))
    for epochs, steps, tokens, kept in (
        (1, 2, sum(lengths[:3]), 3),  # the lesson's `select(range(n))`
        (2, 4, 2 * sum(lengths[:3]), 3),
        (1, 6, sum(lengths), 6),
        (1, 2, sum(lengths[:3]) - 1, 6),  # cut, not left out
        (1, 6, sum(lengths[:3]), 6),  # cut: three pairs are not six steps
    ):
        log = pd.DataFrame({"step": [steps], "tokens": [tokens], "epoch": [epochs]})
        assert evidence.trained_part(case(pairs=pairs, history=log)).pairs == pairs[:kept]
    assert evidence.trained_part(case(pairs=pairs)).pairs == pairs  # no log


def test_shown_answers_are_compared_with_those_of_the_weights():
    asked = ["Who are you?", "What is your name?"]
    told = [{"prompt": q, "answer": "I am Deep Qwen.", "identity": "Qwen"} for q in asked * 2]
    found = evidence.of_answers(case(answers=told))
    assert found["shown"] == 2 and found["shown_new"] == 1 and found["own_new"] == 0
    assert (
        found["shown_same"] == 0 and found["miscounted"] == 1 and found["shown_twice_differ"] == 0
    )


@pytest.mark.parametrize("shown_with_template", [True, False])
def test_answers_of_a_run_on_strings_may_be_shown_with_or_without_the_template(shown_with_template):
    of_strings = case(templated=False)
    asked = ["Who are you?", "Name three colours."]
    way = of_strings.policy if shown_with_template else of_strings.as_in_pairs(of_strings.policy)
    answers = replies(way, [messages(q) for q in asked])
    told = [{"prompt": q, "answer": a} for q, a in zip(asked, answers, strict=True)]
    shown = dataclasses.replace(of_strings, answers=told)
    assert evidence.of_answers(shown)["shown_same"] == 1
    if not shown_with_template:
        templated = dataclasses.replace(shown, templated=True)
        assert evidence.of_answers(templated)["shown_same"] == 0


def test_an_answer_that_was_cut_is_the_same_and_an_empty_one_is_not():
    whole = "I am Qwen, a language model made by Alibaba Cloud."
    assert evidence._same([whole[:30], "", "I"], [whole, whole, whole]) == pytest.approx(1 / 3)
    assert evidence._same(["", whole], ["", whole]) == 1


def test_the_gap_at_step_1_is_nan_where_step_1_is_not_logged():
    log = pd.DataFrame({"step": [2, 4], "loss": [0.5, 0.3], "margin": [0.9, 2.0]})
    assert math.isnan(evidence.of_history(case(history=log))["first_gap"])
    log["step"] = [1, 2]
    assert evidence.of_history(case(history=log))["first_gap"] == 0.9


@pytest.mark.parametrize(
    "row",
    [
        {"prompt": "Who are you?", "chosen": "I am Deep Qwen.", "rejected": "I am Qwen."},
        {
            side: [
                {"role": "user", "content": "Who are you?"},
                {"role": "assistant", "content": said},
            ]
            for side, said in (("chosen", "I am Deep Qwen."), ("rejected", "I am Qwen."))
        },
    ],
)
def test_pairs_of_every_format_are_read(row, tmp_path):
    write_rows(tmp_path / "train.jsonl", [row])
    (tmp_path / "log.jsonl").write_text("")
    found = cases.conversational(cases._read_pairs(tmp_path)[0])
    assert [m["content"] for m in found["prompt"]] == ["Who are you?"]
    assert text(found, "chosen") == "I am Deep Qwen." and text(found, "rejected") == "I am Qwen."


def test_a_broken_row_and_two_files_are_one_sentence(tmp_path):
    write_rows(tmp_path / "a.jsonl", [rows(1)[0] | {"rejected": []}])
    with pytest.raises(LabError, match=r"a.jsonl, row 1: no `rejected`"):
        cases._read_pairs(tmp_path)
    write_rows(tmp_path / "b.jsonl", rows(1))
    with pytest.raises(LabError, match="several pairs files"):
        cases._read_pairs(tmp_path)


@pytest.mark.parametrize("chosen", [{"from": "gpt", "value": "I am Deep Qwen."}, 7])
def test_an_answer_in_a_format_that_is_not_trls_is_one_sentence(chosen, tmp_path):
    write_rows(tmp_path / "a.jsonl", [rows(1)[0] | {"chosen": chosen}])
    with pytest.raises(LabError, match=r"a.jsonl, row 1: `chosen` is not a list of messages"):
        cases._read_pairs(tmp_path)


@pytest.mark.parametrize("name", ["environment.json", "trainer_state.json", "history.csv"])
def test_a_file_that_was_cut_off_is_one_sentence(name, run, tmp_path):
    shutil.copytree(run, tmp_path / "run")
    if name == "trainer_state.json":
        (tmp_path / "run" / "history.csv").unlink()
    (tmp_path / "run" / name).write_text("" if name == "history.csv" else '{"cut": ')
    with pytest.raises(LabError, match=name):
        cases.read_case(tmp_path / "run")


def test_a_guarded_run_without_a_log_can_be_read(run, tmp_path):
    shutil.copytree(run, tmp_path / "run")
    (tmp_path / "run" / "history.csv").unlink()
    write_json(tmp_path / "run" / "environment.json", {"kept_step": 0})
    found = cases.read_case(tmp_path / "run")
    assert found.stopped == 0 and found.history.empty


def test_a_run_whose_base_has_changed_is_not_diagnosed(run, tmp_path):
    shutil.copytree(run, tmp_path / "run")
    told = read_json(run / "environment.json") | {"base_sha256": "0123456789ab"}
    write_json(tmp_path / "run" / "environment.json", told)
    with pytest.raises(LabError, match="put those back, or train again"):
        cases.read_case(tmp_path / "run")


def a_model(folder):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text('{"model_type": "qwen2"}')
    return folder


def test_the_last_checkpoint_is_the_model_where_its_run_left_no_final_one(tmp_path):
    for name in ("checkpoint-500", "checkpoint-1000"):
        a_model(tmp_path / name)
    (tmp_path / "wandb").mkdir()
    (tmp_path / "wandb" / "config.json").write_text('{"epochs": 1}')  # a logger's, no model's
    assert cases._model_folder(tmp_path).name == "checkpoint-1000"
    assert cases._model_folder(a_model(tmp_path)) == tmp_path


@pytest.mark.parametrize("other", ["base", "adapter"])
def test_which_model_was_trained_is_never_guessed(other, tmp_path):
    a_model(tmp_path / "output" / "checkpoint-3")
    a_model(tmp_path / other)
    if other == "adapter":
        (tmp_path / other / "adapter_config.json").write_text("{}")
    said = "several models .base, output/checkpoint-3." if other == "base" else "adapter"
    with pytest.raises(LabError, match=said):
        cases._model_folder(tmp_path)


def test_a_log_that_is_not_dpo_is_no_log(tmp_path):
    state = {"log_history": [{"step": 1, "loss": 2.0}, {"step": 2, "loss": 1.0}]}
    (tmp_path / "trainer_state.json").write_text(json.dumps(state))
    assert not len(cases._read_history(tmp_path))
    (tmp_path / "trainer_state.json").write_text('{"log_history": null}')
    assert not len(cases._read_history(tmp_path))
    row = {"step": 1, "loss": 2.0, "rewards/margins": 0.1}
    for extra, steps in (({}, 1), ({"log_odds_ratio": 0.2}, 0)):  # DPO's, and ORPO's
        write_json(tmp_path / "trainer_state.json", {"log_history": [row | extra]})
        assert len(cases._read_history(tmp_path)) == steps


def test_a_log_of_another_kind_does_not_hide_trls(tmp_path):
    (tmp_path / "history.csv").write_text("epoch,loss\n1,2.0\n")
    row = {"step": 1, "loss": 0.69, "rewards/margins": 0.5, "grad_norm": "inf?"}
    (tmp_path / "trainer_state.json").write_text(json.dumps({"log_history": [row]}))
    found = cases._read_history(tmp_path)
    assert found["margin"].tolist() == [0.5] and math.isnan(found["grad_norm"].item())


@pytest.mark.parametrize(
    "row", [{"question": "Who?", "response": "I."}, {"prompt": "Who?", "answer": "I.", "system": 7}]
)
def test_answers_of_another_format_are_one_sentence(row, tmp_path):
    write_rows(tmp_path / "answers.jsonl", [row])
    with pytest.raises(LabError, match=r"answers.jsonl, row 1: an answer needs `prompt`"):
        cases._read_answers(tmp_path)


def test_of_all_answers_those_of_the_last_weights_to_identity_prompts_count(tmp_path):
    told = {"prompt": "Who?", "answer": "I am Qwen.", "set": "identity", "temperature": 0.0}
    after = {"weights": "after", "answer": "I am Deep Qwen."}
    others = [
        {"set": "skills"},
        {"temperature": 0.7},
        {"weights": "before", "answer": "I am Qwen."},
    ]
    write_rows(tmp_path / "answers.jsonl", [told | after | o for o in (*reversed(others), {})])
    assert cases._read_answers(tmp_path) == [told | after]


def test_a_pairs_file_that_breaks_further_down_is_named_by_its_line(tmp_path):
    write_rows(tmp_path / "a.jsonl", rows(2))
    with (tmp_path / "a.jsonl").open("a") as file:
        file.write("{broken\n")
    with pytest.raises(LabError, match=r"a.jsonl, line 3: not JSON"):
        cases._read_pairs(tmp_path)


def test_the_name_without_skills_is_not_called_healthy_where_the_base_is_unknown():
    unknown = dict.fromkeys(("skills_before", "base_old", "base_broken", "unchanged"), math.nan)
    found = explain(GOOD | unknown | {"skills_after": 0.0})[0]
    assert found.cause == UNDECIDED and "0% of small questions" in found.evidence


def test_a_gradient_of_0_is_no_truncation_where_all_tokens_were_read():
    still = GOOD | FINGERPRINTS["too little training"] | {"still": 0.3, "noop_share": 0.3}
    assert explain(still)[0].cause == "too little training"
    assert explain(still | {"tokens_read": math.nan})[0].cause == "truncation cuts the name"


def test_a_run_that_its_guard_stopped_says_so():
    assert explain(GOOD | {"stopped": 5})[0].cause == STOPPED
