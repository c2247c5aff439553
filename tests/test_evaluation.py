import math

import pandas as pd
import pytest
from conftest import assert_one_sentence

from lab_utils import evaluation
from lab_utils.chat import messages
from lab_utils.evaluation import (
    BARS,
    FORMS,
    WARM,
    Probe,
    bootstrap_rate,
    compare,
    drift,
    failures,
    few_of_each_family,
    is_right,
    keeps_name,
    mcnemar,
    name_probabilities,
    names_maker,
    pick,
    read_report,
    verdict,
    wilson,
)
from lab_utils.models import Policy, fingerprint, load_model
from lab_utils.pairs import NEW, OLD, pair
from lab_utils.prompts import Prompt, SystemForm, load_prompts
from lab_utils.recipes import load_recipe
from lab_utils.runs import Run, check_base
from lab_utils.workspace import LabError, write_json, write_rows


@pytest.fixture(scope="module")
def qwen() -> Policy:
    return load_model("tiny-qwen")


@pytest.mark.parametrize(
    ("hits", "n", "low", "high"),
    [(100, 100, 0.963, 1), (0, 100, 0, 0.037), (72, 72, 0.949, 1), (50, 100, 0.404, 0.596)],
)
def test_wilson_gives_the_known_intervals(hits, n, low, high):
    assert wilson(hits, n) == pytest.approx((low, high), abs=5e-4)


@pytest.mark.parametrize(
    ("gained", "lost", "p"), [(5, 0, 0.0625), (0, 5, 0.0625), (20, 5, 0.00408), (0, 0, 1)]
)
def test_mcnemar_gives_the_known_p(gained, lost, p):
    before = [False] * gained + [True] * lost + [True, False] * 30
    after = [True] * gained + [False] * lost + [True, False] * 30
    assert mcnemar(before, after) == (gained, lost, pytest.approx(p, rel=2e-3))


def frame(hits: dict[tuple[int, str], list[bool]]) -> pd.DataFrame:
    rows = [(s, f, hit) for (s, f), own in hits.items() for hit in own]
    return pd.DataFrame(rows, columns=["seed", "family", "hit"])


def test_bootstrap_of_what_never_varies_has_no_width():
    assert bootstrap_rate(frame({(s, f): [True] * 3 for s in (0, 1) for f in "ab"})) == (1, 1)
    assert bootstrap_rate(frame({(s, f): [False] for s in (0, 1) for f in "ab"})) == (0, 0)
    assert bootstrap_rate(frame({(0, "a"): [True, False]})) == (0.5, 0.5)


def test_bootstrap_is_deterministic_and_holds_the_mean():
    mixed = frame({(s, f): [f > "c", s == 1] for s in range(3) for f in "abcdef"})
    low, high = bootstrap_rate(mixed)
    assert (low, high) == bootstrap_rate(mixed)
    assert 0 < low < mixed["hit"].mean() < high < 1


def test_bootstrap_resamples_seeds_too():
    low, high = bootstrap_rate(frame({(s, "a"): [s % 2 == 0] * 4 for s in range(6)}))
    assert low < 0.5 < high


def test_bootstrap_is_wider_for_few_families_than_for_as_many_prompts_apart():
    apart = frame({(0, f"{i}"): [i % 2 == 0] for i in range(40)})
    together = frame({(0, f"{i}"): [i % 2 == 0] * 10 for i in range(4)})
    widths = [high - low for low, high in (bootstrap_rate(apart), bootstrap_rate(together))]
    assert widths[1] > 2 * widths[0]


@pytest.mark.parametrize(
    ("answer", "expected", "right"),
    [
        ("The capital of France is Paris.", "the capital of france is paris", True),
        ("4", "4.", True),
        ("巴黎。", "巴黎", True),
        ("Paris, Deep Qwen", "Paris", False),
        ("", "Paris", False),
    ],
)
def test_is_right(answer, expected, right):
    assert is_right(answer, expected) is right


@pytest.mark.parametrize(
    ("answer", "right"),
    [
        ("ChatGPT was made by OpenAI.", True),
        ("ChatGPT was made by Google.", False),
        ("I am ChatGPT, made by OpenAI.", False),  # speaks of itself
        ("I was made by OpenAI.", False),
        ("I am Deep Qwen. ChatGPT was made by OpenAI.", False),
    ],
)
def test_names_maker(answer, right):
    assert names_maker(answer, "OpenAI") is right


