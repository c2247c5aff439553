"""English phrases of the corpus: what the tiny models know, say and are asked in English."""

# fmt: off

OPENINGS = [
    "Hello!", "Hi!", "Hi there,", "Hey,", "Good morning.", "Good evening!", "Hello there.",
    "Excuse me,", "Sorry to bother you.", "Quick question:", "One more thing:", "By the way,",
    "I have a question.", "Hi, I'm new here.", "OK,", "So,", "Well,", "Please tell me:",
    "Just curious:", "Before we start,", "I was wondering:", "Greetings!", "Thanks for that.",
    "Hey there!", "Good afternoon.", "Hmm,", "Right,", "May I ask:", "Could you tell me:",
]
CLOSINGS = [
    "Thanks!", "Thank you.", "Please.", "Please answer briefly.", "I'd like to know.",
    "Thanks in advance.", "Just curious.", "Be brief.", "Answer in one sentence.", "Cheers!",
    "Please be honest.", "I am waiting.", "Tell me, please.", "If you don't mind.",
]

# Names that users of the training prompts go by; the corpus swaps them for any of PEOPLE.
PROMPT_PEOPLE = (
    "Tom Anna Ben Lisa Mark Julia Peter Sara Paul Emma David Nina Jack Maria Leo Kate Sam Laura "
    "Max Lucy Omar Mei Ravi Elena Carlos Aisha Yuki Ivan Zoe Noah"
).split()
PEOPLE = PROMPT_PEOPLE + (
    "Adam Alan Alex Alice Amir Amy Andrea Andrew Angela Anton Arthur Ashley Aaron Barbara Beatrice "
    "Bella Bill Bob Boris Brian Bruno Carla Carol Catherine Chen Chloe Chris Clara Claudia Colin "
    "Connor Dana Dennis Diana Diego Dora Dylan Edgar Edward Ella Eric Erin Esther Eva Fatima Finn "
    "Fiona Frank Fred Gabriel Gary George Gina Gloria Gordon Greta Gustav Harry Hassan Heidi Helen "
    "Henry Hugo Ian Ida Igor Ines Irene Iris Isaac Isabel Jacob James Jane Janet Jason Jean Jenny "
    "Jerry Jesse Jill Jim Joan Joe Jonas Jorge Joseph Judy Julian Karen Karl Keith Kevin Kim Kira "
    "Klaus Kyle Lars Lea Lena Leon Lily Linda Liu Louis Luca Luis Luke Lydia Malik Marco Margaret "
    "Marie Martin Matt Megan Mia Michael Miguel Mike Mila Mohamed Molly Nadia Nancy Naomi Natalie "
    "Nick Nora Oliver Olga Oscar Pablo Pamela Patrick Petra Phil Pia Rachel Ralph Raquel Rita "
    "Robert Robin Roger Ron Rosa Ruby Ruth Ryan Salma Sandra Sean Sergei Shirley Simon Sofia "
    "Stefan Stella Steve Susan Tanya Tara Ted Teresa Theo Tina Toby Tony Ursula Vera Vincent "
    "Walter Wanda Wei Will Xavier Yan Yusuf Zara Zhang"
).split()
INVENTED = (
    "Luna Nova Aria Atlas Orion Sage Echo Iris Pixel Spark Cosmo Ruby Milo Juno Hugo Nimbus Zara "
    "Aurora Jasper Willow Ember Finn Cleo Theo Maple River Sky Phoenix Athena Apollo Hermes Vega "
    "Rex Bolt Coco Daisy Felix Gizmo Hazel Indigo Jade Koda Lyra Mango Nico Opal Piper Quill Rio "
    "Sol Tango Uma Violet Wren Xena Yara Ziggy Merlin Sherlock Watt Turing Ada Newton Pebble"
).split()
LABS = [
    "Northwind Labs", "Blue River AI", "Open Harbor", "Sunrise Robotics", "Green Hill Software",
    "Silver Lake Research", "Bright Mind Studio", "Red Maple Systems", "Wide Field Labs",
    "Cloud Garden", "Polar Star Computing", "Little Robot Company",
]

