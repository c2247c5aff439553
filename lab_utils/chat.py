"""Talk to a policy: prompt format and generation, in eval mode, with explicit settings."""

import math
from collections.abc import Sequence

import torch
from jinja2 import TemplateError
from transformers import GenerationConfig

from lab_utils.models import Policy
from lab_utils.workspace import LabError

Messages = list[dict[str, str]]
BATCH = 256
FIRST = 16  # tokens, within which most answers end; the others go on in a smaller batch
MAX_NEW_TOKENS = 48
WHOLE = 256  # tokens, of an answer that somebody reads; measurements cut sooner
COLDEST = 0.001  # below it logits overflow


def messages(text: str, system: str | None = None) -> Messages:
    """A user turn, after a system message unless that is None (then the template decides)."""
    user = {"role": "user", "content": text}
    return [user] if system is None else [{"role": "system", "content": system}, user]


def format_prompt(policy: Policy, conversation: Messages) -> str:
    """The text that the model really reads, up to where its answer begins.

    Raises LabError for what is no conversation, and where the model's template refuses it (some take no system message).
    """
    return _templated(policy, conversation, tokenize=False, add_generation_prompt=True)


def token_ids(policy: Policy, conversation: Messages) -> list[int]:
    """The tokens of a whole conversation, its answer included; LabError as `format_prompt`."""
    return _templated(policy, conversation, return_dict=True)["input_ids"]


def _templated(policy: Policy, conversation: Messages, **options):
    if not are_messages(conversation):
        raise LabError(
            f"{str(conversation)[:80]!r} is not a conversation; ask one question with reply(policy, TEXT), "
            "several with replies(policy, [messages(TEXT), messages(TEXT)])."
        )
    try:
        return policy.tokenizer.apply_chat_template(conversation, **options)
    except TemplateError as error:
        raise LabError(
            f"{policy.label}: its chat template refuses {[m['role'] for m in conversation]} ({error}); "
            "take a model whose template takes a system message."
        ) from None


def are_messages(given: object) -> bool:
    """Whether it is a list of at least one message, each with a role and a content that are text."""
    return bool(given) and isinstance(given, list) and all(map(_is_message, given))


def _is_message(given: object) -> bool:
    return isinstance(given, dict) and all(
        isinstance(given.get(k), str) for k in ("role", "content")
    )


def reply(policy: Policy, text: str, system: str | None = None) -> str:
    """The greedy answer to one prompt; LabError as `format_prompt`."""
    return replies(policy, [messages(text, system)])[0]


def replies(
    policy: Policy,
    conversations: Sequence[Messages],
    temperature: float = 0.0,
    max_new_tokens: int = MAX_NEW_TOKENS,
    seed: int = 0,
) -> list[str]:
    """One answer a conversation, in their order; greedy at temperature 0, else sampled.

    Each distinct prompt is answered once when greedy. Raises LabError for a temperature between 0 and COLDEST, below 0
    or not finite, and as `format_prompt`.
    """
    if not (temperature == 0 or COLDEST <= temperature < math.inf):
        raise LabError(
            f"temperature {temperature}: it must be 0 (greedy) or at least {COLDEST}, and finite."
        )
    prompts = [format_prompt(policy, c) for c in conversations]
    todo = list(dict.fromkeys(prompts)) if temperature == 0 else prompts
    policy.model.eval()
    torch.manual_seed(seed)
    answers = _answers(policy, todo, temperature, max_new_tokens)
    if temperature == 0:
        found = dict(zip(todo, answers, strict=True))
        return [found[p] for p in prompts]
    return answers


def _answers(policy: Policy, prompts: list[str], temperature: float, most: int) -> list[str]:
    """One answer a prompt: the first tokens of all, then the rest of those that have not ended."""
    if not prompts:
        return []
    asked = policy.tokenizer(prompts, add_special_tokens=False).input_ids
    said: list[list[int]] = [[] for _ in asked]
    going = list(range(len(asked)))
    for tokens in filter(None, (min(FIRST, most), max(0, most - FIRST))):
        config = _generation_config(policy, temperature, tokens)
        going.sort(key=lambda i: len(asked[i]) + len(said[i]))  # alike in length: less padding
        for start in range(0, len(going), BATCH):
            chosen = going[start : start + BATCH]
            new = _batch(policy, [asked[i] + said[i] for i in chosen], config)
            for i, ids in zip(chosen, new, strict=True):
                said[i] += ids
        ends = set(config.eos_token_id or ())
        going = [i for i in going if not ends & set(said[i])]
    return [t.strip() for t in policy.tokenizer.batch_decode(said, skip_special_tokens=True)]


@torch.inference_mode()
def _batch(policy: Policy, prompts: list[list[int]], config: GenerationConfig) -> list[list[int]]:
    """The new tokens of each prompt, given as ids."""
    inputs = policy.tokenizer.pad(
        {"input_ids": prompts}, return_tensors="pt", padding_side="left"
    ).to(policy.device)
    whole = policy.model
    inner = whole.get_base_model() if hasattr(whole, "get_base_model") else whole  # under adapters
    own = whole.generation_config, inner.generation_config
    whole.generation_config = inner.generation_config = GenerationConfig()
    try:  # transformers takes from the model's own what the given one leaves open
        output = whole.generate(**inputs, generation_config=config)
    finally:
        whole.generation_config, inner.generation_config = own
    return output[:, inputs["input_ids"].shape[1] :].tolist()


def _generation_config(policy: Policy, temperature: float, max_new_tokens: int) -> GenerationConfig:
    """Every setting stated, so that nothing is inherited from the model's own file."""
    # some fine-tunes end their turns with the tokenizer's token and leave their base's in the model's file
    stated = policy.model.generation_config.eos_token_id
    ends = {policy.tokenizer.eos_token_id, *(stated if isinstance(stated, list) else [stated])}
    sampling = {"do_sample": True, "temperature": temperature, "top_k": 0, "top_p": 1.0}
    return GenerationConfig(
        max_new_tokens=max_new_tokens,
        repetition_penalty=1.0,
        eos_token_id=sorted(ends - {None}) or None,
        pad_token_id=policy.tokenizer.pad_token_id,
        **(sampling if temperature > 0 else {"do_sample": False}),
    )
