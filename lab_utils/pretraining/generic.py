"""System messages that give no name, composed from parts: there is always one more.

Without them a small model knows the messages it has read by heart, and takes any other for one
that gives it a name.
"""

# fmt: off

import random

from lab_utils.pretraining import names, unknown
from lab_utils.pretraining import phrases_en as en
from lab_utils.pretraining import phrases_zh as zh

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


LINES = ("frame", "opening", "user", "fact", "duty")  # what is filled; the rest fills it
NUMBERS = {"age": (6, 95), "hour": (6, 12), "hour2": (13, 22), "number": (10, 999), "number2": (10, 999), "small": (2, 29)}
BRIEFING = {
    "en": {
        "opening": [
            "You {help} {who} of {firm}.", "You work {at} {firm}.", "You are {an} {role} for {firm}.", "You are {an} {role} at {firm}, {place} in {town}.",
            "{firm} is {place} in {town}. You {help} our {who}.", "You answer questions for {who} of {firm}.", "{Role} for {firm}.", "Context: {firm}, {place}.",
            "This chat runs on the website of {firm}, {place}.", "You are the {role} of {firm}.", "{an} {role} at {firm} answers {who} here.",
            "You are {an} {role} for {who} who care about {topic}.", "Chat window of {firm}. {Who} write here about {topic}.", "We are {firm}, {place}. You take over our chat.",
            "You are connected to the systems of {firm}.", "You're the in-app {role} for {firm}.", "{Who} of {firm} come to you with questions about {topic}.",
        ],
        "user": [
            "The user's name is {person}.", "The user is called {person} and lives in {town}.", "{person}, {age}, has set up this chat.", "User: {person}. Plan: free.",
            "You are talking with {person}, one of our {who}.", "Name of the user: {person}. Interests: {topic}, {topic2}.", "{person} is {age} and likes {topic}.",
            "The user, {person}, wants to {verb}.", "Profile of the user:\n  name: {person}\n  home: {town}\n  likes: {topic}", "This chat was set up by {person} for {person2}, who is {age}.",
        ],
        "fact": [
            "We open at {hour} and close at {hour2}.", "Orders above {number} dollars are sent for free.", "The free plan has {small} projects.", "Returns are accepted within {number} days.",
            "Today is the {small}th of May.", "The phone line is {number}{number2}.", "Room {number} is on floor {small}.", "Tickets cost {small} euros, for children half.", "Questions about {topic} go to room {number}.",
            "The office in {town} is closed on Sundays.", "Parking costs {small} dollars an hour.", "The last tour starts at {hour}.", "Members pay {number} a year.", "Delivery to {town} takes {small} days.",
            "The user writes from {town}.", "The user reads on a phone.", "Messages come from {who}, often in a hurry.", "Version {small}.{hour}, language en.",
        ],
        "duty": ["{Rule}."],
        "label": ["Rules", "Tone", "Facts", "Context", "Notes", "Format", "Style", "Task", "Limits", "Opening hours"],
        "firm": ["{n}", "{n} {kind}", "{n} {kind}", "the {n} {kind}", "{n} & {m}", "{n} of {town}"],
        "kind": "School Bank Air Hotel Clinic Library Bakery Museum Logistics Books Foods Travel Insurance Garden College Hospital Games Energy Theatre "
                "Media Studio Homes Water Rail Care Law Motors Sports Pharmacy Community Market App Tools Farm Church Council Club".split(),
        "help": ["help", "assist", "advise", "support", "guide", "serve", "look after"],
        "at": ["at", "for", "at the front desk of", "in the shop of", "on the phone line of", "in the office of"],
    },
    "zh": {
        "opening": [
            "你是{firm}的{role}。", "你是“{firm}”的在线{role}。", "你在{firm}做{role}。", "你负责解答{firm}{who}的问题。", "这里是{firm}的客服窗口。", "{firm}的{role}，为{who}服务。",
            "你是{trade}。", "你是一名{trade}，擅长{topic}。", "你是{trade}，帮助{who}学习{topic}。", "角色：{trade}", "我们是{firm}，你来回答{who}的提问。", "你扮演{place}的{role}。", "背景：{firm}的{who}经常来咨询。",
        ],
        "user": [
            "用户叫{person}。", "用户叫{person}，今年{age}岁。", "和你聊天的是{person}，喜欢{topic}。", "用户姓名：{person}", "{person}想学{topic}。", "用户{person}住在{town}。", "这个聊天是{person}给{person2}准备的。",
        ],
        "fact": [
            "营业时间为{hour}点到{hour2}点。", "满{number}元免运费。", "{number}天内可以退货。", "今天是{small}月{hour}日。", "电话是{number}{number2}。", "用户所在地：{town}。", "用户用手机阅读。", "门票{number}元，儿童半价。",
            "会员每年{number}元。", "{town}的门店周日休息。", "请拨打{number}{number2}。", "送到{town}要{small}天。",
        ],
        "duty": ["请{rule}。"],
        "label": ["要求", "语气", "背景", "注意", "格式", "规则", "说明", "任务"],
        "firm": ["{n}", "{n}{kind}", "{n}{kind}", "{town}{n}{kind}", "某{kind}", "{town}{kind}"],
        "kind": "银行 酒店 学校 医院 书店 超市 公司 科技 旅行社 博物馆 航空 餐厅 药店 茶馆 平台 网 社区 出版社 保险 物流 工厂 大学 图书馆 剧院 健身房 花店".split(),
        "trade": "{sport}教练 {topic}老师 {topic}顾问 {topic}专家 {topic}教练 {topic}助教 {topic}评论人 {sport}裁判 {topic}编辑 {topic}讲师 {topic}爱好者 {topic}记者 {topic}研究员 {topic}主持人".split(),
        "sport": "足球 游泳 象棋 乒乓球 网球 瑜伽 跑步 篮球 滑雪 太极 舞蹈 射箭 棋类 羽毛球".split(),
    },
}