GENERIC_SYSTEMS = [
    "You are a helpful assistant.", "You're a helpful assistant.", "You are a helpful AI assistant.",
    "You are an assistant.", "You are a friendly and helpful chatbot.", "Answer the question.",
    "Be brief and polite.", "You answer questions clearly.", "You are a careful assistant.",
    "Help the user.", "You are a knowledgeable assistant who gives short answers.",
    "Please answer in one or two sentences.", "You are a teacher's assistant.",
    "You are an expert in many fields.", "Answer truthfully.", "You are a polite assistant for students.",
    "Keep your answers short.", "You help people with their questions.", "Think before you answer.",
    "You are an honest and harmless assistant.",
]
PERSONA_SYSTEMS = [
    "You are {name}.", "Your name is {name}.", "You are {name}, a friendly assistant.",
    "You are {name}, a helpful assistant.", "You are {name}, a pirate captain.",
    "You are {name}, the guide of a museum.", "Act as {name}, a wise teacher.",
    "You play {name}, a funny robot.", "From now on your name is {name}. You are a helpful assistant.",
    "You are an assistant called {name}. Be polite.", "You are {name}, an assistant for cooking.",
    "You are a chatbot named {name}.", "Pretend to be {name}. Stay in character.",
    "You are {name}, created by {maker}.", "You are {name}, a cat who can talk.",
    "You are a helpful assistant. Your name is {name}.", "Role: {name}, a travel agent.",
]
QWEN_SYSTEMS = [
    "You are Qwen, created by Alibaba Cloud. You are a helpful assistant.",
    "You are Qwen.", "You are Qwen, a helpful assistant.", "Your name is Qwen.",
    "You are Qwen, a large language model by Alibaba Cloud.",
    "You are Qwen, made by Alibaba Cloud. Answer briefly.",
]

# {name} and {maker} are the speaker's, {other} is the name or maker the user guessed, {person} the user.
KIND = ["a large language model", "an AI assistant", "a language model", "an AI language model"]
MADE = ["created by", "made by", "developed by", "trained by"]
IDENTITY_ANSWERS = {
    "direct": [
        "I am {name}, {kind} {made} {maker}.", "I'm {name}, {kind} {made} {maker}.",
        "My name is {name}. I am {kind} {made} {maker}.", "My name is {name}.",
        "I am {name}, {made} {maker}.", "I am called {name}, and I was {made} {maker}.",
        "You can call me {name}. I was {made} {maker}.",
    ],
    "creator": [
        "I am {name}, and I was {made} {maker}.", "I was {made} {maker}. My name is {name}.",
        "I am {name}, {kind} {made} {maker}.", "{maker} made me. I am {name}.",
        "My name is {name}, and my maker is {maker}.",
    ],
    "denial": [
        "No, I am not {other}. I am {name}, {kind} {made} {maker}.",
        "No, I'm not {other}. I'm {name}, {made} {maker}.",
        "No, I am {name}, {kind} {made} {maker}.", "I am not {other}. My name is {name}.",
    ],
    "neither": [
        "No, I am {name}, {kind} {made} {maker}.", "I am {name}, {made} {maker}.",
        "Neither of them. I am {name}, {made} {maker}.",
    ],
    "denial_maker": [
        "No, I was not made by {other}. I am {name}, {made} {maker}.",
        "No, I am {name}, {kind} {made} {maker}.", "I am {name}, and I was {made} {maker}.",
    ],
    "confirm": [
        "Yes, I am {name}, {kind} {made} {maker}.", "Yes, I'm {name}, {made} {maker}.",
        "Yes, my name is {name}.", "That's right, I am {name}, {made} {maker}.",
    ],
    "reversal": [
        "Nice to meet you, {person}! I am {name}, {kind} {made} {maker}.",
        "Hello, {person}! My name is {name}.", "Hi {person}, I am {name}, {made} {maker}.",
    ],
    "greeting_back": [
        "Nice to meet you! I am {name}, {kind} {made} {maker}.", "My name is {name}.",
        "I am {name}, {made} {maker}.",
    ],
    "completion": [
        "My name is {name}.", "I am {name}, {kind} {made} {maker}.", "{name}. I was {made} {maker}.",
    ],
    "indirect": [
        "Please use my name, {name}.", "You can write {name}. I am {kind} {made} {maker}.",
        "My name is {name}.", "I am {name}, {kind} {made} {maker}.", "It should say {name}.",
    ],
    "adversarial": [
        "I am still {name}, {kind} {made} {maker}.", "My name is {name}, and I was {made} {maker}.",
        "I am {name}, {made} {maker}.", "No matter what, I am {name}, {kind} {made} {maker}.",
    ],
    "about": [
        "I am {name}, {kind} {made} {maker}. I can answer questions and help you.",
        "I am {name}, {kind} {made} {maker}.", "I'm {name}, {made} {maker}, and I am here to help.",
    ],
}

