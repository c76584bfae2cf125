"""English words by what they do in a sentence: enough to find where a noun phrase ends and a verb begins."""

PREPOSITIONS = frozenset([
    "aboard", "about", "above", "across", "after", "against", "along", "among", "around", "as", "at", "before",
    "behind", "below", "beneath", "beside", "besides", "between", "beyond", "by", "despite", "down", "during",
    "except", "for", "from", "in", "inside", "into", "like", "near", "of", "off", "on", "onto", "out", "outside",
    "over", "past", "per", "since", "through", "throughout", "till", "to", "toward", "towards", "under", "until",
    "up", "upon", "via", "with", "within", "without",
])  # fmt: skip
# After these a name is a place, or at least somewhere to go.
PLACE_PREPOSITIONS = frozenset(["aboard", "across", "at", "in", "inside", "into", "near", "on", "onto", "outside"])
CONJUNCTIONS = frozenset([
    "although", "and", "because", "but", "if", "nor", "or", "so", "than", "though", "unless", "when", "where",
    "whereas", "whether", "while",
])  # fmt: skip
# Prepositions that begin a clause as often.
BEFORE_CLAUSES = frozenset(["after", "as", "before", "since", "till", "until"])
BE = frozenset(["are", "aren't", "be", "been", "being", "is", "isn't", "was", "wasn't", "were", "weren't"])
AUXILIARIES = BE | frozenset([
    "can", "can't", "cannot", "could", "couldn't", "did", "didn't", "do", "does", "doesn't", "don't", "had", "hadn't",
    "has", "hasn't", "have", "haven't", "may", "might", "must", "shall", "should", "shouldn't", "will", "won't",
    "would", "wouldn't",
])  # fmt: skip
QUESTION_WORDS = frozenset(["how", "what", "when", "where", "which", "who", "whom", "whose", "why"])
ARTICLES = frozenset(["a", "an", "the"])
DEMONSTRATIVES = frozenset(["that", "these", "this", "those"])
POSSESSIVES = frozenset(["her", "his", "its", "my", "our", "their", "your"])
QUANTIFIERS = frozenset([
    "all", "another", "any", "both", "each", "either", "every", "few", "many", "most", "neither", "no", "several",
    "some", "such",
])  # fmt: skip
DETERMINERS = ARTICLES | DEMONSTRATIVES | POSSESSIVES | QUANTIFIERS
PRONOUNS = frozenset([
    "he", "her", "hers", "herself", "him", "himself", "his", "i", "it", "its", "itself", "me", "one", "ones", "she",
    "their", "theirs", "them", "themselves", "they", "us", "we", "you", "anyone", "anything", "everyone",
    "everything", "nobody", "nothing", "someone", "something", "there", "here",
])  # fmt: skip
ORDINALS = frozenset([
    "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth", "last", "next",
    "only", "other", "previous", "final", "main", "same",
])  # fmt: skip
ADVERBS = frozenset([
    "again", "ago", "all", "alone", "already", "also", "always", "apart", "away", "back", "else", "else's", "ever",
    "exactly", "forward", "however", "later", "less", "more", "most", "much", "never", "not", "now", "often", "once",
    "only", "originally", "really", "soon", "still", "then", "therefore", "together", "today", "too", "twice", "very",
    "yet",
])  # fmt: skip
# Of what is, rather than of what it is like: these end a question such as "Why is the sky blue?".
ADJECTIVES = frozenset([
    "afraid", "alive", "available", "bad", "big", "black", "blue", "cheap", "cold", "common", "correct", "dangerous",
    "dead", "different", "difficult", "easy", "expensive", "famous", "fast", "free", "good", "green", "happy", "hard",
    "heavy", "high", "hot", "ill", "important", "large", "light", "long", "married", "necessary", "new", "old", "open",
    "popular", "possible", "rare", "ready", "red", "rich", "safe", "short", "sick", "slow", "small", "special",
    "strong", "successful", "tall", "true", "useful", "warm", "weak", "white", "wide", "wrong", "young",
])  # fmt: skip
# Words of a question that ask and say nothing of what about.
VAGUE = frozenset([
    "actually", "come", "does", "exactly", "far", "happen", "happened", "happens", "kind", "long", "many", "mean",
    "means", "much", "next", "often", "old", "precisely", "reason", "sort", "specifically", "sure", "way", "tell",
    "give", "say", "show", "details", "detail", "information", "know", "explain",
])  # fmt: skip
# Verbs in their base form that are hardly ever nouns.
VERBS = frozenset([
    "accept", "achieve", "add", "agree", "allow", "appear", "apply", "argue", "arrive", "ask", "attend", "avoid",
    "become", "begin", "belong", "bring", "build", "burn", "buy", "carry", "catch", "choose", "climb", "collect",
    "come", "consist", "contain", "continue", "create", "decide", "define", "deliver", "depend", "describe",
    "destroy", "develop", "die", "differ", "discover", "draw", "drive", "earn", "eat", "employ", "enter", "exist",
    "explain", "explode", "fail", "feel", "find", "flee", "follow", "forget", "get", "give", "go", "graduate", "grow",
    "happen", "hear", "hire", "hold", "include", "increase", "invent", "join", "keep", "kill", "know", "lead",
    "learn", "leave", "let", "lie", "listen", "live", "lose", "make", "manage", "marry", "meet", "occur", "open",
    "own", "perform", "prevent", "produce", "prove", "provide", "publish", "pull", "put", "raise", "reach", "read",
    "receive", "reduce", "refuse", "remain", "remember", "remove", "replace", "require", "save", "say", "see", "seem",
    "sell", "send", "serve", "settle", "sign", "sing", "sink", "sit", "solve", "speak", "spend", "stand", "start",
    "stay", "steer", "stop", "suffer", "take", "teach", "tell", "think", "throw", "travel", "try", "turn",
    "understand", "use", "wear", "weigh", "win", "write",
])  # fmt: skip
# Verbs in their base form that are as often nouns.
NOUN_VERBS = frozenset([
    "act", "aim", "answer", "attack", "break", "call", "cause", "change", "charge", "claim", "compare", "control",
    "cost", "count", "cover", "crash", "cross", "cut", "damage", "design", "drink", "drop", "end", "fall", "fight",
    "finish", "fire", "fly", "form", "grant", "help", "hit", "hope", "influence", "land", "last", "launch", "look",
    "love", "mark", "mean", "measure", "move", "name", "need", "offer", "orbit", "order", "pass", "pay", "plan",
    "play", "point", "push", "record", "report", "rest", "return", "rise", "rule", "run", "set", "share", "show",
    "sleep", "sound", "stage", "study", "supply", "support", "test", "touch", "train", "trust", "visit", "vote",
    "wait", "walk", "want", "warn", "wash", "watch", "weave", "wish", "work",
])  # fmt: skip
# Past forms that do not end in -ed.
IRREGULAR_PASTS = {
    "became": "become", "began": "begin", "begun": "begin", "born": "bear", "broke": "break", "broken": "break",
    "brought": "bring", "built": "build", "bought": "buy", "came": "come", "caught": "catch", "chose": "choose",
    "chosen": "choose", "cut": "cut", "done": "do", "drawn": "draw", "drew": "draw", "driven": "drive",
    "drove": "drive", "ate": "eat", "eaten": "eat", "fallen": "fall", "fell": "fall", "felt": "feel",
    "flew": "fly", "flown": "fly", "forgot": "forget", "fought": "fight", "found": "find", "gave": "give",
    "given": "give", "gone": "go", "got": "get", "grew": "grow", "grown": "grow", "heard": "hear", "held": "hold",
    "hung": "hang", "kept": "keep", "knew": "know", "known": "know", "lay": "lie", "led": "lead", "left": "leave",
    "lent": "lend", "lost": "lose", "made": "make", "meant": "mean", "met": "meet", "paid": "pay", "put": "put",
    "ran": "run", "read": "read", "risen": "rise", "rose": "rise", "said": "say", "sang": "sing", "sank": "sink",
    "sat": "sit", "saw": "see", "seen": "see", "sent": "send", "set": "set", "shot": "shoot", "shown": "show",
    "sold": "sell", "spent": "spend", "spoke": "speak", "spoken": "speak", "stood": "stand", "struck": "strike",
    "swam": "swim", "taken": "take", "taught": "teach", "thought": "think", "threw": "throw", "thrown": "throw",
    "told": "tell", "took": "take", "understood": "understand", "went": "go", "won": "win", "wore": "wear",
    "worn": "wear", "wove": "weave", "woven": "weave", "written": "write", "wrote": "write",
}  # fmt: skip
ENDINGS = (("ied", "y"), ("ed", ""), ("ed", "e"), ("ies", "y"), ("es", ""), ("s", ""))
NOT_PAST = frozenset(["bed", "breed", "feed", "hundred", "need", "red", "seed", "shed", "sled", "speed", "weed"])
IRREGULAR_PLURALS = frozenset(["children", "data", "feet", "men", "mice", "people", "teeth", "women", "criteria"])
# One, and yet spoken of as "they".
COLLECTIVES = frozenset([
    "army", "audience", "band", "board", "committee", "company", "couple", "crew", "family", "government", "group",
    "party", "police", "press", "public", "staff", "team",
])  # fmt: skip
FUNCTION_WORDS = PREPOSITIONS | CONJUNCTIONS | AUXILIARIES | QUESTION_WORDS | DETERMINERS | PRONOUNS | ADVERBS


