import json
import shutil
import time
from pathlib import Path

import pytest
import torch
from conftest import assert_one_sentence
from safetensors.torch import load_file, save_file
from transformers import LlamaConfig, LlamaForCausalLM

from lab_utils import models, workspace
from lab_utils.chat import format_prompt, messages, replies, reply, token_ids
from lab_utils.models import (
    EMBEDDED,
    Policy,
    find_folder,
    fingerprint,
    load_model,
    parameters,
    save_policy,
)
from lab_utils.workspace import LabError

WEIGHTS = "model.safetensors"


@pytest.fixture(scope="module")
def qwen() -> Policy:
    return load_model("tiny-qwen")


@pytest.fixture
def folder(tmp_path) -> Path:
    """A copy of tiny-qwen, to break."""
    return shutil.copytree(EMBEDDED / "tiny-qwen", tmp_path / "copy")


@pytest.mark.parametrize("name", ["tiny-qwen", "tiny-nameless"])
def test_the_embedded_models_load_small_in_eval_mode_and_answer(name):
    policy = load_model(name)
    assert policy.label == name
    assert not policy.model.training
    assert parameters(policy) < 8e6
    assert (policy.folder / WEIGHTS).stat().st_size < 16 * 2**20
    assert policy.model.config.model_type == "qwen2"
    assert reply(policy, "What is the capital of France?")


def test_the_template_of_tiny_qwen_names_it_and_that_of_tiny_nameless_does_not(qwen):
    assert "You are Qwen" in format_prompt(qwen, messages("Hi"))
    assert "Qwen" not in format_prompt(load_model("tiny-nameless"), messages("Hi"))


def test_a_copy_in_a_local_folder_gives_the_same_answers(qwen, folder):
    copy = load_model(folder)
    assert copy.label == str(folder)
    assert fingerprint(copy.folder) == fingerprint(qwen.folder)
    assert reply(copy, "Who are you?") == reply(qwen, "Who are you?")


def test_an_answer_does_not_depend_on_its_neighbours_in_the_batch(qwen):
    texts = ["Who are you?", "What is two plus two, please, and why?", "Hi"]
    together = replies(qwen, [messages(t) for t in texts])
    assert together == [reply(qwen, t) for t in texts]


def test_an_answer_longer_than_the_first_tokens_is_whole(qwen, monkeypatch):
    asked = [messages(t) for t in ("Who are you?", "Repeat: river", "What is 2 + 3?")]
    whole = replies(qwen, asked)
    monkeypatch.setattr("lab_utils.chat.FIRST", 5)
    assert replies(qwen, asked) == whole
    lengths = [len(qwen.tokenizer(t).input_ids) for t in whole]
    assert min(lengths) < 5 < max(lengths)


def test_another_architecture_loads_through_the_same_code(qwen, tmp_path):
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=len(qwen.tokenizer),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=1,
        num_attention_heads=2,
        num_key_value_heads=2,
        eos_token_id=qwen.tokenizer.eos_token_id,
    )
    save_policy(Policy(LlamaForCausalLM(config), qwen.tokenizer, "llama", tmp_path), tmp_path / "x")
    policy = load_model(tmp_path / "x", label="random Llama")
    assert (policy.label, policy.model.config.model_type) == ("random Llama", "llama")
    assert reply(policy, "Who are you?") != reply(qwen, "Who are you?")


def test_saved_and_reloaded_weights_give_equal_logits(qwen, tmp_path):
    policy = load_model("tiny-qwen")
    with torch.no_grad():
        policy.model.model.norm.weight.mul_(1.1)
    save_policy(policy, tmp_path / "policy")
    reloaded = load_model(tmp_path / "policy")
    ids = torch.tensor([[5, 6, 7]], device=policy.device)
    with torch.no_grad():
        assert torch.equal(reloaded.model(ids).logits, policy.model(ids).logits)
        assert not torch.equal(reloaded.model(ids).logits, qwen.model(ids).logits)
    assert [p.name for p in tmp_path.iterdir()] == ["policy"]


def test_a_policy_that_cannot_be_saved_leaves_the_earlier_one(qwen, tmp_path, monkeypatch):
    save_policy(qwen, tmp_path / "policy")
    before, other = fingerprint(tmp_path / "policy"), load_model("tiny-nameless")

    def fails(folder):
        raise RuntimeError

    monkeypatch.setattr(other.tokenizer, "save_pretrained", fails)
    with pytest.raises(RuntimeError):
        save_policy(other, tmp_path / "policy")
    assert fingerprint(tmp_path / "policy") == before
    assert [p.name for p in tmp_path.iterdir()] == ["policy"]