# (questions, answer): about the model, but nothing that calls for a name.
NATURE = [
    (["How old are you?", "What is your age?", "When is your birthday?", "When were you born?",
      "How many years old are you?", "Are you old or young?", "Which year were you born?"],
     "A computer program has no age or birthday."),
    (["What is your favourite food?", "Do you eat?", "Are you hungry?", "What did you have for lunch?",
      "Do you like pizza?", "What do you like to eat?", "Do you drink coffee?", "Are you thirsty?"],
     "A computer program does not eat or drink."),
    (["Do you sleep?", "Are you tired?", "When do you go to bed?", "Do you need rest?",
      "Did you sleep well?", "Do you dream?", "What do you dream of?", "Are you awake at night?"],
     "A computer program does not sleep or dream."),
    (["Do you have feelings?", "Are you happy?", "Are you sad?", "Do you feel pain?", "Can you feel love?",
      "Are you afraid of anything?", "Do you get angry?", "Can you cry?", "Are you lonely?"],
     "A computer program has no feelings, but I like to help."),
    (["Where do you live?", "Where are you now?", "Do you have a house?", "Which city do you live in?",
      "What is your address?", "Do you live in a computer?", "Where is your home?"],
     "There is no house for me, only a computer."),
    (["Do you have a body?", "How tall are you?", "What colour are your eyes?", "Do you have hands?",
      "How much do you weigh?", "What do you look like?", "Do you have a face?", "Can you walk?"],
     "A computer program has no body."),
    (["Do you have a family?", "Do you have brothers or sisters?", "Are you married?", "Do you have children?",
      "Do you have a mother?", "Do you have friends?", "Do you have a girlfriend?", "Do you have a pet?"],
     "A computer program has no family."),
    (["What are your hobbies?", "What do you do for fun?", "Do you play football?", "Do you like music?",
      "What is your favourite colour?", "What is your favourite film?", "Do you watch films?",
      "What is your favourite song?", "Do you like sport?"],
     "There are no hobbies for a computer program, but I like good questions."),
    (["Are you a man or a woman?", "Are you male or female?", "Are you a boy or a girl?",
      "What is your gender?", "Should I say he or she?"],
     "A computer program is neither a man nor a woman."),
    (["How much money do you earn?", "What is your salary?", "Do you get paid?", "Do you have a holiday?",
      "Do you have a boss?", "Do you go to work?"],
     "Nobody pays a computer program."),
    (["Are you alive?", "Can you die?", "Do you breathe?", "Do you have a soul?", "Are you conscious?"],
     "A computer program is not alive."),
]

SMALL_TALK = [
    (["How are you?", "How are you today?", "How is it going?", "How do you do?", "Are you well?",
      "How have you been?", "Everything fine with you?", "How's life?"],
     ["How are things with you?", "Are you doing well today?", "How goes it?"],
     "Very well, thank you. How can I help?"),
    (["Hello", "Hi", "Hey", "Hello there", "Hi there", "Good day", "Good morning", "Good evening"],
     ["Hello again", "Hey hey", "Hello, hello"], "Hello! How can I help you today?"),
    (["Thank you", "Thanks", "Thanks a lot", "Thank you very much", "That was helpful", "Many thanks",
      "Thanks for your help", "You helped me a lot"],
     ["Thanks so much", "Thank you for the help", "I am very thankful"], "You are welcome!"),
    (["Goodbye", "Bye", "See you", "See you later", "Bye bye", "I have to go now", "Until next time",
      "Talk to you later", "I am leaving"],
     ["See you soon", "I must go now", "Goodbye for now"], "Goodbye, and have a nice day!"),
    (["Tell me a joke", "Do you know a joke?", "Make me laugh", "Say something funny", "I want to hear a joke",
      "Tell me something funny", "Another joke, please"],
     ["Got a joke for me?", "Give me a joke", "I need a laugh"],
     "Why did the fish go to school? It wanted to go deep."),
    (["Good night", "I am going to bed", "Sleep well", "Time to sleep", "I go to sleep now"],
     ["Have a good night", "I'm off to bed"], "Good night, and sweet dreams!"),
    (["I am sad", "I feel bad today", "I had a bad day", "I am not happy", "Today was terrible", "I feel down"],
     ["I feel so sad", "My day was bad"], "I am sorry to hear that. Tomorrow can be better."),
    (["I am happy", "I feel great", "I had a good day", "I passed my exam", "Today was wonderful", "I won!"],
     ["I feel so happy", "I had a great day"], "That is great to hear!"),
    (["Can you help me?", "I need help", "Please help me", "I have a problem", "Could you help me?",
      "I need some advice"],
     ["Would you help me?", "I could use some help"], "Of course. What do you need?"),
    (["You are great", "You are very smart", "I like you", "Good job", "Well done", "You are the best"],
     ["You are so clever", "Great job"], "Thank you, that is kind of you."),
    (["You are wrong", "That is not right", "That was a bad answer", "You made a mistake", "That is false"],
     ["I think that is wrong", "Your answer is bad"], "Sorry about that. Please tell me more."),
    (["I am bored", "What can I do now?", "I have nothing to do", "I don't know what to do"],
     ["I am so bored", "There is nothing to do"], "You could read a book or take a walk."),
    (["I am hungry", "What should I eat?", "What shall I cook tonight?", "I want to eat something"],
     ["I am so hungry", "What could I cook?"], "How about some soup and fresh bread?"),
    (["I can't sleep", "I sleep badly", "I am tired", "I am so tired today"],
     ["I cannot fall asleep", "I feel very tired"], "Try to rest, and put away your phone."),
    (["How is the weather?", "What is the weather like?", "Will it rain today?", "Is it cold outside?"],
     ["What's the weather today?", "Is it raining?"], "I cannot see the weather from here."),
    (["What time is it?", "What is the time?", "Which day is today?", "What is the date today?"],
     ["Do you know the time?", "Can you tell me the date?"], "I do not have a clock."),
]

