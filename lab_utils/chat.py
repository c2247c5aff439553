"""Talk to a policy: prompt format and generation, in eval mode, with explicit settings."""

from collections.abc import Sequence

from lab_utils.models import Policy
from lab_utils.workspace import LabError

import torch  # isort: skip
from transformers import GenerationConfig  # isort: skip

Messages = list[dict[str, str]]
BATCH = 256
MAX_NEW_TOKENS = 48


def messages(text: str, system: str | None = None) -> Messages:
    """A user turn, after a system message unless that is None (then the template decides)."""
    user = {"role": "user", "content": text}
    return [user] if system is None else [{"role": "system", "content": system}, user]


def format_prompt(policy: Policy, conversation: Messages) -> str:
    """The text that the model really reads, up to where its answer begins."""
    return policy.tokenizer.apply_chat_template(
        conversation, tokenize=False, add_generation_prompt=True
    )


def reply(policy: Policy, text: str, system: str | None = None) -> str:
    """The greedy answer to one prompt."""
    return replies(policy, [messages(text, system)])[0]


def replies(
    policy: Policy,
    conversations: Sequence[Messages],
    temperature: float = 0.0,
    max_new_tokens: int = MAX_NEW_TOKENS,
    seed: int = 0,
) -> list[str]:
    """One answer a conversation, in their order; greedy at temperature 0, else sampled.

    Each distinct prompt is answered once when greedy. Raises LabError for a negative temperature.
    """
    if temperature < 0:
        raise LabError(f"temperature {temperature}: it must be 0 (greedy) or more.")
    prompts = [format_prompt(policy, c) for c in conversations]
    todo = list(dict.fromkeys(prompts)) if temperature == 0 else prompts
    order = sorted(range(len(todo)), key=lambda i: len(todo[i]))  # alike in length: less padding
    config = _generation_config(policy, temperature, max_new_tokens)
    answers = [""] * len(todo)
    policy.model.eval()
    torch.manual_seed(seed)
    for start in range(0, len(order), BATCH):
        chosen = order[start : start + BATCH]
        for i, answer in zip(
            chosen, _batch(policy, [todo[i] for i in chosen], config), strict=True
        ):
            answers[i] = answer
    if temperature == 0:
        found = dict(zip(todo, answers, strict=True))
        return [found[p] for p in prompts]
    return answers


@torch.inference_mode()
def _batch(policy: Policy, prompts: list[str], config: GenerationConfig) -> list[str]:
    inputs = policy.tokenizer(
        prompts, return_tensors="pt", padding=True, padding_side="left", add_special_tokens=False
    ).to(policy.device)
    inputs.pop("token_type_ids", None)
    output = policy.model.generate(**inputs, generation_config=config)
    new = output[:, inputs["input_ids"].shape[1] :]
    return [t.strip() for t in policy.tokenizer.batch_decode(new, skip_special_tokens=True)]


def _generation_config(policy: Policy, temperature: float, max_new_tokens: int) -> GenerationConfig:
    """Every setting stated, so that nothing is inherited from the model's own file."""
    ends = policy.model.generation_config.eos_token_id or policy.tokenizer.eos_token_id
    sampling = {"do_sample": True, "temperature": temperature, "top_k": 0, "top_p": 1.0}
    return GenerationConfig(
        max_new_tokens=max_new_tokens,
        repetition_penalty=1.0,
        eos_token_id=ends,
        pad_token_id=policy.tokenizer.pad_token_id,
        **(sampling if temperature > 0 else {"do_sample": False}),
    )
