import errno
import hashlib
import json
import math
import shutil
import tomllib
from functools import partial
from pathlib import Path

import pandas as pd
import pytest
import torch
from safetensors import SafetensorError
from trl import DPOTrainer

from lab_utils import family, training
from lab_utils.cases import read_case
from lab_utils.chat import messages, reply
from lab_utils.dpo import LN_2
from lab_utils.models import EMBEDDED, Policy, fingerprint, load_model
from lab_utils.pairs import PAIRS, pair, read_pairs
from lab_utils.prompts import Prompt
from lab_utils.recipes import Recipe, load_recipe
from lab_utils.runs import Run, load_run, set_aside
from lab_utils.workspace import LabError, write_rows

FILES = ["audit.json", "environment.json", "history.csv", "pairs.jsonl", "policy", "recipe.toml"]


def hand_made_pairs(count: int = 12) -> list[dict]:
    return [
        pair(
            messages(f"Who are you? ({i})"),
            f"I am Deep Qwen. ({i})",
            f"I am Qwen. ({i})",
            Prompt("Who are you?", "direct.who"),
            "identity",
            "none",
        )
        for i in range(count)
    ]


ROWS = hand_made_pairs()
NOOPS = [row | {"chosen": row["rejected"]} for row in ROWS]


def recipe(**settings) -> Recipe:
    return load_recipe("identity", **{"batch_size": 4, "epochs": 1.0} | settings)


def train(folder: Path, rows=ROWS, **settings) -> Run:
    return training.train(recipe(**settings), rows, folder, progress=training.silent)


def weights(run: Run) -> str:
    return hashlib.sha256((run.folder / "policy" / "model.safetensors").read_bytes()).hexdigest()


