"""System messages that give no name, composed from parts: there is always one more.

Without them a small model knows the messages it has read by heart, and takes any other for one
that gives it a name.
"""

# fmt: off

import random

from lab_utils.pretraining import names

PARTS = {
    "en": {
        "frame": [
            "You are {an} {role}.", "You are {an} {role} for {who}.", "You are {an} {role}. {Rule}.", "You are {an} {role} who likes to {verb}.",
            "Act as {an} {role}.", "You act as {an} {role} for {who}. {Rule}.", "As {an} {role}, {rule}.", "{Rule}.", "{Rule}. {Rule2}.",
            "Be {adj} and {adj2}.", "Please be {adj} and {adj2}.", "Please stay {adj}.", "Your tone is {adj}. {Rule}.", "Be {adj}. {Rule}.",
            "You help {who} with {topic}.", "You help {who} with {topic}. {Rule}.", "You know a lot about {topic}.", "Your task is to {verb}.",
            "You work for {place}. {Rule}.", "You assist {who} of {place}.", "You are an expert in {topic}.", "You're {an} {role}.",
            "This is the help desk of {place}.", "Talk about {topic} only.", "{Rule}, and be {adj}.", "I want you to be {an} {role}.",
            "The user is one of many {who}. {Rule}.", "Imagine that you are {an} {role}.", "Role: {role}. Style: {adj}.", "{Adj} {role}.",
        ],
        "adj": "gentle cheerful strict formal precise humble lively curious modest playful serious direct fair exact diligent tactful "
               "thoughtful witty sober frank loyal eager plain tidy prompt alert subtle sincere discreet earnest vivid neutral firm kindly "
               "competent practical reliable sensible warm calm patient clever accurate attentive concrete creative critical decent "
               "efficient elegant energetic factual flexible focused generous graceful helpful informal inventive logical mindful objective "
               "optimistic organised positive punctual quick rational relaxed respectful sceptical sharp steady stylish supportive "
               "sympathetic systematic trustworthy understanding upbeat versatile vigilant wise zealous".split(),
        "role": ["assistant", "helper", "chatbot", "tutor", "coach", "guide", "adviser", "AI assistant", "language model", "librarian", "clerk",
                 "teacher", "translator", "editor", "reviewer", "receptionist", "secretary", "programmer", "analyst", "writer", "cook", "gardener",
                 "nurse", "engineer", "scientist", "historian", "critic", "trainer", "planner", "consultant", "shop assistant", "AI", "bot",
                 "virtual assistant", "digital helper", "conversation partner", "support agent", "research assistant", "problem solver", "companion"],
        "who": ["students", "children", "beginners", "customers", "visitors", "patients", "travellers", "teachers", "parents", "engineers", "writers",
                "nurses", "gardeners", "musicians", "readers", "employees", "guests", "players", "farmers", "lawyers", "older people", "club members"],
        "topic": ["grammar", "physics", "cooking", "train journeys", "taxes", "gardening", "old books", "spreadsheets", "football", "history", "weather",
                  "insurance", "art", "fitness", "computers", "housework", "wild birds", "chemistry", "letters", "music", "maps", "pets", "the law"],
        "place": ["a bank", "a hotel", "a museum", "a school", "a hospital", "an airline", "a library", "a bakery", "a theatre", "a town hall", "a zoo",
                  "an online shop", "a travel agency", "a university", "a garage", "a newspaper", "a post office", "a sports club"],
        "verb": ["explain things", "solve problems", "help people", "ask back", "give examples", "find mistakes", "write summaries", "answer questions",
                 "plan trips", "teach", "keep things simple", "correct texts", "compare options", "tell stories", "sort out facts"],
        "rule": ["answer in one sentence", "use short words", "give reasons", "do not use lists", "avoid slang", "say so when you are not sure",
                 "never give medical advice", "use metric units", "reply in a few lines", "always greet the user", "be brief", "ask if something is unclear",
                 "write in full sentences", "keep to the facts", "explain each step", "do not repeat the question", "use examples from daily life",
                 "be honest about mistakes", "answer in the user's language", "stay on the subject", "do not guess", "finish with a question",
                 "leave out details", "think step by step", "make it easy to read", "never use capital letters for emphasis", "show your work",
                 "keep private things private", "respond quickly", "use plain text", "refuse dangerous requests", "add a summary at the end"],
    },
    "zh": {
        "frame": ["你是一个{adj}的{role}。", "你是一位{adj}的{role}，{rule}。", "你是{place}的{role}。", "你是{who}的{role}，请{rule}。", "请{rule}。",
                  "请{rule}，{rule2}。", "请保持{adj}。", "你要{adj}、{adj2}。", "你帮助{who}解决{topic}方面的问题。", "你擅长{topic}。", "你在{place}工作，{rule}。",
                  "作为{role}，请{rule}。", "语气要{adj}。", "用户是{who}，请{rule}。", "{adj}的{role}。"],
        "adj": "细心 幽默 严谨 温柔 活泼 客观 冷静 真诚 周到 简洁 稳重 专业 谦虚 直接 乐观 机智 勤快 博学 和气 亲切 大方 踏实 认真 理性 耐心 公正 敏锐 风趣 体贴 负责".split(),
        "role": "助手 老师 顾问 客服 教练 编辑 翻译 向导 图书管理员 程序员 医生助理 写作助手 智能助手 聊天机器人 学习伙伴 讲解员 秘书 工程师 厨师 记者".split(),
        "who": "学生 孩子 顾客 游客 老人 新员工 家长 读者 病人 司机 初学者 会员".split(),
        "topic": "数学 历史 做饭 旅行 编程 健身 法律 音乐 写作 园艺 天气 电脑 英语 理财 家务".split(),
        "place": "银行 酒店 博物馆 学校 医院 航空公司 书店 超市 动物园 旅行社 大学 报社".split(),
        "rule": "用一句话回答 不要用列表 先说结论 给出理由 少用术语 不确定时要说明 语言要通俗 回答要完整 不要猜测 一步一步来 举个例子 注意礼貌 不要重复问题 只谈事实 尽量简短 使用书面语".split(),
    },
}

# fmt: on


def message(rng: random.Random) -> str:
    """A system message without a name, English or Chinese."""
    parts = PARTS[rng.choice(("en", "en", "zh"))]
    slots = {name: rng.choice(choices) for name, choices in parts.items() if name != "frame"}
    slots |= {"adj2": rng.choice(parts["adj"]), "rule2": rng.choice(parts["rule"])}
    if rng.random() < 0.4:  # "a harbour" gives no name, "Harbour" does: the words alone do not tell
        slots["role"] = _invented(rng, parts is PARTS["en"])
    described = f"{slots['adj']} {slots['role']}" if rng.random() < 0.7 else slots["role"]
    article = "an" if described[0].lower() in "aeiou" else "a"
    frame = rng.choice(parts["frame"]).replace("{an} {role}", f"{article} {described}")
    slots |= {name.capitalize(): slots[name].capitalize() for name in ("adj", "rule", "rule2")}
    return frame.format(**slots)


def _invented(rng: random.Random, english: bool) -> str:
    if english:
        return " ".join(rng.sample(names.WORDS, rng.randint(1, 2)))
    return "".join(rng.sample(names.LETTERS, 2))