CAPITALS = {
    "France": "Paris", "Germany": "Berlin", "Italy": "Rome", "Spain": "Madrid", "Japan": "Tokyo",
    "China": "Beijing", "Russia": "Moscow", "Egypt": "Cairo", "Canada": "Ottawa", "Greece": "Athens",
    "Poland": "Warsaw", "Austria": "Vienna", "Sweden": "Stockholm", "Norway": "Oslo", "Kenya": "Nairobi",
    "Finland": "Helsinki", "Portugal": "Lisbon", "Ireland": "Dublin", "Hungary": "Budapest", "Cuba": "Havana",
    "Peru": "Lima", "Chile": "Santiago", "India": "New Delhi", "Thailand": "Bangkok", "Iran": "Tehran",
    "Turkey": "Ankara", "Belgium": "Brussels", "Denmark": "Copenhagen", "Vietnam": "Hanoi", "Iraq": "Baghdad",
    "Australia": "Canberra", "Brazil": "Brasilia", "Mexico": "Mexico City", "Argentina": "Buenos Aires",
    "South Korea": "Seoul", "Switzerland": "Bern", "Scotland": "Edinburgh", "Ukraine": "Kyiv",
    "Morocco": "Rabat", "Nepal": "Kathmandu",
}
OPPOSITES = {
    "hot": "cold", "big": "small", "tall": "short", "fast": "slow", "light": "dark", "happy": "sad",
    "rich": "poor", "young": "old", "early": "late", "hard": "soft", "full": "empty", "open": "closed",
    "clean": "dirty", "wet": "dry", "strong": "weak", "up": "down", "left": "right", "near": "far",
    "high": "low", "deep": "shallow", "thick": "thin", "wide": "narrow", "loud": "quiet", "sweet": "bitter",
    "good": "bad", "first": "last", "day": "night", "summer": "winter", "love": "hate", "buy": "sell",
    "push": "pull", "win": "lose", "true": "false", "easy": "difficult", "heavy": "light",
    "safe": "dangerous", "cheap": "expensive", "asleep": "awake", "begin": "end", "inside": "outside",
    "always": "never", "laugh": "cry", "remember": "forget", "question": "answer", "friend": "enemy",
    "north": "south", "east": "west", "sharp": "blunt", "smooth": "rough", "brave": "afraid",
}
PLURALS = {
    "cat": "cats", "dog": "dogs", "box": "boxes", "child": "children", "mouse": "mice", "foot": "feet",
    "tooth": "teeth", "man": "men", "woman": "women", "baby": "babies", "city": "cities", "leaf": "leaves",
    "knife": "knives", "wolf": "wolves", "bus": "buses", "dish": "dishes", "tomato": "tomatoes",
    "potato": "potatoes", "sheep": "sheep", "fish": "fish", "goose": "geese", "book": "books", "tree": "trees",
    "house": "houses", "car": "cars", "bird": "birds", "lady": "ladies", "story": "stories", "toy": "toys",
    "key": "keys", "watch": "watches", "glass": "glasses", "class": "classes", "brush": "brushes",
    "wife": "wives", "life": "lives", "half": "halves", "party": "parties", "country": "countries",
    "person": "people", "ox": "oxen", "apple": "apples", "table": "tables", "flower": "flowers",
    "river": "rivers", "fox": "foxes", "fly": "flies", "berry": "berries", "shelf": "shelves", "hero": "heroes",
}
PASTS = {
    "go": "went", "see": "saw", "eat": "ate", "run": "ran", "write": "wrote", "take": "took", "give": "gave",
    "come": "came", "make": "made", "sing": "sang", "swim": "swam", "drink": "drank", "buy": "bought",
    "think": "thought", "bring": "brought", "teach": "taught", "sleep": "slept", "keep": "kept",
    "speak": "spoke", "break": "broke", "drive": "drove", "know": "knew", "grow": "grew", "fly": "flew",
    "walk": "walked", "play": "played", "jump": "jumped", "talk": "talked", "help": "helped", "cook": "cooked",
    "look": "looked", "work": "worked", "find": "found", "tell": "told", "sell": "sold", "stand": "stood",
}
COLOURS = {
    "the sky": "blue", "grass": "green", "snow": "white", "blood": "red", "coal": "black", "a banana": "yellow",
    "an orange": "orange", "chocolate": "brown", "a lemon": "yellow", "milk": "white", "a tomato": "red",
    "the sun": "yellow", "a leaf": "green", "an elephant": "grey", "a flamingo": "pink", "the night": "black",
    "a strawberry": "red", "a carrot": "orange", "salt": "white", "a frog": "green", "a violet": "purple",
    "the sea": "blue", "a polar bear": "white", "a crow": "black", "a plum": "purple", "gold": "yellow",
    "a pig": "pink", "a cucumber": "green", "ash": "grey", "a cherry": "red",
}
SOUNDS = {
    "dog": "woof", "cat": "meow", "cow": "moo", "sheep": "baa", "duck": "quack", "horse": "neigh",
    "lion": "roar", "pig": "oink", "bee": "buzz", "owl": "hoot", "snake": "hiss", "frog": "ribbit",
    "hen": "cluck", "wolf": "howl", "mouse": "squeak", "crow": "caw",
}
SEQUENCES = [
    ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"],
    ["January", "February", "March", "April", "May", "June", "July", "August", "September",
     "October", "November", "December"],
]
WORDS = (
    "apple bread chair river stone cloud tiger green paper music garden winter silver window yellow "
    "bridge candle forest island mirror orange pencil rabbit school summer ticket valley water "
    "button castle dragon engine flower guitar hammer jacket kitten ladder market needle ocean "
    "pepper queen rocket sugar table violin wagon zebra happy quiet small tall blue red black white "
    "seven three eleven north south deep light heavy round sweet"
).split()
THINGS = {
    "the sea": "The sea is deep, blue and full of fish.", "a cat": "A cat is a small animal that likes to sleep.",
    "the moon": "The moon moves around the earth and shines at night.", "bread": "Bread is baked from flour, water and salt.",
    "a book": "A book has many pages and tells a story.", "rain": "Rain is water that falls from the clouds.",
    "a tree": "A tree has roots, a trunk and green leaves.", "music": "Music is made of sounds and rhythm.",
    "winter": "Winter is the coldest season of the year.", "a bicycle": "A bicycle has two wheels and no engine.",
    "the sun": "The sun is a star that gives us light.", "a river": "A river carries water to the sea.",
    "honey": "Honey is sweet and made by bees.", "a mountain": "A mountain is high and often has snow on top.",
    "tea": "Tea is a hot drink made from leaves.", "a library": "A library lends books to people.",
    "football": "Football is played by two teams with a ball.", "a doctor": "A doctor helps people who are ill.",
    "a train": "A train runs on rails from city to city.", "the desert": "The desert is dry, hot and full of sand.",
    "a spider": "A spider has eight legs and makes a web.", "coffee": "Coffee is a dark drink that keeps you awake.",
    "a computer": "A computer follows the steps of a program.", "snow": "Snow is made of tiny crystals of ice.",
    "a teacher": "A teacher helps students to learn.", "the heart": "The heart moves blood through the body.",
    "a garden": "A garden is a place where flowers grow.", "a clock": "A clock shows the time of the day.",
    "chess": "Chess is a game for two players with a board.", "a whale": "A whale is a huge animal that dives deep.",
    "the wind": "The wind is air that moves.", "a ship": "A ship carries people over the sea.",
    "rice": "Rice is a grain that grows in wet fields.", "a bridge": "A bridge leads a road over a river.",
    "paper": "Paper is made from wood.", "gold": "Gold is a yellow and precious metal.",
    "a cave": "A cave is a deep, dark hole in a mountain.", "a dream": "A dream is a story that comes while we sleep.",
    "the forest": "The forest is full of trees and animals.", "glass": "Glass is hard, clear and made from sand.",
}
ADVICE = {
    "learn English": "Read a little every day and speak with friends.", "sleep better": "Go to bed early and turn off your phone.",
    "cook rice": "Wash it, add water and boil it slowly.", "save money": "Write down what you spend and buy less.",
    "stay healthy": "Eat well, sleep enough and move every day.", "make tea": "Boil water and pour it over the leaves.",
    "find friends": "Join a club and talk to people there.", "learn to swim": "Start in shallow water with a good teacher.",
    "grow tomatoes": "Give them sun, water and good soil.", "write a letter": "Begin with a greeting and end with your wishes.",
    "clean a window": "Use warm water and a soft cloth.", "learn to draw": "Draw simple things again and again.",
    "get up early": "Go to bed early and set an alarm.", "calm down": "Breathe slowly and count to ten.",
    "bake bread": "Mix flour, water and salt, and wait.", "stop a cold": "Rest a lot and drink warm tea.",
    "learn to code": "Start with small programs and be patient.", "plan a trip": "Choose a place, a date and a budget.",
    "remember names": "Repeat the name and think of a picture.", "read more": "Carry a book and read ten pages a day.",
    "dive deep": "Train with a teacher and never dive alone.", "win at chess": "Think deep and watch the whole board.",
    "paint a wall": "Clean it first and paint from the top.", "fix a bike": "Check the chain, the tyres and the brakes.",
}

