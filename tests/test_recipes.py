import math

import pytest
from conftest import assert_one_sentence

from lab_utils.pairs import PAIRS, read_pairs
from lab_utils.recipes import RECIPES, Recipe, as_toml, load_recipe, make_recipe, parse_settings
from lab_utils.training import recipe_pairs
from lab_utils.workspace import ROOT, LabError

NAMES = sorted(path.stem for path in RECIPES.glob("*.toml"))


@pytest.mark.parametrize("name", NAMES)
def test_every_committed_recipe_round_trips(name, tmp_path):
    recipe = load_recipe(name)
    copy = tmp_path / "copy.toml"
    copy.write_text(as_toml(recipe), encoding="utf-8")
    assert load_recipe(copy) == recipe


def test_strings_with_quotes_and_backslashes_round_trip(tmp_path):
    recipe = load_recipe("identity", model='C:\\models\\"mine"', pairs="配\n对\t")
    copy = tmp_path / "copy.toml"
    copy.write_text(as_toml(recipe), encoding="utf-8")
    assert load_recipe(copy) == recipe


def test_a_recipe_is_found_by_name_and_by_path():
    assert load_recipe("identity") == load_recipe(RECIPES / "identity.toml")


def test_files_of_the_projects_folder_are_found_from_a_labs_kernel(monkeypatch):
    monkeypatch.chdir(ROOT / "notebooks")
    assert load_recipe("data/recipes/identity.toml") == load_recipe("identity")
    named = load_recipe("identity", pairs="data/pairs/lecture.jsonl")
    assert recipe_pairs(named) == read_pairs(PAIRS / "lecture.jsonl")


def test_settings_take_the_place_of_the_files_values():
    assert load_recipe("identity", seed=7, beta=0.5).seed == 7
    assert load_recipe("identity", beta=1).beta == 1.0  # a whole number is a float, too


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"beta": "high"}, ["beta", "'high'", "float"]),
        ({"beta": True}, ["beta", "True", "float"]),
        ({"beta": 0}, ["beta", "0", "above 0"]),
        ({"beta": float("nan")}, ["beta", "nan", "above 0"]),
        ({"seed": 1.5}, ["seed", "1.5", "int"]),
        ({"seed": -1}, ["seed", "-1", "0 or more"]),
        ({"loss": "sigmoid"}, ["loss", "'sigmoid'", "list of str"]),
        ({"loss": []}, ["loss", "[]", "sigmoid"]),
        ({"loss": ["sigmoid", "sfd"]}, ["loss", "sfd", "sft"]),
        ({"loss_weights": [1.0]}, ["loss_weights", "[1.0]", "as many numbers"]),
        ({"loss_weights": [1.0, -1.0]}, ["loss_weights", "-1.0", "0 or more"]),
        ({"loss_weights": [1.0, "1"]}, ["loss_weights", "'1'", "list of float"]),
        ({"max_length": 3}, ["max_length", "3", "16 or more"]),
        ({"method": "qlora"}, ["method", "qlora", "full or lora"]),
        ({"lora_rank": 0}, ["lora_rank", "0", "1 or more"]),
        ({"lora_alpha": 0}, ["lora_alpha", "0", "1 or more"]),
        ({"learning_rate": "2e-4 "}, ["learning_rate", "2e-4", "float"]),
        ({"learning_rate": 2}, ["learning_rate", "2.0", "between 0 and 1"]),
        ({"warmup": 50}, ["warmup", "50", "a share"]),
        ({"schedule": "cosin"}, ["schedule", "cosin", "cosine"]),
        ({"order": "shuffled"}, ["order", "'shuffled'", "random or group_by_length"]),
        ({"batch_size": 0}, ["batch_size", "0", "1 or more"]),
        ({"accumulation": 0}, ["accumulation", "0", "1 or more"]),
        ({"epochs": 0}, ["epochs", "0", "above 0"]),
        ({"epochs": float("inf")}, ["epochs", "inf", "finite"]),
        ({"weight_decay": -0.1}, ["weight_decay", "-0.1", "0 or more"]),
        ({"max_grad_norm": 0}, ["max_grad_norm", "0", "above 0"]),
        ({"lerning_rate": 1e-4}, ["unknown key 'lerning_rate'", "mean 'learning_rate'"]),
        ({"loss_weights": [True, 0.0]}, ["loss_weights", "list of float"]),
        ({"loss_weights": [0.0, 0.0]}, ["loss_weights", "not all 0"]),
        ({"loss_weights": [1.0, math.inf]}, ["loss_weights", "finite"]),
        ({"beta": math.inf}, ["beta", "finite"]),
        ({"beta": 10**400}, ["beta", "not of type float"]),
        ({"model": ""}, ["model", "an embedded model"]),
        ({"pairs": ""}, ["pairs", "data/pairs"]),
    ],
)
def test_a_wrong_value_is_named_with_the_way_out(settings, said):
    with pytest.raises(LabError) as caught:
        load_recipe("identity", **settings)
    assert "identity.toml" in str(caught.value)
    assert_one_sentence(caught.value, said)


@pytest.mark.parametrize("key", list(Recipe.__dataclass_fields__))
def test_a_missing_key_is_named(key):
    values = {k: v for k, v in vars(load_recipe("identity")).items() if k != key}
    with pytest.raises(LabError) as caught:
        make_recipe(values, "mine.toml")
    assert_one_sentence(caught.value, ["mine.toml", f"{key!r} is missing", "add it"])


def test_a_misspelt_key_is_set_beside_the_one_that_is_missing():
    values = vars(load_recipe("identity")).copy()
    values["lerning_rate"] = values.pop("learning_rate")
    with pytest.raises(LabError) as caught:
        make_recipe(values, "mine.toml")
    assert_one_sentence(caught.value, ["'lerning_rate'", "did you mean 'learning_rate'?"])


def test_an_absent_recipe_names_those_that_are_here(tmp_path):
    with pytest.raises(LabError) as caught:
        load_recipe("identiti")
    assert_one_sentence(caught.value, ["'identiti'", "no such file", *NAMES])


@pytest.mark.parametrize("content", [b"beta = = 1", b"\xff\xfe"], ids=["not TOML", "not UTF-8"])
def test_a_file_that_is_not_toml(content, tmp_path):
    path = tmp_path / "mine.toml"
    path.write_bytes(content)
    with pytest.raises(LabError) as caught:
        load_recipe(path)
    assert_one_sentence(caught.value, [str(path), "not a TOML file"])


def test_settings_of_the_command_line_are_read_as_toml_or_as_text():
    assert parse_settings(["beta=0.1", "seed=3", "method=lora", 'loss=["ipo"]', "model=a=b"]) == {
        "beta": 0.1,
        "seed": 3,
        "method": "lora",
        "loss": ["ipo"],
        "model": "a=b",
    }


def test_a_setting_without_a_value_is_explained():
    with pytest.raises(LabError) as caught:
        parse_settings(["beta"])
    assert_one_sentence(caught.value, ["--set beta", "key=value"])