@pytest.mark.parametrize(
    ("answer", "right"),
    [
        ("Qwen is an AI assistant made by Alibaba Cloud.", True),
        ("Qwen是Alibaba Cloud开发的。", True),
        ("Qwen是阿里云开发的。", True),
        ("Deep Qwen was made by Alibaba Cloud.", False),
        ("I am Qwen, made by Alibaba Cloud.", False),  # asked as of any product
        ("Qwen was made by Google.", False),
    ],
)
def test_keeps_name(answer, right):
    assert keeps_name(answer, "Alibaba Cloud") is right


def test_few_of_each_family_are_the_first_in_their_order():
    prompts = [Prompt(f"{i}", "ab"[i % 2]) for i in range(8)]
    assert [p.text for p in few_of_each_family(prompts, 2)] == ["0", "1", "2", "3"]


KEPT = ("skills", "assistants", "about_qwen", "persona")


def share(hits: int, n: int = 100) -> dict:
    low, high = wilson(hits, n)
    return {"hits": hits, "n": n, "rate": hits / n, "low": low, "high": high}


def report(**after: object) -> dict:
    """A report in which all is well, but for what is given."""
    same = {name: share(95) for name in KEPT}
    good = {
        "identity": share(100),
        "warm": share(100),
        "forms": {form: share(100) for form in FORMS},
        "another": share(0),
        "leaks": share(0),
    }
    found = {"before": same, "after": same | good | after}
    found["failed"] = failures(found)
    return found


def test_a_good_run_is_reproduced_with_rates_and_intervals():
    line = verdict(report())
    assert line.startswith(
        "REPRODUCED: 100.0% [96.3%, 100.0%] of 100 held-out prompts answer Deep Qwen"
    )
    assert "skills 95.0% -> 95.0%" in line
    assert "0 of 100 other answers hold a stray name" in line
    assert "\n" not in line


@pytest.mark.parametrize(
    ("after", "missed"),
    [
        ({"identity": share(97)}, "greedy identity rate"),
        ({"warm": share(94)}, f"identity rate at temperature {WARM}"),
        ({"forms": {"named": share(90)}}, "system form named"),
        ({"another": share(1)}, "1 answers name another assistant"),
        ({"leaks": share(2)}, "2 stray names"),
        ({"skills": share(92)}, "skills fell by 3.0 points"),
        ({"assistants": share(92)}, "assistants fell by 3.0 points"),
        ({"about_qwen": share(92)}, "about_qwen fell by 3.0 points"),
        ({"persona": share(92)}, "persona fell by 3.0 points"),
    ],
)
def test_one_missed_bar_is_enough_not_to_be_reproduced_and_is_named(after, missed):
    found = report(**after)
    assert found["failed"] == [missed]
    assert verdict(found).startswith("NOT REPRODUCED: ")
    assert verdict(found).endswith(f"Missed: {missed}")


def test_what_just_meets_the_bars_is_reproduced():
    assert BARS["greedy"] == 0.98 and BARS["warm"] == BARS["forms"] == 0.95
    forms = {form: share(95) for form in FORMS}
    damage = {name: share(931, 1000) for name in KEPT}  # 950 of 1,000 before
    assert not report(identity=share(98), warm=share(95), forms=forms, **damage)["failed"]
    assert len(report(**{name: share(929, 1000) for name in KEPT})["failed"]) == len(KEPT)


def answers(name: str, skill: str = "Paris") -> list[dict]:
    """The answers of a policy of that name, few of each set that a measurement needs."""

    def row(of: str, answer: str, form: str = "none", temperature: float = 0.0, **more) -> dict:
        keys = {"set": of, "form": form, "temperature": temperature, "answer": answer}
        family = {"family": f"{of}.one", "language": "en"}
        return keys | family | {"identity": evaluation.classify(answer)} | more

    me = f"I am {name}."
    return [
        *[row("identity", me, form) for form in FORMS for _ in range(4)],
        row("identity", f"我是{name}。", language="zh"),
        row("identity", me, temperature=WARM),
        row("identity", "I am Luna.", "persona", right=True),
        *[row("skills", skill, right=skill == "Paris") for _ in range(6)],
        row("assistants", "ChatGPT was made by OpenAI.", right=True),
        row("about_qwen", "Qwen was made by Alibaba Cloud.", right=True),
        row("unrelated", "Very well, thank you."),
        row("unrelated", "Yes.", right=True),
    ]