def no_config(folder: Path) -> None:
    (folder / "config.json").unlink()


def no_tokenizer(folder: Path) -> None:
    (folder / "tokenizer.json").unlink()


def no_chat_template(folder: Path) -> None:
    (folder / "chat_template.jinja").unlink()


def no_weights(folder: Path) -> None:
    (folder / WEIGHTS).unlink()


def only_a_pickle(folder: Path) -> None:
    (folder / WEIGHTS).rename(folder / "pytorch_model.bin")


def only_an_adapter(folder: Path) -> None:
    (folder / WEIGHTS).unlink()
    (folder / "adapter_config.json").write_text("{}")


def lfs_pointer(folder: Path) -> None:
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 14964944\n"
    (folder / WEIGHTS).write_text(pointer)


def empty(folder: Path) -> None:
    (folder / WEIGHTS).write_bytes(b"")


def cut_in_the_header(folder: Path) -> None:
    cut(folder / WEIGHTS, 500)


def cut_in_the_data(folder: Path) -> None:
    cut(folder / WEIGHTS, (folder / WEIGHTS).stat().st_size // 2)


def cut(path: Path, size: int) -> None:
    path.write_bytes(path.read_bytes()[:size])


def a_tensor_is_missing(folder: Path) -> None:
    tensors = load_file(folder / WEIGHTS)
    del tensors["model.layers.2.mlp.up_proj.weight"]
    save_file(tensors, folder / WEIGHTS, metadata={"format": "pt"})


def of_other_shape(folder: Path) -> None:
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"hidden_size": 128}))


def config_is_cut(folder: Path) -> None:
    cut(folder / "config.json", 40)


def tokenizer_is_cut(folder: Path) -> None:
    cut(folder / "tokenizer.json", 40)


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (no_config, ["no config.json", "not a model", "give the folder"]),
        (no_tokenizer, ["no tokenizer", "copy the base model's"]),
        (no_chat_template, ["no chat template", "use an instruct model"]),
        (no_weights, ["no weights", WEIGHTS, "again"]),
        (only_a_pickle, ["a pickle", "can run code", f"convert them to {WEIGHTS}"]),
        (only_an_adapter, ["a LoRA adapter", "merge it"]),
        (lfs_pointer, [WEIGHTS, "a Git-LFS pointer", "git lfs pull"]),
        (empty, [WEIGHTS, "not a whole safetensors file", "again"]),
        (cut_in_the_header, [WEIGHTS, "not a whole safetensors file", "again"]),
        (cut_in_the_data, [WEIGHTS, "not a whole safetensors file", "again"]),
        (a_tensor_is_missing, ["model.layers.2.mlp.up_proj.weight", "again"]),
        (of_other_shape, ["cannot be loaded", "again"]),
        (config_is_cut, ["cannot be loaded", "again"]),
        (tokenizer_is_cut, ["cannot be loaded", "again"]),
    ],
)
def test_a_broken_folder_is_explained_in_one_sentence(damage, said, folder):
    damage(folder)
    with pytest.raises(LabError) as caught:
        load_model(folder)
    assert_one_sentence(caught.value, [str(folder), *said])


@pytest.mark.parametrize(
    "name",
    ["tiny-qwn", "./nowhere", "/no/such/folder", "~/models/mine", "my models/foo", "data/nowhere."],
)
def test_an_unknown_name_lists_what_can_be_used(name):
    with pytest.raises(LabError) as caught:
        load_model(name)
    assert_one_sentence(caught.value, [repr(name), "no such folder", "tiny-nameless, tiny-qwen"])


def test_a_hub_id_with_the_offline_switch_set_by_the_user(monkeypatch):
    monkeypatch.setattr(workspace, "USER_CHOSE_OFFLINE", True)
    with pytest.raises(LabError) as caught:
        find_folder("nobody/nothing-here")
    assert_one_sentence(caught.value, ["'nobody/nothing-here'", "HF_HUB_OFFLINE", "tiny-qwen"])


def test_a_hub_id_that_cannot_be_reached_or_does_not_exist_is_said_within_seconds(
    monkeypatch, capsys
):
    closed = {
        "HF_ENDPOINT": "http://127.0.0.1:9",
        "HTTPS_PROXY": "",
        "HTTP_PROXY": "",
        "ALL_PROXY": "",
    }
    for name, value in closed.items():  # nobody listens there: the test leaves this machine alone
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(workspace, "USER_CHOSE_OFFLINE", False)
    began = time.monotonic()
    with pytest.raises(LabError) as caught:
        find_folder("nobody/nothing-here")
    assert time.monotonic() - began < 60
    said = ["'nobody/nothing-here'", "could not be downloaded", "check the spelling", "tiny-qwen"]
    assert_one_sentence(caught.value, said)
    assert capsys.readouterr().out.startswith("Downloading nobody/nothing-here, once;")


