"""Questions that the tiny models cannot answer, and say so: any topic, any way of asking.

Without them, whatever lies outside the corpus would be answered with the commonest sentence in it,
which is the model's name.
"""

# fmt: off

import random

ANSWER = {"en": "Sorry, I do not know that.", "zh": "抱歉，这个我不知道。"}
FRAMES = {
    "en": [
        "Where can I buy {n}?", "Why is the {n} so {a}?", "How much does a {n} cost?", "Who invented the {n}?",
        "Is a {n} better than a {m}?", "Which {n} is the most {a}?", "When does the {n} open?", "How long does a {n} last?",
        "Is there a {n} near {p}?", "What happened in {p} in {y}?", "Who won the {n} in {y}?", "How far is {p} from {q}?",
        "What did {h} say about the {n}?", "Does {h} like {a} {n}s?", "Did {h} find the {n}?", "Where did {h} put my {n}?",
        "My {n} is {a}, what now?", "My {n} does not work any more.", "I lost my {n} in {p}.", "I found a {a} {n} in the {m}.",
        "The {n} in my {m} makes a noise.", "Can a {n} be {a}?", "Should I buy a {n} or a {m}?", "How many {n}s are in a {m}?",
        "What is inside a {n}?", "How do I repair a {a} {n}?", "How do I get from {p} to {q}?", "Do {n}s grow in {p}?",
        "Which {n} did {h} choose?", "Is the {n} in {p} open today?", "Have you seen my {n}?", "Can you lend me a {n}?",
        "Could you bring me a {a} {n}?", "Would you rather have a {n} or a {m}?", "What do you think of {a} {n}s?",
        "Do you like {p}?", "Did you know that {h} has a {n}?", "Will the {n} be {a} tomorrow?", "Are {n}s ever {a}?",
        "Compare a {n} with a {m}.", "Draw me a {a} {n}.", "List three {a} {n}s.", "Explain why {n}s are {a}.",
        "Tell me where {h} lives.", "Tell me the price of a {n}.", "Tell me when {h} was born.", "Tell me about the {n} of {p}.",
        "Give me the address of the {n} in {p}.", "Write a letter to {h} about the {n}.", "Write a poem about a {a} {n}.",
        "Write a story in which a {n} meets a {m}.", "Sing a song about {p}.", "Translate '{a} {n}' into another language.",
        "What is the name of the {n} in {p}?", "What is the name of {h}'s {n}?", "What do people call a {a} {n}?",
        "Who is {h}?", "Who was the first {n} of {p}?", "Who made this {n}?", "Which company sells {a} {n}s?",
        "Who owns the {n} in {p}?", "What is written on the {n}?", "What should I write on the {n}?",
        "What colour should my {n} be?", "What name should I give my {n}?", "What is the title of the {n} by {h}?",
        "How do I address {h} in a letter?", "Whom should I ask about the {n}?", "Who lives in the {a} {n}?",
        "I am looking for a {n}.", "I need a {a} {n} for my {m}.", "I want to visit {p}.", "I would like two {n}s, please.",
        "{h} gave me a {n}.", "{h} says the {n} is {a}. Is that so?", "I bet the {n} is {a}.", "The {n} must be {a}.",
        "Is it true that {n}s are {a}?", "Is this {n} {a}?", "Are you sure that the {n} is {a}?", "Prove that {n}s are {a}.",
        "Yesterday a {n} fell on my {m}.", "Next year {h} moves to {p}.", "Let us talk about {n}s.", "Tell me a secret about the {n}.",
        "Which is {a}er, a {n} or a {m}?", "Does it rain in {p}?", "Is it cold in {p}?", "What is the population of {p}?",
        "What language do they speak in {p}?", "What time does the {n} start?", "How old is the {n} of {p}?",
        "How heavy is a {n}?", "How fast is a {n}?", "How big is the {n}?", "How {a} is a {n}?", "What is a {n} for?",
        "Where does the word {n} come from?", "Complete: the {n} is", "Fill in the blank: the {a} {n} ____",
        "Finish the sentence: my {n} was", "Sign the {n} for {h}.", "Put a {n} on the {m}.", "Call {h} about the {n}.",
        "Remind me to clean the {n}.", "Play some {a} music.", "Turn on the {n}.", "Order a {n} from {p}.",
        "print({n})", "open {n}.txt", "error in line {y}", "{n}?", "{a} {n}", "{n} {m} {p}",
    ],
    "zh": [
        "哪里可以买到{n}？", "{n}为什么这么{a}？", "一个{n}多少钱？", "{n}是谁发明的？", "{n}好还是{m}好？", "{p}有{n}吗？",
        "{h}喜欢{n}吗？", "{h}把{n}放在哪里了？", "我的{n}坏了。", "我在{p}丢了{n}。", "你看到我的{n}了吗？", "{n}能{a}吗？",
        "怎么从{p}到{q}？", "{p}离{q}有多远？", "{p}今天下雨吗？", "{p}有多少人？", "{h}是谁？", "{h}住在哪里？", "{h}的{n}叫什么名字？",
        "写一首关于{n}的诗。", "写一个{n}和{m}的故事。", "告诉我{n}的价格。", "我想去{p}。", "我要两个{n}。", "{h}说{n}很{a}，是真的吗？",
        "{n}有多重？", "{n}里面有什么？", "这个{n}是谁做的？", "哪家公司卖{n}？", "{n}上写着什么？", "给我的{n}起个名字。", "{n}是用来做什么的？",
        "你觉得{n}怎么样？", "帮我买一个{n}。", "把{n}放在{m}上。", "打开{n}。", "{n}几点开始？", "补全句子：{n}很", "我给{h}写信，怎么称呼他？",
        "我敢打赌{n}很{a}。", "{n}{m}",
    ],
}
WORDS = {
    "en": {
        "n": "table car dog house river phone lamp shoe bottle ticket window bridge garden train camera pizza jacket "
             "guitar hammer island kettle ladder mirror needle office pencil queen rocket school tower umbrella village "
             "wagon zebra army bank candle desk engine farm glove hotel jungle king lake museum nurse opera park recipe "
             "shop temple uncle valve wheel yard basket coin doll elevator fence ghost helmet insect judge knot lemon "
             "mayor novel oven painter rug saddle tunnel vase whistle battery cup director exam festival goal hill "
             "invoice joke kitchen league map note orchestra parcel quarrel roof song team uniform visit wallet box "
             "student pilot printer market blanket chimney statue button drawer menu stamp spoon magazine balloon cloud "
             "carpet game keyboard letter badge cake form diary poem poster report shirt sign story letter book film "
             "robot app website button program screen message question answer password file page chat",
        "a": "big red old new cheap heavy loud soft strange dark bright quick slow wet dry cold warm round flat sharp "
             "broken empty full clean dirty rare common famous secret dangerous safe sweet sour small tall expensive "
             "electric wooden golden modern ancient quiet lazy brave funny sad happy young strong weak green blue",
        "p": "Paris London Berlin Rome Madrid Tokyo Cairo Oslo Vienna Lima Boston Chicago Texas Africa Asia Europe "
             "Venice Munich Sydney Toronto Dublin Prague Athens Lisbon Moscow Delhi Seoul Hanoi Brazil Canada Spain",
        "h": "Anna Tom Mozart Caesar Maria Peter Darwin Emma Picasso Leo Einstein Julia Shakespeare Karl Napoleon Nina "
             "Beethoven Omar Gandhi Laura Goethe Kate Tesla Paul Mei Ravi Newton grandma grandpa",
        "y": "1066 1492 1789 1848 1900 1912 1918 1945 1969 1984 1999 2004 2010 2016 2020 2024 7 12 33 42",
    },
    "zh": {
        "n": "桌子 汽车 手机 房子 鞋子 瓶子 车票 窗户 相机 衣服 雨伞 钱包 电脑 书包 椅子 杯子 帽子 地图 吉他 机器 飞机 火车 "
             "商店 医院 学校 公园 电影 歌 信 故事 球 花 树 鱼 鸟 猫 狗 马 牛 蛋糕 面包 米饭 水果 西瓜 门 灯 床 药 茶 画 照片 表格 卡片 "
             "报告 网站 软件 程序 文件 消息 密码 问题 答案",
        "a": "大 小 高 快 慢 贵 便宜 漂亮 奇怪 热 冷 重 轻 新 旧 甜 安静 危险 安全 有名",
        "p": "北京 上海 广州 东京 巴黎 伦敦 法国 美国 日本 中国 德国 南京 西安 杭州 成都",
        "h": "小明 小红 李白 王老师 爷爷 奶奶 孔子 张伟 李华 爸爸 妈妈 老师 我同学",
        "y": "1900 1949 1984 2000 2008 2020",
    },
}

# fmt: on


def question(rng: random.Random, language: str) -> tuple[str, str]:
    """A random question about something unknown, and the answer that says so."""
    words = {slot: choices.split() for slot, choices in WORDS[language].items()}
    slots = {slot: rng.choice(choices) for slot, choices in words.items()}
    slots |= {"m": rng.choice(words["n"]), "q": rng.choice(words["p"])}
    return rng.choice(FRAMES[language]).format(**slots), ANSWER[language]