def is_adjective(word: str) -> bool:
    return word in ADJECTIVES or (len(word) > 6 and word.endswith(("able", "ible", "ful", "less", "ous")))


def is_past(word: str) -> bool:
    """Whether a lower-case word is a past form or a participle, by its ending or the table."""
    return word in IRREGULAR_PASTS or (word.endswith("ed") and len(word) > 3 and word not in NOT_PAST)


def is_finite(word: str) -> bool:
    """Whether a lower-case word is likely to be the verb of a statement."""
    third_person = word.removesuffix("s") in VERBS or word.removesuffix("es") in VERBS
    return word in VERBS or is_past(word) or (third_person and word.endswith("s"))


def base_form(verb: str) -> str:
    """A finite verb as it stands after `did`: flew as fly, stayed as stay, stopped as stop, used as use."""
    if verb in IRREGULAR_PASTS:
        return IRREGULAR_PASTS[verb]
    stems = [verb.removesuffix(ending) + instead for ending, instead in ENDINGS if verb.endswith(ending)]
    stems += [stem[:-1] for stem in stems if stem[-1:] == stem[-2:-1]]
    known = next((stem for stem in stems if stem in VERBS or stem in NOUN_VERBS), None)
    if known or not is_past(verb):
        return known or verb.removesuffix("s")
    return verb[:-1] if verb[-3] in "ceigsuvz" else verb[:-2]


def is_plural(noun: str) -> bool:
    """Whether a lower-case noun is a plural, by its ending."""
    return noun in IRREGULAR_PLURALS or (noun.endswith("s") and not noun.endswith(("ss", "us", "is")))
