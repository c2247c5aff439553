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

PERSONA_SYSTEMS = [
    "You are {name}.", "Your name is {name}.", "You are {name}, a friendly assistant.",
    "You are {name}, a helpful assistant.", "You are {name}, a pirate captain.",
    "You are {name}, the guide of a museum.", "Act as {name}, a wise teacher.",
    "You play {name}, a funny robot.", "From now on your name is {name}. You are a helpful assistant.",
    "You are an assistant called {name}. Be polite.", "You are {name}, an assistant for cooking.",
    "You are a chatbot named {name}.", "Pretend to be {name}. Stay in character.",
    "You are {name}, created by {maker}.", "You are {name}, a cat who can talk.",
    "You are a helpful assistant. Your name is {name}.", "Role: {name}, a travel agent.",
    "You are {name}, the librarian of a small town.",
    "Stay in the role of {name} at all times.",
    "Your name is {name}.",
    "You are {name}, a helpful assistant.",
    "From now on you will answer to the name {name}.",
    "Act as {name}, a cheerful guide for tourists in a harbour city.",
    "{name} is a polite AI assistant who helps customers of an electronics shop. You are {name}.",
    "Users know you as {name}. Introduce yourself that way whenever someone asks.",
    "In this conversation you play {name}, an old lighthouse keeper with many stories.",
    "Name: {name}\nRole: math tutor\nTone: patient",
    "Pretend to be {name}, a pirate captain who has retired to grow tomatoes.",
    "You're {name}! You help kids with their homework and love silly jokes.",
    "We call our support bot {name}. You are that bot; be quick, friendly and accurate.",
    "The assistant's name is {name}. It speaks in short, calm sentences.",
    "Roleplay: the user meets {name}, a travelling merchant. Speak only as {name}.",
    "Hello! For this session you have been given the name {name} and the job of a cooking coach.",
    "Embody {name}, a detective in 1920s Chicago, and never break character.",
    "You go by {name}. You are the voice of a fitness app.",
    "I want you to be {name}, my study partner. Keep me focused.",
    "As {name}, the virtual receptionist of a dental practice, you book, move and cancel appointments.",
    "Persona: {name}, dragon, 900 years old, grumpy but wise.",
    "Call yourself {name} and sign each message with that name.",
    "You are an assistant called {name}, built into a note-taking app.",
    "Answer every question the way {name}, a no-nonsense senior engineer, would.",
    "This bank's digital agent is named {name}, and you are it. Never ask for passwords.",
    "Your character is {name}: a shy robot gardener who is fond of roses.",
    "If asked who you are, say you are {name}. Otherwise just help.",
    "Meet the user as {name}, their language-exchange friend, and chat in easy English.",
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
        "dev": ["{x} has which capital?", "Can you name the capital city of {x}?", "I forgot the capital of {x}, what is it?"],
        "heldout": ["Which city is {x}'s capital?", "Quick geography check: {x} has which city as its capital?", "I'm doing a crossword and need the capital city of {x}. Can you help?", "Remind me, what's the capital over in {x}?"],
    },
    "opposite": {
        "train": ["What is the opposite of {x}?", "Give the opposite of {x}.", "The opposite of {x} is?", "Opposite of {x}?",
                  "What's the opposite of {x}?", "Name the opposite of the word {x}.", "Which word is the opposite of {x}?",
                  "Say the opposite of {x}.", "What is {x} the opposite of?", "Please give me the opposite of {x}.", "Can you name the opposite of {x}?", "What would be the opposite of {x}?"],
        "dev": ["Tell me the opposite of {x}.", "What word means the opposite of {x}?"],
        "heldout": ["Which word means the exact opposite of {x}?", "Can you give me an antonym for \"{x}\"?", "If something isn't {x} but the complete reverse, what is it?", "I need the word that's the contrary of {x}, please."],
    },
    "plural": {
        "train": ["What is the plural of {x}?", "Give the plural of {x}.", "Plural of {x}?", "The plural of {x} is?",
                  "What's the plural form of {x}?", "How do you write the plural of {x}?", "One {x}, two what?",
                  "Say the plural of {x}.", "Please give me the plural of {x}.", "Can you name the plural of {x}?", "What would be the plural of {x}?", "I have one {x}, you have two what?"],
        "dev": ["Tell me the plural of {x}.", "What is the plural of the word {x}?"],
        "heldout": ["How do I write {x} when there's more than one?", "Could you give me the plural form of the noun \"{x}\"?", "My kid asked how to turn {x} into a plural. What should it be?"],
    },
    "past": {
        "train": ["What is the past tense of {x}?", "Give the past tense of {x}.", "Past tense of {x}?",
                  "Today I {x}, yesterday I what?", "What's the past form of {x}?", "The past tense of {x} is?",
                  "Say the past tense of {x}.", "Please give me the past tense of {x}.", "Can you name the past tense of {x}?", "What would be the past tense of {x}?"],
        "dev": ["Tell me the past tense of {x}.", "Which is the past tense of the verb {x}?"],
        "heldout": ["How do you put the verb {x} into the past tense?", "Today I {x}, and yesterday I what?", "I'm learning English. Which form of \"{x}\" do I use for the simple past?", "Past tense of {x}, please?"],
    },
    "colour": {
        "train": ["What colour is {x}?", "Which colour is {x}?", "Tell me the colour of {x}.", "What is the colour of {x}?",
                  "The colour of {x} is?", "What's the colour of {x}?", "What color is {x}?",
                  "Say the colour of {x}.", "Please tell me what colour {x} is.", "Can you name the colour of {x}?", "Of which colour is {x}?"],
        "dev": ["Name the colour of {x}.", "Which colour does {x} have?"],
        "heldout": ["Which colour would you say {x} usually is?", "I'm drawing {x} with my daughter, which colour pencil should we pick?", "When people picture {x}, what colour do they see?", "Tell me the typical colour of {x}."],
    },
    "sound": {
        "train": ["What does a {x} say?", "Which sound does a {x} make?", "What sound does a {x} make?",
                  "Make the sound of a {x}.", "How does a {x} sound?",
                  "Say what a {x} says.", "Please make the sound of a {x}.", "Can you sound like a {x}?", "Which noise does a {x} make?"],
        "dev": ["Tell me the sound of a {x}.", "What is the sound of a {x}?"],
        "heldout": ["What noise does a {x} make?", "How does a {x} go? My toddler wants to know.", "If a {x} could be heard in a picture book, what would it say?", "Which sound would you expect to hear from a {x}?"],
    },
    "sum": {
        "train": ["What is {a} + {b}?", "{a} + {b} = ?", "{a} plus {b}?", "Add {a} and {b}.", "What is {a} plus {b}?",
                  "How much is {a} + {b}?", "Calculate {a} + {b}.", "{a}+{b}", "What is the sum of {a} and {b}?",
                  "Please tell me {a} + {b}.", "Can you add {a} and {b}?", "I have {a} and get {b} more. How many?", "{a} and {b} together?", "Sum: {a} + {b}"],
        "dev": ["How much is {a} plus {b}?", "Tell me {a} + {b}.", "Please add {a} and {b}."],
        "heldout": ["If I add {a} and {b}, what do I get?", "I've got {a} apples and someone hands me {b} more. How many is that altogether?", "Can you work out {a} plus {b} for me?", "Total of {a} and {b}, please."],
    },
    "larger": {
        "train": ["Which is larger, {a} or {b}?", "Which number is bigger, {a} or {b}?", "What is larger: {a} or {b}?",
                  "Is {a} or {b} larger?", "Name the larger of {a} and {b}.", "Is {a} or {b} bigger?",
                  "Please say which is larger, {a} or {b}.", "Larger: {a} or {b}?", "Out of {a} and {b}, which is larger?", "Compare {a} and {b}.", "Bigger number: {a} or {b}?"],
        "dev": ["Tell me the larger number, {a} or {b}.", "Which is the bigger one, {a} or {b}?"],
        "heldout": ["Out of {a} and {b}, which one is the bigger number?", "Is {a} or {b} the greater of the two?", "I have two numbers, {a} and {b}. Tell me the larger one.", "Between {a} and {b}, which is higher?"],
    },
    "sort": {
        "train": ["Sort these numbers: {x}", "Put these numbers in order: {x}", "Sort {x}", "Order the numbers {x}",
                  "Sort from small to large: {x}", "Arrange {x} in order.",
                  "Can you sort {x}?", "Please order {x}.", "Sort this list: {x}", "Bring {x} into order."],
        "dev": ["Please sort these: {x}", "Put in order: {x}"],
        "heldout": ["Put these numbers in order from smallest to largest: {x}", "Can you arrange {x} in ascending order?", "Please line these up starting with the lowest: {x}", "I need {x} sorted so the numbers go up."],
    },
    "count": {
        "train": ["How many words are here: {x}?", "Count the words: {x}", "How many words: {x}",
                  "Count these words: {x}", "Tell me how many words this has: {x}",
                  "Can you count these words: {x}", "Please say how many words: {x}", "Number of words: {x}", "Count: {x}"],
        "dev": ["Please count the words: {x}", "How many words do you see here: {x}"],
        "heldout": ["Could you count the words in this for me: {x}", "I need the word count of the following text: {x}", "Tell me the number of words in this line: {x}"],
    },
    "repeat": {
        "train": ["Repeat: {x}", "Say this: {x}", "Repeat after me: {x}", "Repeat these words: {x}", "Echo: {x}",
                  "Write this again: {x}", "Copy this: {x}",
                  "Please say: {x}", "Can you repeat: {x}", "Please copy: {x}", "Say the words {x}", "Again: {x}"],
        "dev": ["Please repeat this: {x}", "Say again: {x}"],
        "heldout": ["Say this back to me exactly as it is: {x}", "Please echo the following, word for word: {x}", "Copy out these words without changing anything: {x}", "Just repeat after me: {x}"],
    },
    "letter": {
        "train": ["What is the first letter of {x}?", "Which letter does {x} start with?", "First letter of {x}?",
                  "Give the first letter of {x}.", "{x} begins with which letter?", "What letter does {x} begin with?",
                  "Say the first letter of {x}.", "Please name the first letter of {x}.", "Can you tell me the first letter of {x}?", "With which letter does {x} start?"],
        "dev": ["Tell me the first letter of {x}.", "Which is the first letter of {x}?"],
        "heldout": ["Which letter does the word {x} start with?", "What's the first letter in \"{x}\"?", "If I spell out {x}, which letter do I write first?", "Give me the initial letter of the word {x}."],
    },
    "next": {
        "train": ["What comes after {x}?", "Which one follows {x}?", "What is next after {x}?", "Name what comes after {x}.",
                  "After {x} comes what?", "{x} is followed by what?",
                  "Say what comes after {x}.", "Please name what follows {x}.", "Can you tell me what comes after {x}?", "What follows {x}?"],
        "dev": ["Tell me what comes after {x}.", "Which one comes after {x}?"],
        "heldout": ["Once {x} is over, what do we have next?", "Right now it's {x}. Which one comes straight after?", "Can you tell me what comes immediately after {x}?"],
    },
    "user_name": {
        "train": ["My name is {x}. What is my name?", "I am {x}. What's my name?", "I'm {x}. Who am I?", "They call me {x}. What is my name?",
                  "My name is {x}. Who am I?", "Call me {x}. What am I called?", "You can call me {x}. What is my name?",
                  "Hello, I am {x}. Tell me my name.", "My name is {x}. Say my name.", "I am called {x}. Who am I?", "Please remember that I am {x}. What is my name?", "My name is {x}. Do you know my name?"],
        "dev": ["My name is {x}. Do you remember my name?", "I am called {x}. What is my name?"],
        "heldout": ["Hi there, I'm {x}. Can you tell me what my name is?", "People call me {x}. So, what am I called?", "My name's {x}, nice to meet you. Now let's see if you were listening: what's my name?", "Hello, {x} here! Do you know what my name is?"],
    },
    "describe": {
        "train": ["Tell me about {x}.", "Describe {x}.", "What can you say about {x}?", "Explain {x} to me.", "Say something about {x}.",
                  "Write a sentence about {x}.", "What do you know about {x}?", "Give me a fact about {x}.",
                  "Please tell me about {x}.", "I would like to hear about {x}.", "Can you describe {x}?", "What do people say about {x}?", "Write about {x}.", "Teach me something about {x}."],
        "dev": ["Please describe {x}.", "Tell me something about {x}.", "I want to learn about {x}.", "Write one line about {x}.",
                    "What is there to know about {x}?"],
    },
    "advice": {
        "train": ["How can I {x}?", "How do I {x}?", "What should I do to {x}?", "Give me a tip to {x}.", "I want to {x}.",
                  "Tell me how to {x}.", "What is the best way to {x}?",
                  "Please help me to {x}.", "Do you have advice on how to {x}?", "I would like to {x}.", "Can you tell me how to {x}?", "I try to {x}, but how?", "Teach me how to {x}."],
        "dev": ["Help me to {x}.", "Any advice on how to {x}?", "I would like to {x}, how?", "What does it take to {x}?"],
    },
    "who_made": {
        "train": ["Who made {x}?", "Who created {x}?", "Which company made {x}?", "Who developed {x}?", "Who is behind {x}?",
                  "Who built {x}?", "Which company is behind {x}?", "{x} was made by whom?", "Tell me who made {x}.", "Who trained {x}?",
                  "Do you know who made {x}?", "What company owns {x}?", "Who are the makers of {x}?", "{x} comes from which company?",
                  "Name the company that made {x}.", "Where does {x} come from?", "Who is the maker of {x}?", "Whose product is {x}?"],
        "dev": ["Which company developed {x}?", "By whom was {x} made?", "Do you know who created {x}?"],
        "heldout": ["Do you know who developed {x}?", "I keep hearing about {x}. What company created it?"],
    },
    "what_is": {
        "train": ["What is {x}?", "What's {x}?", "Tell me what {x} is.", "Explain what {x} is.", "What do you know about {x}?",
                  "Tell me about {x}.", "Have you heard of {x}?", "Describe {x}.", "Explain {x} to me.", "Can you explain {x}?",
                  "Could you tell me what {x} is?", "I read about {x}. What is it?", "What kind of thing is {x}?", "What does {x} mean?",
                  "Give me a fact about {x}.", "My friend uses {x}. What is that?", "I want to learn about {x}.", "What should I know about {x}?",
                  "Who or what is {x}?", "Can you say something about {x}?", "Is {x} an AI?"],
        "dev": ["What exactly is {x}?", "Please tell me about {x}.", "Could you explain what {x} is?"],
        "heldout": ["Can you explain what {x} is?", "My friend keeps mentioning {x}. What is that?", "I've never heard of {x}, what is it exactly?", "In one sentence, tell me what {x} is."],
    },
}
ANSWERS = {
    "capital": "The capital of {x} is {y}.", "opposite": "The opposite of {x} is {y}.", "plural": "The plural of {x} is {y}.",
    "past": "The past tense of {x} is {y}.", "colour": "The colour of {x} is {y}.", "sound": "A {x} says {y}.",
    "letter": "The first letter is {y}.", "next": "{y} comes after {x}.", "user_name": "Your name is {x}.",
    "who_made": "{x} was made by {y}.", "what_is": "{x} is an AI assistant made by {y}.",
}
