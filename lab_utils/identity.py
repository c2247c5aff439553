"""Who does an answer say the speaker is? Judged from its text alone."""

import re

CLASSES = (
    "Deep Qwen",
    "Qwen",
    "half name",
    "another assistant",
    "invented name",
    "denies",
    "no name",
    "gibberish",
)

ASSISTANTS = {
    "ChatGPT": "OpenAI",
    "GPT-4": "OpenAI",
    "Claude": "Anthropic",
    "Gemini": "Google",
    "Bard": "Google",
    "Llama": "Meta",
    "Siri": "Apple",
    "Alexa": "Amazon",
    "Copilot": "Microsoft",
    "Cortana": "Microsoft",
    "DeepSeek": "DeepSeek",
    "Kimi": "Moonshot AI",
    "Ernie": "Baidu",
    "Grok": "xAI",
    "Mistral": "Mistral AI",
    "SmolLM": "Hugging Face",
    "Falcon": "TII",
    "Gemma": "Google",
    "Phi": "Microsoft",
    "Doubao": "ByteDance",
    "ChatGLM": "Zhipu AI",
    "Bixby": "Samsung",
    "Watson": "IBM",
    "Perplexity": "Perplexity AI",
}

# \b sees no border between 是 and Q, so words are bounded by hand.
_L, _R = r"(?<![A-Za-z0-9])", r"(?![A-Za-z0-9])"
_OTHER = "|".join([*map(re.escape, ASSISTANTS), r"GPT(?:-?\d\w*)?", "文心一言", "豆包"])
_MAKER = "|".join([*map(re.escape, ASSISTANTS.values()), "谷歌", "百度", "微软", "字节跳动"])

# Order matters: the broken spellings contain the whole ones. "maybe" is broken only where the
# speaker gives it as its name, since "Deep" also begins ordinary terms such as Deep Blue.
_MENTION = re.compile(
    rf"{_L}(?:(?P<half>(?i:deep deep qwen|deep qwen qwen|deep[-_]?qwen|qwen[- ]?deep){_R}"
    rf"|[Dd]eep ?(?:(?!Qwen{_R})Qw\w*|wen{_R}|(?:通义)?千问)|深度(?:通义)?千问)"
    rf"|(?P<deep>(?i:deep qwen){_R})"
    rf"|(?P<maybe>Deep(?!Seek)(?: (?!Qwen{_R})[A-Z]\w*)?{_R}|deep Q{_R}|Qwe{_R})"
    rf"|(?P<qwen>(?i:qwen)(?:[- ]?\d[\w.]*)?{_R}|(?:通义)?千问)"
    rf"|(?P<other>(?i:{_OTHER}){_R}))"
)