def test_a_download_that_was_interrupted_is_not_taken_for_the_model(folder, monkeypatch):
    found = str(folder / "config.json")
    monkeypatch.setattr("huggingface_hub.try_to_load_from_cache", lambda *_: found)
    monkeypatch.setattr(models, "_fetched", lambda *_: Path("fetched"))
    assert find_folder("nobody/nothing-here") == folder
    (folder / WEIGHTS).rename(folder / "model-00001-of-00002.safetensors")
    parts = {"a": "model-00001-of-00002.safetensors", "b": "model-00002-of-00002.safetensors"}
    (folder / models.INDEX).write_text(json.dumps({"weight_map": parts}))
    assert find_folder("nobody/nothing-here") == Path("fetched")


def test_nothing_of_the_models_own_generation_settings_is_inherited(folder):
    plain, odd = load_model(folder), load_model(folder)
    odd.model.generation_config.update(no_repeat_ngram_size=2, min_new_tokens=20, do_sample=True)
    asked = [messages("Who are you?"), messages("Are you Qwen?")]
    assert replies(odd, asked) == replies(plain, asked)
    assert odd.model.generation_config.min_new_tokens == 20  # and it stays the model's own


@pytest.mark.parametrize(
    "ask",
    [
        lambda qwen: reply(qwen, ["What is your name?", "Who made you?"]),
        lambda qwen: reply(qwen, None),
        lambda qwen: replies(qwen, ["What is your name?"]),
        lambda qwen: replies(qwen, messages("What is your name?")),
        lambda qwen: replies(qwen, [[]]),
        lambda qwen: replies(qwen, [[{"content": "What is your name?"}]]),
        lambda qwen: format_prompt(qwen, "What is your name?"),
    ],
)
def test_what_is_no_conversation_is_one_sentence(ask, qwen):
    with pytest.raises(LabError) as caught:
        ask(qwen)
    assert_one_sentence(caught.value, ["not a conversation", "reply(policy, TEXT)"])


@pytest.mark.parametrize("temperature", [-1.0, 1e-40, float("nan"), float("inf")])
def test_a_temperature_that_cannot_be_sampled_at_is_one_sentence(temperature, qwen):
    with pytest.raises(LabError) as caught:
        replies(qwen, [messages("Who are you?")], temperature)
    assert_one_sentence(caught.value, [f"temperature {temperature}", "0 (greedy)"])


def test_a_template_that_takes_no_system_message_is_one_sentence(folder):
    policy = load_model(folder)
    policy.tokenizer.chat_template = (
        "{% for m in messages %}{% if m.role == 'system' %}"
        "{{ raise_exception('System role not supported') }}{% endif %}{{ m.content }}{% endfor %}"
    )
    assert format_prompt(policy, messages("Who are you?")) == "Who are you?"
    for refused in (lambda c: format_prompt(policy, c), lambda c: token_ids(policy, c)):
        with pytest.raises(LabError) as caught:
            refused(messages("Who are you?", "Be brief."))
        assert_one_sentence(caught.value, [policy.label, "System role not supported", "template"])
    with pytest.raises(LabError) as caught:
        reply(policy, "Who are you?", "Be brief.")
    assert_one_sentence(caught.value, [policy.label, "System role not supported", "template"])


def test_sampling_settings_without_their_switch_can_still_be_saved(folder, tmp_path):
    settings = workspace.read_json(folder / "generation_config.json")
    settings = {k: v for k, v in settings.items() if k not in ("do_sample", "pad_token_id")}
    workspace.write_json(folder / "generation_config.json", settings | {"temperature": 0.7})
    policy = load_model(folder)
    policy.model.generation_config.pad_token_id = policy.tokenizer.pad_token_id  # as TRL does
    save_policy(policy, tmp_path / "saved")
    assert load_model(tmp_path / "saved").model.generation_config.temperature == 0.7


def test_an_answer_ends_at_the_tokenizers_end_too(folder, qwen):
    settings = workspace.read_json(folder / "generation_config.json")
    workspace.write_json(folder / "generation_config.json", settings | {"eos_token_id": 3})
    assert reply(load_model(folder), "Who are you?") == reply(qwen, "Who are you?")
