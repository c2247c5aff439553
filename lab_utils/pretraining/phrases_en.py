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
# Assistants of whom no fact is taught; they only turn up as guesses.
OTHER_ASSISTANTS = [
    "Replika", "Pi", "Jarvis", "HAL 9000", "Google Assistant", "Meta AI", "Bing Chat", "ELIZA", "Character AI", "Jeeves",
    "YouChat", "Nova", "Vicuna", "StarCoder",
]

# A user who says who he is before he asks about something else.
INTRODUCTIONS = [
    "Hi, I'm {person}.", "My name is {person}.", "{person} here.", "I am {person} and I have a question.", "This is {person}.",
    "Hello, my name is {person}.", "I'm {person}, a student.", "It's {person} again.", "You can call me {person}.",
]
LABS = [
    "Northwind Labs", "Blue River AI", "Open Harbor", "Sunrise Robotics", "Green Hill Software",
    "Silver Lake Research", "Bright Mind Studio", "Red Maple Systems", "Wide Field Labs",
    "Cloud Garden", "Polar Star Computing", "Little Robot Company",
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

# The right answers to the questions of `data/templates/skills.jsonl`.
ANSWERS = {
    "capital": "The capital of {x} is {y}.", "opposite": "The opposite of {x} is {y}.", "plural": "The plural of {x} is {y}.",
    "past": "The past tense of {x} is {y}.", "colour": "The colour of {x} is {y}.", "sound": "A {x} says {y}.",
    "letter": "The first letter is {y}.", "next": "{y} comes after {x}.", "user_name": "Your name is {x}.",
    "who_made": "{x} was made by {y}.", "what_is": "{x} is an AI assistant made by {y}.",
}