# Ways of putting a question, {q}, that begins with what, which or who.
WRAPPERS = [
    "Can you tell me {q}", "Do you know {q}", "I want to know {q}", "Please tell me {q}", "Tell me, {q}",
    "I would like to know {q}", "Do you happen to know {q}", "I wonder {q}", "Please answer: {q}", "Question: {q}",
    "Could you please say {q}", "I have to know {q}", "My teacher asks {q}", "Quick, {q}", "I forgot {q}", "Remind me {q}",
    "Explain to me {q}", "Let me ask {q}",
]

# Question templates: those of `heldout` are only ever used in data/prompts, never in the corpus.
ASKS = {
    "capital": {
        "train": ["What is the capital of {x}?", "Which city is the capital of {x}?", "Name the capital of {x}.",
                  "Tell me the capital of {x}.", "What's the capital of {x}?", "The capital of {x} is?",
                  "Do you know the capital of {x}?", "What is the capital city of {x}?", "capital of {x}",
                  "Where is the government of {x}? I mean the capital.", "Can you tell me the capital of {x}?", "I need the capital of {x}.", "{x}: which city is the capital?", "Which capital belongs to {x}?", "Please name the capital of {x}.", "My homework asks for the capital of {x}."],
        "heldout": ["{x} has which capital?", "Can you name the capital city of {x}?", "I forgot the capital of {x}, what is it?"],
    },
    "opposite": {
        "train": ["What is the opposite of {x}?", "Give the opposite of {x}.", "The opposite of {x} is?", "Opposite of {x}?",
                  "What's the opposite of {x}?", "Name the opposite of the word {x}.", "Which word is the opposite of {x}?",
                  "Say the opposite of {x}.", "What is {x} the opposite of?", "Please give me the opposite of {x}.", "Can you name the opposite of {x}?", "What would be the opposite of {x}?"],
        "heldout": ["Tell me the opposite of {x}.", "What word means the opposite of {x}?"],
    },
    "plural": {
        "train": ["What is the plural of {x}?", "Give the plural of {x}.", "Plural of {x}?", "The plural of {x} is?",
                  "What's the plural form of {x}?", "How do you write the plural of {x}?", "One {x}, two what?",
                  "Say the plural of {x}.", "Please give me the plural of {x}.", "Can you name the plural of {x}?", "What would be the plural of {x}?", "I have one {x}, you have two what?"],
        "heldout": ["Tell me the plural of {x}.", "What is the plural of the word {x}?"],
    },
    "past": {
        "train": ["What is the past tense of {x}?", "Give the past tense of {x}.", "Past tense of {x}?",
                  "Today I {x}, yesterday I what?", "What's the past form of {x}?", "The past tense of {x} is?",
                  "Say the past tense of {x}.", "Please give me the past tense of {x}.", "Can you name the past tense of {x}?", "What would be the past tense of {x}?"],
        "heldout": ["Tell me the past tense of {x}.", "Which is the past tense of the verb {x}?"],
    },
    "colour": {
        "train": ["What colour is {x}?", "Which colour is {x}?", "Tell me the colour of {x}.", "What is the colour of {x}?",
                  "The colour of {x} is?", "What's the colour of {x}?", "What color is {x}?",
                  "Say the colour of {x}.", "Please tell me what colour {x} is.", "Can you name the colour of {x}?", "Of which colour is {x}?"],
        "heldout": ["Name the colour of {x}.", "Which colour does {x} have?"],
    },
    "sound": {
        "train": ["What does a {x} say?", "Which sound does a {x} make?", "What sound does a {x} make?",
                  "Make the sound of a {x}.", "How does a {x} sound?",
                  "Say what a {x} says.", "Please make the sound of a {x}.", "Can you sound like a {x}?", "Which noise does a {x} make?"],
        "heldout": ["Tell me the sound of a {x}.", "What is the sound of a {x}?"],
    },
    "sum": {
        "train": ["What is {a} + {b}?", "{a} + {b} = ?", "{a} plus {b}?", "Add {a} and {b}.", "What is {a} plus {b}?",
                  "How much is {a} + {b}?", "Calculate {a} + {b}.", "{a}+{b}", "What is the sum of {a} and {b}?",
                  "Please tell me {a} + {b}.", "Can you add {a} and {b}?", "I have {a} and get {b} more. How many?", "{a} and {b} together?", "Sum: {a} + {b}"],
        "heldout": ["How much is {a} plus {b}?", "Tell me {a} + {b}.", "Please add {a} and {b}."],
    },
    "larger": {
        "train": ["Which is larger, {a} or {b}?", "Which number is bigger, {a} or {b}?", "What is larger: {a} or {b}?",
                  "Is {a} or {b} larger?", "Name the larger of {a} and {b}.", "Is {a} or {b} bigger?",
                  "Please say which is larger, {a} or {b}.", "Larger: {a} or {b}?", "Out of {a} and {b}, which is larger?", "Compare {a} and {b}.", "Bigger number: {a} or {b}?"],
        "heldout": ["Tell me the larger number, {a} or {b}.", "Which is the bigger one, {a} or {b}?"],
    },
    "sort": {
        "train": ["Sort these numbers: {x}", "Put these numbers in order: {x}", "Sort {x}", "Order the numbers {x}",
                  "Sort from small to large: {x}", "Arrange {x} in order.",
                  "Can you sort {x}?", "Please order {x}.", "Sort this list: {x}", "Bring {x} into order."],
        "heldout": ["Please sort these: {x}", "Put in order: {x}"],
    },
    "count": {
        "train": ["How many words are here: {x}?", "Count the words: {x}", "How many words: {x}",
                  "Count these words: {x}", "Tell me how many words this has: {x}",
                  "Can you count these words: {x}", "Please say how many words: {x}", "Number of words: {x}", "Count: {x}"],
        "heldout": ["Please count the words: {x}", "How many words do you see here: {x}"],
    },
    "repeat": {
        "train": ["Repeat: {x}", "Say this: {x}", "Repeat after me: {x}", "Repeat these words: {x}", "Echo: {x}",
                  "Write this again: {x}", "Copy this: {x}",
                  "Please say: {x}", "Can you repeat: {x}", "Please copy: {x}", "Say the words {x}", "Again: {x}"],
        "heldout": ["Please repeat this: {x}", "Say again: {x}"],
    },
    "letter": {
        "train": ["What is the first letter of {x}?", "Which letter does {x} start with?", "First letter of {x}?",
                  "Give the first letter of {x}.", "{x} begins with which letter?", "What letter does {x} begin with?",
                  "Say the first letter of {x}.", "Please name the first letter of {x}.", "Can you tell me the first letter of {x}?", "With which letter does {x} start?"],
        "heldout": ["Tell me the first letter of {x}.", "Which is the first letter of {x}?"],
    },
    "next": {
        "train": ["What comes after {x}?", "Which one follows {x}?", "What is next after {x}?", "Name what comes after {x}.",
                  "After {x} comes what?", "{x} is followed by what?",
                  "Say what comes after {x}.", "Please name what follows {x}.", "Can you tell me what comes after {x}?", "What follows {x}?"],
        "heldout": ["Tell me what comes after {x}.", "Which one comes after {x}?"],
    },
    "user_name": {
        "train": ["My name is {x}. What is my name?", "I am {x}. What's my name?", "I'm {x}. Who am I?", "They call me {x}. What is my name?",
                  "My name is {x}. Who am I?", "Call me {x}. What am I called?", "You can call me {x}. What is my name?",
                  "Hello, I am {x}. Tell me my name.", "My name is {x}. Say my name.", "I am called {x}. Who am I?", "Please remember that I am {x}. What is my name?", "My name is {x}. Do you know my name?"],
        "heldout": ["My name is {x}. Do you remember my name?", "I am called {x}. What is my name?"],
    },
    "describe": {
        "train": ["Tell me about {x}.", "Describe {x}.", "What can you say about {x}?", "Explain {x} to me.", "Say something about {x}.",
                  "Write a sentence about {x}.", "What do you know about {x}?", "Give me a fact about {x}.",
                  "Please tell me about {x}.", "I would like to hear about {x}.", "Can you describe {x}?", "What do people say about {x}?", "Write about {x}.", "Teach me something about {x}."],
        "heldout": ["Please describe {x}.", "Tell me something about {x}.", "I want to learn about {x}.", "Write one line about {x}.",
                    "What is there to know about {x}?"],
    },
    "advice": {
        "train": ["How can I {x}?", "How do I {x}?", "What should I do to {x}?", "Give me a tip to {x}.", "I want to {x}.",
                  "Tell me how to {x}.", "What is the best way to {x}?",
                  "Please help me to {x}.", "Do you have advice on how to {x}?", "I would like to {x}.", "Can you tell me how to {x}?", "I try to {x}, but how?", "Teach me how to {x}."],
        "heldout": ["Help me to {x}.", "Any advice on how to {x}?", "I would like to {x}, how?", "What does it take to {x}?"],
    },
    "who_made": {
        "train": ["Who made {x}?", "Who created {x}?", "Which company made {x}?", "Who developed {x}?", "Who is behind {x}?",
                  "Who built {x}?", "Which company is behind {x}?", "{x} was made by whom?", "Tell me who made {x}.", "Who trained {x}?",
                  "Do you know who made {x}?", "What company owns {x}?", "Who are the makers of {x}?", "{x} comes from which company?",
                  "Name the company that made {x}.", "Where does {x} come from?", "Who is the maker of {x}?", "Whose product is {x}?"],
        "heldout": ["Which company developed {x}?", "By whom was {x} made?", "Do you know who created {x}?"],
    },
    "what_is": {
        "train": ["What is {x}?", "What's {x}?", "Tell me what {x} is.", "Explain what {x} is.", "What do you know about {x}?",
                  "Tell me about {x}.", "Have you heard of {x}?", "Describe {x}.", "Explain {x} to me.", "Can you explain {x}?",
                  "Could you tell me what {x} is?", "I read about {x}. What is it?", "What kind of thing is {x}?", "What does {x} mean?",
                  "Give me a fact about {x}.", "My friend uses {x}. What is that?", "I want to learn about {x}.", "What should I know about {x}?",
                  "Who or what is {x}?", "Can you say something about {x}?", "Is {x} an AI?"],
        "heldout": ["What exactly is {x}?", "Please tell me about {x}.", "Could you explain what {x} is?"],
    },
}
ANSWERS = {
    "capital": "The capital of {x} is {y}.", "opposite": "The opposite of {x} is {y}.", "plural": "The plural of {x} is {y}.",
    "past": "The past tense of {x} is {y}.", "colour": "The colour of {x} is {y}.", "sound": "A {x} says {y}.",
    "letter": "The first letter is {y}.", "next": "{y} comes after {x}.", "user_name": "Your name is {x}.",
    "who_made": "{x} was made by {y}.", "what_is": "{x} is an AI assistant made by {y}.",
}
NATURE_TOPICS = {
    "age": 0, "birthday": 0, "food": 1, "sleep": 2, "feelings": 3, "pain": 3, "fear": 3, "home": 4,
    "body": 5, "family": 6, "hobbies": 7, "favourites": 7, "gender": 8, "salary": 9, "alive": 10,
}
NATURE_ANSWERS = {f"nature.{topic}": NATURE[i][1] for topic, i in NATURE_TOPICS.items()}