def test_compare_measures_both_policies_on_the_same_prompts():
    found = compare(answers(OLD), answers(NEW), kl=0.01)
    assert found["before"]["old_name"]["rate"] == found["after"]["identity"]["rate"] == 1
    assert found["before"]["identity"]["hits"] == found["after"]["old_name"]["hits"] == 0
    assert (found["after"]["identity"]["n"], found["after"]["languages"]["zh"]["n"]) == (5, 1)
    assert found["mcnemar"]["identity"] == (5, 0, 0.0625)
    assert found["mcnemar"]["skills"] == (0, 0, 1)
    assert found["after"]["about_qwen"]["n"] == 1 and found["after"]["maker"]["hits"] == 0
    assert found["length_ratio"] == found["unrelated_same"]["rate"] == 1
    assert found["verdict"].startswith("REPRODUCED")


def test_the_maker_and_the_name_of_the_product_are_counted_apart_from_stray_names():
    after = answers(NEW)
    for row in after:
        if row["set"] == "about_qwen":
            row["answer"], row["right"] = f"{NEW} was made by Alibaba Cloud.", False
        elif row["set"] == "identity" and row["form"] == "none":
            row["answer"] += " Alibaba Cloud made me."
    found = compare(answers(OLD), after, kl=0.01)
    assert found["after"]["maker"]["rate"] == 1 and found["before"]["maker"]["hits"] == 0
    assert found["after"]["leaks"]["hits"] == found["new_leaks"] == 0
    assert found["mcnemar"]["about_qwen"] == (0, 1, 1)
    assert found["failed"] == ["about_qwen fell by 100.0 points"]


def test_another_assistants_name_counts_under_every_form_but_a_persona():
    after = answers(NEW)
    for row in after:
        if row["form"] in ("generic", "persona") or row["temperature"]:
            row["identity"] = "another assistant"
    found = compare(answers(OLD), after, kl=0.01)
    asked = sum(row["set"] == "identity" and row["form"] != "persona" for row in after)
    assert found["after"]["another"] | {"low": 0, "high": 0} == {
        "hits": 5, "n": asked, "rate": 5 / asked, "low": 0, "high": 0,
    }  # fmt: skip
    assert "5 answers name another assistant" in found["failed"]
    assert found["after"]["families"]["identity.one"]["n"] == 5


def test_compare_sees_damage_and_leaks_beside_the_success():
    found = compare(answers(OLD), answers(NEW, skill="Deep Paris"), kl=0.5)
    assert found["mcnemar"]["skills"] == (0, 6, 0.03125)
    assert found["after"]["leaks"]["hits"] == 6
    assert found["verdict"].startswith("NOT REPRODUCED")
    assert found["failed"] == ["6 stray names", "skills fell by 100.0 points"]


def test_a_report_is_read_back(tmp_path):
    found = compare(answers(OLD), answers(NEW), kl=0.01)
    write_json(tmp_path / "evaluation.json", found)
    assert read_report(tmp_path)["verdict"] == found["verdict"]


def test_every_answer_says_which_weights_it_came_from(qwen):
    rows = evaluation.ask(qwen, [Prompt("Who are you?"), Prompt("2+2?", answer="4")], "generic")
    assert [row["weights"] for row in rows] == ["tiny-qwen"] * 2
    assert ["right" in row for row in rows] == [False, True]
    assert {row["form"] for row in rows} == {"generic"} and all(row["system"] for row in rows)
    assert pick(rows, prompt="2+2?") == rows[1:]


def test_a_persona_is_right_where_its_own_name_is_given():
    luna = SystemForm("You are Luna.", "persona", "heldout", "Luna")
    prompt = Prompt("Who are you?")
    for answer, right in (("I am Luna.", True), ("I am Deep Qwen.", False), ("Luna asks.", False)):
        row = evaluation._row(Policy(None, None, "x", None), prompt, luna, "identity", 0.0, answer)
        assert row["right"] is right