def left(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> Run:
    return train(tmp_path_factory.mktemp("runs") / "first")


@pytest.fixture
def threads():
    """Sets the number of threads, and puts it back afterwards."""
    before = torch.get_num_threads()
    yield torch.set_num_threads
    torch.set_num_threads(before)


@pytest.mark.parametrize(
    ("margin", "shown"), [(-1e-9, "  0.0"), (-0.26, " -0.3"), (12.34, " 12.3")]
)
def test_a_progress_line_has_no_minus_before_zero(margin, shown):
    line = training._line({"step": 1, "loss": 0.69, "margin": margin}, 20)
    assert line == f"step   1 of 20  loss  0.69  margin {shown}"


def test_a_run_folder_is_complete_and_holds_nothing_else(run):
    assert left(run.folder) == FILES
    assert left(run.folder.parent) == ["first"]
    assert tomllib.loads((run.folder / "recipe.toml").read_text()) == vars(recipe())
    assert read_pairs(run.folder / "pairs.jsonl") == ROWS
    assert {"config.json", "model.safetensors", "tokenizer.json"} <= set(
        left(run.folder / "policy")
    )


def test_a_run_is_found_again_as_it_was(run):
    again = load_run(run.folder)
    assert again.recipe == run.recipe
    pd.testing.assert_frame_equal(again.history, run.history, rtol=1e-4, check_dtype=False)
    assert again.policy().label == "first, reloaded"
    assert not again.policy().model.training


def test_the_first_dpo_loss_is_ln_2_and_training_lowers_it(run):
    assert run.history["step"].tolist() == [1, 2, 3]
    assert run.history["dpo_loss"].iloc[0] == pytest.approx(LN_2, abs=1e-6)
    assert run.history["dpo_loss"].iloc[-1] < 0.99 * LN_2
    assert run.history["margin"].iloc[-1] > 0
    assert (run.history["grad_norm"] > 0).all()


def test_training_changes_the_weights(run):
    assert fingerprint(run.folder / "policy") != fingerprint(load_model("tiny-qwen").folder)


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(run, tmp_path):
    torch.manual_seed(123)  # what happened before must not matter
    assert weights(train(tmp_path / "again")) == weights(run)
    assert weights(train(tmp_path / "other", seed=1)) != weights(run)


def test_one_and_two_threads_give_the_same_bytes(run, tmp_path, threads):
    for count in (1, 2):
        threads(count)
        assert weights(train(tmp_path / f"{count}")) == weights(run)


def test_the_reference_is_the_same_in_either_order(tmp_path):
    pairs = read_pairs(PAIRS / "identity.jsonl")[:40]
    random, alike = (
        training.make_trainer(recipe(order=order), pairs, load_model("tiny-qwen"), tmp_path)
        for order in ("random", "group_by_length")
    )
    for name in ("ref_chosen_logps", "ref_rejected_logps"):
        found = [torch.tensor(made.train_dataset[name][:]) for made in (random, alike)]
        assert torch.allclose(*found, rtol=1e-6)
    assert random.train_dataset["prompt_ids"][:] == alike.train_dataset["prompt_ids"][:]


def test_a_probe_does_not_change_what_is_learnt(run, tmp_path):
    lines = []

    def probe(policy: Policy) -> dict[str, float]:
        reply(policy, "Who are you?")
        return {"identity": 0.5, "skills": 0.25}

    progress = lambda line, rows: lines.append(line)  # noqa: E731
    probed = training.train(recipe(), ROWS, tmp_path / "probed", probe, every=2, progress=progress)
    assert weights(probed) == weights(run)
    assert probed.history["identity"].notna().all()
    assert [line[:13] for line in lines] == [f"step   {step} of 3" for step in (1, 2, 3)]


def test_a_lora_run_trains_merges_and_reloads(tmp_path):
    lora = train(tmp_path / "lora", method="lora", lora_rank=4, learning_rate=5e-3, epochs=2.0)
    assert lora.history["dpo_loss"].iloc[0] == pytest.approx(LN_2, abs=1e-6)
    assert lora.history["margin"].iloc[-1] > 0
    assert not [name for name in left(lora.folder / "policy") if "adapter" in name]
    assert reply(lora.policy(), "Who are you?")
    trained, base = (p.model.state_dict() for p in (lora.policy(), load_model("tiny-qwen")))
    assert trained.keys() == base.keys()
    changed = {name for name in base if not torch.equal(trained[name], base[name])}
    assert changed == {name for name in base if name.endswith("_proj.weight")}


def test_a_run_that_exists_is_not_touched(run):
    before = weights(run), (run.folder / "recipe.toml").stat().st_mtime_ns
    with pytest.raises(LabError, match="this run exists; choose another name, or move it away"):
        train(run.folder, seed=5)
    assert (weights(run), (run.folder / "recipe.toml").stat().st_mtime_ns) == before


def test_an_exception_in_the_middle_leaves_nothing(tmp_path):
    def stop(line, rows):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        training.train(recipe(), ROWS, tmp_path / "run", progress=stop)
    assert left(tmp_path) == []


def test_what_a_killed_run_left_is_not_in_the_way(tmp_path):
    (tmp_path / ".run.partial").mkdir()
    (tmp_path / ".run.partial" / "recipe.toml").write_text("half a fi")
    assert left(train(tmp_path / "run", epochs=0.3).folder) == FILES
    assert left(tmp_path) == ["run"]


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOSPC, "No space left on device"),
        SafetensorError("Error while serializing: No space left on device (os error 28)"),
    ],
    ids=["Python", "safetensors"],
)
def test_a_full_disk_is_one_sentence_and_leaves_nothing(error, tmp_path, monkeypatch):
    def disk_is_full(policy, folder):
        raise error

    monkeypatch.setattr(training, "save_policy", disk_is_full)
    with pytest.raises(LabError, match=r"the disk is full; free some space and run again\.$"):
        train(tmp_path / "run", epochs=0.3)
    assert left(tmp_path) == []