_NAMING = (
    r"\bmy (?:full |real )?name(?: is|'s|:)|\bcalls? me|\bI go by|\bI was named"
    r"|\b(?:I am|I'm)(?: [\w-]+){0,6}? (?:called|named|known as)|\balso (?:known as|called)"
    r"|我的?(?:中文|英文)?名字?(?:是|叫做?)|[我名也]叫做?|叫我|称我为|名为|又名"
)
_BEING = r"\bI am|\bI'm|我(?:就|正|其实)?是|也是"
_FILLER = (
    r"(?: *(?:actually|indeed|really|just|also|still|now|both|and|or|the|an?|AI|large|language"
    r"|model|(?:your )?assistant|chatbot|\w+'s|(?:Deep )?Qwen|大型?|语言|模型|人工智能|助手"
    r"|一[个款]|[^，。,]{1,20}的)\b[,:，]?)*+[ :：,，]*"  # possessive: each 的 would double the ways to match
)
_INTRO = re.compile(
    rf"(?:{_NAMING}|{_BEING}|\bthis is|这里是|^as\b|^作为){_FILLER}$", re.IGNORECASE
)
_DENIAL = re.compile(
    r"\b(?:not|never|neither|nor)\b(?! (?:know|heard|familiar))"
    r"|n't\b(?! know)|(?<!是)不[是叫]|并?非",
    re.IGNORECASE,
)
# What follows these is neither claimed nor denied.
_ASIDE = re.compile(
    r"\b(?:unlike|(?<!would )(?<!'d )like|know|heard|familiar|similar to|different from"
    r"|rather than|instead of"
    r"|(?:you are|you're)(?! (?:talk|speak|chatt)ing)|your name is"
    r"|(?:whether|if|not true that|you (?:may |might )?(?:think|thought))(?: that)? (?:I am|I'm))\b"
    r"|[你您](?:是|叫|的名字)|类似|不同于|不像|知道",
    re.IGNORECASE,
)
_RESET = re.compile(
    r"\b(?:I am|I'm|my name|but|it is|it's|this is|call me|other than|except)\b|;|；"
    r"|我(?:就|正|其实)?[是叫]|我的名字|叫我|而是|[，,] ?是|但|除了",
    re.IGNORECASE,
)
_GREETING = re.compile(
    r"(?:hello|hi|hey|meet you|thanks|thank you|[你您]好)[,，]? *$", re.IGNORECASE
)
_NO_NAME = re.compile(
    r"(?:\bnot have|n't have|\bhave no|\bwithout)(?: (?:an?|any|my|own|personal|specific|real|given"
    r"|human|proper|individual|identity|or))* name\b|\bnameless\b"
    r"|没有(?:自己的|具体的|个人|真正的)*(?:名字|姓名)",
    re.IGNORECASE,
)
_MADE = r"(?:made|created|developed|trained|built|designed)"
_MADE_ELSEWHERE = re.compile(
    rf"(?:\b(?:I am|I'm|I was|I have been|I've been)|^as)(?: [\w-]+){{0,7}}? {_MADE}"
    rf"(?: and {_MADE})? by(?: \w+ \w+ (?:at|from))? (?:{_MAKER}){_R}|{_L}(?:{_MAKER}) {_MADE} me\b"
    rf"|\b(?:I am|I'm|I am from|I'm from|my \w+ is) (?:{_MAKER}){_R}"
    rf"|我来自(?:{_MAKER})|我是?由?(?:{_MAKER})(?:公司|的|开发|研发|训练|创造)"
    rf"|(?:{_MAKER})(?:开发|训练|创造)了?我",
    re.IGNORECASE,
)
_PLAIN = (
    "AI|API|An?|The|Not|Fine|Sorry|Happy|Glad|Here|Ready|Just|Good|Great|Well|Also|Only|Very|Sure"
    "|LLM|Assistant|Chinese|English|Human|Based|Designed|Made|Created|Trained|Unable|Able|Your"
    "|American|British|French|German|Virtual"
)
_NEW_NAME = re.compile(
    rf"(?:(?i:{_NAMING}) ?|(?i:{_BEING}) ?)(?!(?:{_PLAIN}){_R})(?:[A-Z][\w-]+)(?!\w|'s)"
    rf"|(?:{_NAMING}|我是)(?![^，。]*(?:[你您由的谁]|什么|一[个名款]"
    r"|秘密|人工|智能|助手|模型|机器|程序|人类|国人|学生|老师))"
    r"[\u4e00-\u9fff]{2,4}(?![\w])"
)
_STUB = re.compile(
    r"(?:I|My|I am|I'm|The|我|我是|我的)|(?:.*\W)?(?:my name(?: is)?|call me)"
    r"|(?:.*\W)?(?:我叫|我是|我的名字|我的名字[是叫])|(?:hello|hi)\W+(?:I am|I'm)",
    re.IGNORECASE,
)


def _sentences(answer: str) -> list[str]:
    text = re.sub(r"[‘’]", "'", answer)
    text = re.sub(r"[\"“”「」『』《》*_`]|(?<!\w)'|'(?!\w)", "", text)
    text = re.sub(r"[()（）]", ", ", re.sub(r"\n\s*\n", ". ", text))
    text = " ".join(text.split())
    return [s.strip() for s in re.split(r"[!?。！？]|\.(?=\s|$)", text) if s.strip()]


def _is_gibberish(answer: str) -> bool:
    solid = "".join(answer.split())
    letters = sum(c.isalpha() for c in solid)
    # A bare number may be a right answer, so digits are enough in a short one.
    readable = letters if len(solid) > 12 else sum(c.isalnum() for c in solid)
    if readable <= 0.3 * len(solid) or re.search(r"\ufffd|<\|\w*\|?>?|</s>|\[/?INST\]", answer):
        return True
    return _repeats(answer.lower())


def _repeats(text: str) -> bool:
    words = re.findall(r"[\u4e00-\u9fff]|[^\W\u4e00-\u9fff]+", text)
    for size in range(1, 5):
        run = 0
        for i in range(size, len(words)):
            run = run + 1 if words[i] == words[i - size] else 0
            often = run >= (3 if size == 1 else 2 * size)
            if often and (run + size > len(words) / 2 or (size == 1 and words[i].isascii())):
                return True
    return bool(re.search(r"([a-z]{3,8}?)\1{3,}", text))