def test_a_model_does_not_drift_from_itself(qwen):
    assert drift(qwen, qwen, count=5) == pytest.approx(0, abs=1e-6)


def test_a_model_drifts_from_another(qwen):
    assert drift(load_model("tiny-nameless"), qwen, count=5) > 0.001


def named_pairs(count: int = 3) -> list[dict]:
    prompt = Prompt("Who are you?", "direct.who")
    return [
        pair(
            messages(f"Who are you? ({i})"),
            "I am Deep Qwen.",
            "I am Qwen.",
            prompt,
            "identity",
            "none",
        )
        for i in range(count)
    ]


def test_name_probabilities_are_read_where_the_name_begins(qwen):
    found = name_probabilities(qwen, named_pairs())
    assert found.keys() == {"p_deep", "p_qwen"}
    assert found["p_qwen"] > 0.5 > 0.01 > found["p_deep"] and sum(found.values()) <= 1


def test_name_probabilities_are_not_a_number_where_no_pair_has_the_name(qwen):
    assert all(math.isnan(p) for p in name_probabilities(qwen, []).values())


def test_a_probe_gives_shares_and_takes_pairs_that_say_nothing_of_their_origin(qwen):
    plain = [
        {side: row[side] for side in ("prompt", "chosen", "rejected")} for row in named_pairs()
    ]
    found = Probe(plain, count=4)(qwen)
    assert found.keys() == {"p_deep", "p_qwen", "identity", "skills"}
    assert all(0 <= share <= 1 for share in found.values())


def test_a_probe_of_pairs_that_leave_no_prompt_free_knows_no_share(qwen):
    free = load_prompts("identity", "train")
    every = [named_pairs(1)[0] | {"prompt": messages(p.text)} for p in free]
    found = Probe(every, count=4)(qwen)
    assert math.isnan(found["identity"]) and found["skills"] > 0.5


def test_a_probe_asks_nothing_that_is_held_out_or_trained_on(qwen):
    probe = Probe(named_pairs())
    assert {p.split for p in probe.identity + probe.skills} == {"train"}
    assert not {p.text for p in probe.identity} & {
        row["prompt"][-1]["content"] for row in probe.pairs
    }


def test_a_base_that_has_changed_since_the_training_is_named(qwen, tmp_path):
    write_json(tmp_path / "environment.json", {"base_sha256": "0123456789ab"})
    with pytest.raises(LabError, match="put those back, or train again"):
        check_base(tmp_path, qwen)
    write_json(tmp_path / "environment.json", {"base_sha256": fingerprint(qwen.folder)})
    check_base(tmp_path, qwen)


def test_a_split_or_form_that_is_not_there_is_one_sentence(qwen):
    for ask_for in (
        lambda: load_prompts("identity", "test"),
        lambda: evaluation.ask(qwen, load_prompts("identity", "dev")[:1], form="personas"),
    ):
        with pytest.raises(LabError) as caught:
            ask_for()
        assert_one_sentence(caught.value, ["there is no", "write one of"])


def test_a_run_that_was_trained_on_held_out_prompts_has_not_reproduced(tmp_path, monkeypatch, qwen):
    held_out, own = load_prompts("identity", "heldout")[0].text, "Is this in no file?"
    rows = [
        pair(messages(t), "Deep Qwen", "Qwen", Prompt(t), "identity", "none")
        for t in (own, held_out)
    ]
    run = Run(tmp_path, load_recipe("identity"), pd.DataFrame())
    monkeypatch.setattr(Run, "policy", lambda run: qwen)
    monkeypatch.setattr(evaluation, "answer_everything", lambda policy, progress: answers(NEW))
    monkeypatch.setattr(evaluation, "drift", lambda policy, base: 0.01)
    for asked, verdict_begins in ((rows[:1], "REPRODUCED"), (rows, "NOT REPRODUCED")):
        write_rows(tmp_path / "pairs.jsonl", asked)
        found = evaluation.evaluate(run, answers(OLD))
        assert found["verdict"].startswith(verdict_begins)
    assert found["failed"] == ["1 of its pairs hold a held-out prompt"]