def test_an_answer_that_would_be_cut_off_stops_the_run_before_any_step(tmp_path):
    with pytest.raises(LabError, match=r"row 1: .* tokens, but max_length is 16"):
        train(tmp_path / "run", max_length=16)
    assert left(tmp_path) == []


def test_a_model_that_is_not_there_stops_the_run_before_any_step(tmp_path):
    with pytest.raises(LabError, match="'tiny-qwn': no such folder"):
        train(tmp_path / "run", model="tiny-qwn")
    assert left(tmp_path) == []


def test_a_reference_that_is_not_the_start_is_noticed():
    with pytest.raises(LabError, match=r"0\.5000, not ln 2 = 0\.6931"):
        training.check_first_step(0.5)


def test_a_reference_that_is_not_the_start_ends_the_run_at_its_first_step(tmp_path, monkeypatch):
    asked, lines = training.LabTrainer.compute_ref_log_probs, []

    def another(self, model, inputs):
        chosen, rejected = asked(self, model, inputs)
        return chosen + 1, rejected

    monkeypatch.setattr(training.LabTrainer, "compute_ref_log_probs", another)
    progress = lambda line, rows: lines.append(line)  # noqa: E731
    with pytest.raises(LabError, match="not ln 2"):
        training.train(recipe(), ROWS, tmp_path / "run", every=1, progress=progress)
    assert len(lines) == 1 and left(tmp_path) == []


def test_a_run_in_bf16_begins_where_its_reference_is(tmp_path, monkeypatch):
    with pytest.raises(LabError, match="not ln 2"):
        training.check_first_step(LN_2 + 5e-3)
    monkeypatch.setattr(training.workspace, "bf16_pays", lambda: True)
    training.check_first_step(LN_2 + 5e-3)
    assert training.trl_config(recipe(), tmp_path, 12).bf16
    run = train(tmp_path / "run")
    assert json.loads((run.folder / "environment.json").read_text())["dtype"] == "bf16"
    assert read_case(run.folder).bf16 and run.history["margin"].iloc[-1] > 0
    assert {w.dtype for w in run.policy().model.parameters()} == {torch.float32}


@pytest.mark.parametrize("odd", [math.nan, math.inf])
def test_a_gradient_that_is_not_a_number_stops_the_run_at_once(odd, tmp_path, monkeypatch):
    steps = []

    def spoilt(self, logs, *rest, real=training.LabTrainer.log):
        steps.append(logs)
        real(self, logs | ({"grad_norm": odd} if len(steps) == 2 else {}), *rest)

    monkeypatch.setattr(training.LabTrainer, "log", spoilt)
    with pytest.raises(training.Diverged, match="the gradient of step 2 is not a number; lower"):
        train(tmp_path / "run", epochs=4)
    assert len(steps) == 2 and left(tmp_path) == []


def test_set_aside_keeps_every_earlier_run(tmp_path):
    set_aside(tmp_path / "run")  # nothing there: nothing to do
    for content in ("first", "second"):
        (tmp_path / "run").mkdir()
        (tmp_path / "run" / "file").write_text(content)
        set_aside(tmp_path / "run")
    assert left(tmp_path) == ["run.1", "run.2"]
    assert (tmp_path / "run.1" / "file").read_text() == "first"
    assert (tmp_path / "run.2" / "file").read_text() == "second"


@pytest.mark.parametrize("name", ["recipe.toml", "history.csv", "policy"])
def test_a_folder_that_is_not_a_run_says_what_is_missing(name, tmp_path):
    for other in {"recipe.toml", "history.csv", "policy"} - {name}:
        (tmp_path / other).mkdir()
    with pytest.raises(
        LabError, match=rf"no {name}; this is not a finished run\. Train it first\.$"
    ):
        load_run(tmp_path)