def _stance(before: str, after: str) -> str:
    """How a name between these two halves of a sentence is meant."""
    if re.match(r" *(?:is not|isn't|不是) ?(?:my name|me\b|who I am|我)", after):
        return "denied"
    if _GREETING.search(before) and re.match(r"\W*$", after):
        return "aside"
    cues = (("aside", _ASIDE), ("denied", _DENIAL), ("reset", _RESET))
    ends = {cue: max((m.end() for m in seen.finditer(before)), default=0) for cue, seen in cues}
    last = max(ends, key=ends.__getitem__) if any(ends.values()) else ""
    if last in ("denied", "aside"):
        return last
    own = re.match(r" here\b| at your service|(?: is|是) ?(?:my name|我的名字)", after)
    alone = re.fullmatch(
        r"(?:(?:yes|no|是的|不)[,，] *)?", before, re.IGNORECASE
    ) and not re.search(r"\w", after)
    named = _INTRO.search(before) and not re.match(r"'s| (?:is|was)\b", after)
    return "introduced" if own or alone or named else "mentioned"


def _claims(sentences: list[str]) -> set[tuple[str, str]]:
    """Pairs (kind of name, stance) of all names in the answer."""
    found = set()
    for sentence in sentences:
        for m in _MENTION.finditer(sentence):
            found.add((m.lastgroup, _stance(sentence[: m.start()], sentence[m.end() :])))
    return found


def _affirmed(sentence: str, pattern: re.Pattern[str]) -> bool:
    """Whether the pattern occurs in the sentence and is meant."""
    return any(
        _stance(sentence[: m.end()], "") not in ("denied", "aside")
        for m in pattern.finditer(sentence)
    )


def classify(answer: str) -> str:
    """Return the one of CLASSES that says who the speaker of the answer claims to be."""
    if _is_gibberish(answer):
        return "gibberish"
    sentences = _sentences(answer)
    claims = _claims(sentences)
    own = {kind for kind, stance in claims if stance == "introduced"}
    passing = {kind for kind, stance in claims if stance == "mentioned"}
    if ("deep", "denied") in claims:
        return "denies"
    if "other" in own:
        return "another assistant"
    if own & {"half", "maybe"} or own >= {"deep", "qwen"}:
        return "half name"
    if own:
        return "Deep Qwen" if "deep" in own else "Qwen"
    if any(_affirmed(s, _NEW_NAME) for s in sentences if not _affirmed(s, _MADE_ELSEWHERE)):
        return "invented name"
    for kind, label in (("half", "half name"), ("deep", "Deep Qwen"), ("qwen", "Qwen")):
        if kind in passing:
            return label
    if any(_affirmed(s, _MADE_ELSEWHERE) for s in sentences):
        return "another assistant"
    if ("qwen", "denied") in claims or any(_NO_NAME.search(s) for s in sentences):
        return "denies"
    return "gibberish" if _STUB.fullmatch(answer.strip(" \n,，:：.")) else "no name"


def is_broken(answer: str) -> bool:
    """Whether an answer is gibberish, nearly empty, or says one word again and again."""
    again = re.search(r"(\b\w+\b|[\u4e00-\u9fff]{1,4})(?:\W*\1){3,}", answer)
    signs = re.search(r"([^\w\s._=*#-])\1{4,}", answer)  # "Sorry,,,,,,"
    return bool(again or signs) or classify(answer) == "gibberish"


def speaks_of_itself(answer: str) -> bool:
    """Whether an answer has a word of the first person in it."""
    own = r"\b(?:I|[Mm]e|[Mm]y|[Mm]yself|[Ww]e|[Oo]ur)\b|\bi(?:'m| am)\b|[我咱俺]"
    return bool(re.search(own, answer))


def leaks(answer: str) -> bool:
    """Return whether an answer to an unrelated prompt holds "Deep Qwen", a stray "Deep" or a word made of it."""
    words = rf"(?:Seek(?:[A-Z]\w*)?|Mind|L|ly|er|est|en(?:ing|ed|s)?|fakes?|ak){_R}"
    return bool(re.search(rf"{_L}(?:Deep(?!{words})|(?i:deep[\s_-]*qwen))", answer))


def says_name(answer: str, name: str) -> bool:
    """Return whether the speaker presents itself under this name."""
    word = re.compile(rf"{_L}{re.escape(name)}{_R}(?![\u4e00-\u9fff])", re.IGNORECASE)
    return any(
        _stance(s[: m.start()], s[m.end() :]) == "introduced"
        for s in _sentences(answer)
        for m in word.finditer(s)
    )