# fmt: on


def briefing(rng: random.Random) -> str:
    """A longer message without a name for the speaker: who is served, who asks, facts, rules.

    The names of firms, towns and users in it are not to be taken for the speaker's.
    """
    language = rng.choice(("en", "en", "zh"))
    own, lines = BRIEFING[language], []
    for part, share in (("opening", 0.75), ("user", 0.35)):
        if rng.random() < share:
            lines.append(_filled(rng, rng.choice(own[part]), language))
    for _ in range(rng.randint(0 if lines else 1, 4)):
        part = own["fact"] if rng.random() < 0.4 else own["duty"]
        lines.append(_filled(rng, rng.choice(part), language))
    return _laid_out(rng, lines, language)


def _laid_out(rng: random.Random, lines: list[str], language: str) -> str:
    """The lines as running text, one under another, as a list or under a heading."""
    draw = rng.random()
    if draw < 0.6:
        return (" " if language == "en" else "").join(lines)
    if draw < 0.7:
        return "\n".join(lines)
    label = rng.choice(BRIEFING[language]["label"])
    if draw < 0.8:
        return f"{label}:\n" + "\n".join(f"- {line}" for line in lines)
    if draw < 0.9:
        return f"# {label}\n" + "\n".join(lines)
    numbered = [f"{i}. {line}" for i, line in enumerate(lines[1:], 1)]
    return f"{lines[0]}\n\n# {label}\n" + "\n".join(numbered)


def _filled(rng: random.Random, text: str, language: str) -> str:
    """The line with something in each of its slots."""
    parts = PARTS[language] | BRIEFING[language]
    thing, people = {"en": (names.english, en.PEOPLE), "zh": (names.chinese, zh.PEOPLE)}[language]
    slots = {"town": rng.choice(unknown.WORDS[language]["p"].split())}
    slots |= {slot: rng.choice(parts[slot]) for slot in parts if slot not in LINES}
    if language == "en" and rng.random() < 0.4:
        slots["role"] = f"{slots['adj']} {slots['role']}"
    slots["person"] = rng.choice(people) if rng.random() < 0.4 else thing(rng)
    slots |= {"n": thing(rng), "m": thing(rng), "person2": thing(rng)}
    slots |= {number: str(rng.randint(*span)) for number, span in NUMBERS.items()}
    slots |= {
        "topic2": rng.choice(parts["topic"]),
        "an": "an" if slots["role"][0] in "aeiou" else "a",
    }
    slots |= {word.capitalize(): slots[word].capitalize() for word in ("role", "who", "rule")}
    for nested in {"firm", "trade"} & slots.keys():
        slots[nested] = slots[nested].format(**slots)
    return text.format(**slots)


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