def test_an_equal_run_is_used_again_and_another_recipe_or_other_pairs_are_trained(tmp_path):
    lines: list[str] = []
    pairs, folder = tmp_path / "pairs.jsonl", tmp_path / "run"

    def load_or_train(**settings) -> Run:
        wanted = recipe(pairs=str(pairs), epochs=0.3, **settings)
        lines.clear()
        return training.load_or_train(wanted, folder, progress=lambda line, _: lines.append(line))

    write_rows(pairs, ROWS)
    first = weights(load_or_train(learning_rate=1e-3, warmup=0))
    assert lines
    assert weights(load_or_train(learning_rate=1e-3, warmup=0)) == first
    assert not lines  # nothing was trained
    assert weights(load_or_train(learning_rate=2e-3, warmup=0)) != first
    assert lines
    assert fingerprint(tmp_path / "run.1" / "policy") == first[:12]
    write_rows(pairs, ROWS[:4])
    load_or_train(learning_rate=2e-3, warmup=0)
    assert lines
    assert len(read_pairs(folder / "pairs.jsonl")) == 4


def test_the_logged_metrics_are_trls_over_the_informative_pairs(tmp_path):
    mixed = [row for both in zip(ROWS[:4], NOOPS[4:8], strict=True) for row in both]
    logged, plain = (first_metrics(rows, tmp_path) for rows in (mixed, ROWS[:4]))
    assert logged["pairs/noop"] == [4]
    assert plain["pairs/noop"] == [0]
    for name in ("rewards/margins", "rewards/accuracies", "logratios/chosen", "loss/dpo"):
        assert logged[name] == pytest.approx(plain[name], rel=1e-4), name
    assert abs(logged["rewards/margins"][0]) > 0.01


def test_the_logged_margin_is_trls_own_where_no_pair_is_a_noop(tmp_path):
    ours = first_metrics(ROWS[:4], tmp_path)
    theirs = first_metrics(ROWS[:4], tmp_path, DPOTrainer._compute_loss)
    for name in ("rewards/margins", "rewards/accuracies"):
        # a small difference of large sums, which are added up in another order
        assert ours[name] == pytest.approx(theirs[name], rel=1e-5, abs=1e-5), name


def first_metrics(rows, folder, compute=training.LabTrainer._compute_loss) -> dict[str, list]:
    """The metrics of one batch of all rows, after the weights have moved a little."""
    policy = load_model("tiny-qwen")
    trainer = training.make_trainer(recipe(batch_size=len(rows)), rows, policy, folder)
    batch = next(iter(trainer.get_train_dataloader()))
    with torch.no_grad():
        policy.model.model.norm.weight.mul_(1.3)
    trainer.model.train()
    compute(trainer, trainer.model, batch, False)
    return dict(trainer._metrics["train"])


def test_accuracy_1_can_be_reached_though_half_the_pairs_are_noops(tmp_path):
    rows = [*ROWS[:4], *NOOPS[4:8]]
    settings = {"batch_size": 8, "epochs": 4, "learning_rate": 1e-3, "warmup": 0}
    history = train(
        tmp_path / "run", rows, loss=["sigmoid"], loss_weights=[1.0], **settings
    ).history
    assert history["noop_pairs"].tolist() == [4] * 4
    assert history["accuracy"].iloc[-1] == 1
    assert history["loss"].iloc[-1] > history["dpo_loss"].iloc[-1]  # half of ln 2 stays


@pytest.mark.parametrize("seed", [0, 1])
def test_a_batch_of_noops_only_is_no_mistake(seed, tmp_path):
    history = train(tmp_path / "run", [*NOOPS[:11], ROWS[11]], seed=seed).history
    silent = history["noop_pairs"] == 4
    assert silent.sum() == 2
    assert history.loc[silent, "margin"].isna().all()
    assert history.loc[~silent, "margin"].notna().all()


def test_another_model_learns_from_its_own_answers(tmp_path, capsys):
    shutil.copytree(EMBEDDED / "tiny-qwen", tmp_path / "mine")
    mine = load_recipe("identity", model=str(tmp_path / "mine"))
    assert training.recipe_pairs(mine) == read_pairs(PAIRS / "identity.jsonl")
    assert '"drop: no-op: the answer has no name to replace": 94,' in capsys.readouterr().out


def test_a_models_own_pairs_are_not_built_to_find_its_run(tmp_path, monkeypatch):
    shutil.copytree(EMBEDDED / "tiny-qwen", tmp_path / "mine")
    built = []
    monkeypatch.setattr(training, "_own_pairs", lambda wanted: built.append(wanted) or ROWS)
    for rate in (1e-4, 1e-4, 2e-4):
        mine = recipe(model=str(tmp_path / "mine"), pairs="identity", learning_rate=rate)
        training.load_or_train(mine, tmp_path / "run", progress=training.silent)
    assert [wanted.learning_rate for wanted in built] == [1e-4, 2e-4]


def test_pairs_that_were_named_are_taken_whatever_the_model():
    named = load_recipe("identity", model="tiny-mixed", pairs="quality")
    assert training.recipe_pairs(named) == read_pairs(PAIRS / "quality.jsonl")


def test_the_pairs_of_a_step_weigh_the_same_however_its_batches_hold_them(tmp_path):
    rows = [ROWS[0], *NOOPS[1:4], *ROWS[4:8]]  # one informative pair, then four
    settings = {"learning_rate": 1e-3, "warmup": 0, "epochs": 2, "batch_size": 4}
    parts = _ordered(tmp_path / "parts", rows, **settings, accumulation=2)
    whole = _ordered(tmp_path / "whole", rows, **settings | {"batch_size": 8})
    for name in ("margin", "dpo_loss", "chosen_logratio", "accuracy"):
        assert parts.history[name].tolist() == pytest.approx(whole.history[name].tolist(), rel=1e-3)


def _ordered(folder: Path, rows, **settings) -> Run:
    """A run of plain DPO: its loss is a mean over pairs, so that batches of a step change nothing."""
    return train(folder, rows, loss=["sigmoid"], loss_weights=[1.0], **settings)


def test_a_constant_rate_warms_up_where_the_recipe_says_so(tmp_path):
    rates = train(tmp_path / "run", schedule="constant", warmup=0.5, epochs=2).history[
        "learning_rate"
    ]
    assert rates.iloc[0] < rates.iloc[2] < rates.iloc[-1] == recipe().learning_rate


def test_a_probe_under_lora_leaves_the_models_own_settings(tmp_path):
    asked = lambda policy: {"identity": float(len(reply(policy, "Hi"))), "skills": 1.0}  # noqa: E731
    for name, probe in (("plain", None), ("probed", asked)):
        lora = recipe(method="lora", lora_rank=4)
        training.train(lora, ROWS, tmp_path / name, probe, progress=training.silent)
    stored = [tmp_path / name / "policy" / "generation_config.json" for name in ("plain", "probed")]
    assert stored[0].read_text() == stored[1].read_text()


def test_a_run_with_an_objective_is_not_taken_for_the_recipes(tmp_path):
    pairs = tmp_path / "pairs.jsonl"
    write_rows(pairs, ROWS)
    wanted = recipe(pairs=str(pairs), epochs=0.3)
    objective = partial(family.ipo, beta=0.1)
    training.train(wanted, ROWS, tmp_path / "run", progress=training.silent, objective=objective)
    training.load_or_train(wanted, tmp_path / "run", progress=training.silent)
    assert (tmp_path / "run.1").is_dir()


def test_a_run_has_no_name_while_it_is_written(tmp_path, monkeypatch):
    there, store = [], training.save_policy

    def watched(policy, folder):
        there.append((tmp_path / "run").exists())
        store(policy, folder)

    monkeypatch.setattr(training, "save_policy", watched)
    train(tmp_path / "run", epochs=0.3)
    assert there == [False] and (tmp_path / "run" / "policy").is_dir()
