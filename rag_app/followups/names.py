"""Words by which a person's name is told from that of a place, a company or a rocket, and a woman's from a man's."""

MALE_NAMES = frozenset([
    "adam", "alan", "albert", "alexander", "alfred", "andrew", "anthony", "antonio", "arthur", "benjamin", "bill",
    "bob", "brian", "bruce", "buzz", "carl", "carlos", "charles", "chris", "christian", "christopher", "daniel",
    "david", "dennis", "donald", "douglas", "edward", "edwin", "ernest", "francis", "francisco", "frank", "franz",
    "frederick", "friedrich", "galileo", "gene", "george", "giovanni", "gordon", "gus", "guido", "hal", "hans",
    "harold", "harry", "heinrich", "henry", "howard", "hugh", "isaac", "jack", "jacob", "jacques", "james", "jean",
    "jeff", "jim", "joe", "johann", "john", "jonathan", "jose", "josé", "joseph", "juan", "karl", "keith", "ken",
    "kenneth", "kevin", "larry", "lawrence", "leonardo", "lewis", "linus", "louis", "ludwig", "luis", "mark",
    "martin", "matthew", "max", "michael", "miguel", "mike", "mohammed", "neil", "nicholas", "nikola", "oliver",
    "oscar", "otto", "patrick", "paul", "pedro", "peter", "philip", "pierre", "ralph", "raymond", "richard", "robert",
    "roger", "roland", "ronald", "russell", "samuel", "scott", "sean", "sergei", "simon", "stefan", "stephen",
    "steve", "steven", "stuart", "theodore", "thomas", "tim", "timothy", "tom", "tomas", "ulrich", "victor",
    "vincent", "vladimir", "walter", "werner", "wernher", "wilhelm", "william", "winston", "wolfgang", "yuri",
])  # fmt: skip
FEMALE_NAMES = frozenset([
    "ada", "agatha", "alice", "amanda", "amelia", "amy", "andrea", "angela", "anita", "ann", "anna", "anne",
    "annie", "barbara", "beatrice", "betty", "carol", "caroline", "catherine", "charlotte", "christine", "claire",
    "clara", "cleopatra", "deborah", "diana", "dorothy", "eleanor", "elena", "elizabeth", "ella", "emily", "emma",
    "eva", "eve", "florence", "frances", "frida", "grace", "greta", "hannah", "harriet", "helen", "hillary", "ida",
    "indira", "irene", "isabel", "isabella", "jane", "janet", "jennifer", "jessica", "joan", "joanna", "judith",
    "julia", "julie", "karen", "kate", "katherine", "kathleen", "laura", "lena", "linda", "lise", "lisa", "lucy",
    "luise", "malala", "margaret", "maria", "marie", "martha", "mary", "maya", "michelle", "monica", "nancy",
    "nicole", "nina", "olivia", "pamela", "patricia", "rachel", "rebecca", "rosa", "rosalind", "rose", "ruth",
    "sally", "sandra", "sarah", "serena", "sharon", "simone", "sofia", "sophia", "sophie", "stephanie", "susan",
    "sylvia", "teresa", "theresa", "ursula", "valentina", "vera", "victoria", "virginia", "wendy", "yvonne",
])  # fmt: skip
TITLES = frozenset([
    "captain", "dame", "doctor", "dr", "emperor", "empress", "general", "king", "lady", "lord", "miss", "mr", "mrs",
    "ms", "pope", "president", "prince", "princess", "prof", "professor", "queen", "senator", "sir",
])  # fmt: skip
FEMALE_WORDS = frozenset([
    "actress", "aunt", "daughter", "empress", "girl", "girlfriend", "grandmother", "lady", "miss", "mother", "mrs",
    "ms", "nun", "princess", "queen", "sister", "widow", "wife", "woman", "dame", "niece", "heroine",
])  # fmt: skip
MALE_WORDS = frozenset([
    "actor", "boy", "boyfriend", "brother", "emperor", "father", "gentleman", "grandfather", "husband", "king", "lord",
    "man", "monk", "mr", "nephew", "pope", "prince", "sir", "son", "uncle", "widower",
])  # fmt: skip
PERSON_NOUNS = FEMALE_WORDS | MALE_WORDS | TITLES | frozenset([
    "analyst", "architect", "artist", "assistant", "astronaut", "astronomer", "athlete", "author", "baby", "boss",
    "ceo", "cfo", "cto",
    "candidate", "chairman", "chancellor", "chemist", "chief", "child", "coach", "colleague", "commander", "composer",
    "cosmonaut", "cousin", "crewmate", "defendant", "dentist", "designer", "developer", "director", "driver",
    "economist", "editor", "employee", "engineer", "expert", "explorer", "founder", "friend", "geologist", "governor",
    "guest", "historian", "inventor", "journalist", "judge", "lawyer", "leader", "lieutenant", "manager",
    "mathematician", "mayor", "member", "minister", "musician", "neighbour", "novelist", "nurse", "officer",
    "owner", "painter", "parent", "partner", "patient", "person", "philosopher", "photographer", "physician",
    "physicist", "pilot", "player", "poet", "politician", "predecessor", "priest", "programmer", "researcher",
    "sailor", "scientist", "sculptor", "secretary", "singer", "soldier", "speaker", "spokesman", "student",
    "successor", "surgeon", "teacher", "treasurer", "tutor", "victim", "winner", "witness", "worker", "writer",
])  # fmt: skip
PLURAL_PERSONS = frozenset(["children", "men", "people", "women"])
# Only people do these; a name before one of them is a person's.
PERSON_VERBS = frozenset([
    "argued", "believed", "born", "died", "explained", "felt", "graduated", "knew", "married", "said", "saw", "says",
    "spoke", "stepped", "studied", "thought", "told", "walked", "wanted", "watched", "wrote",
])  # fmt: skip
# A name with one of these is not a person's.
NOT_PERSONS = frozenset([
    "academy", "agency", "air", "airlines", "airport", "army", "association", "bank", "base", "bay", "beach", "board",
    "building", "bureau", "canyon", "cape", "center", "central", "centre", "channel", "church", "city", "club",
    "coast", "college", "command", "commission", "committee", "company", "complex", "computer", "conference",
    "congress", "control", "corporation", "council", "county", "court", "department", "district", "earth", "east",
    "empire", "engine", "facility", "falls", "federal", "field", "flight", "force", "forest", "foundation", "garden",
    "group", "gulf", "hall", "harbor", "harbour", "hill", "hospital", "hotel", "house", "inc", "industries",
    "institute", "international", "island", "islands", "kingdom", "laboratory", "lake", "launch", "library", "los",
    "ltd", "lunar", "mission", "moon", "mount", "mountain", "museum", "national", "navy", "new", "north", "northern",
    "observatory", "ocean", "office", "organization", "pacific", "palace", "park", "port", "prize", "programme",
    "program", "project", "republic", "river", "road", "rock", "royal", "sands", "san", "santa", "school", "sea",
    "service", "society", "south", "southern", "space", "square", "state", "states", "station", "store", "street",
    "system", "table", "technologies", "theatre", "time", "tower", "town", "treaty", "union", "united", "university",
    "valley", "village", "war", "west", "western", "white", "world",
])  # fmt: skip
TIMES = frozenset([
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
    "december", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday", "mondays", "tuesdays",
    "wednesdays", "thursdays", "fridays", "saturdays", "sundays", "weekdays", "weekends", "afternoon", "century",
    "centuries", "date", "day", "days", "decade", "decades", "evening", "hour", "hours", "minute", "minutes", "moment",
    "month", "months", "morning", "night", "second", "seconds", "summer", "time", "times", "today", "utc", "week",
    "weeks", "winter", "year", "years", "a.m", "p.m", "gmt",
])  # fmt: skip
UNITS = frozenset([
    "bytes", "cents", "centimetres", "degrees", "dollars", "euros", "feet", "gigabytes", "grams", "hertz", "inches",
    "kelvin", "kilogram", "kilograms", "kilometers", "kilometres", "kilonewtons", "litres", "megabytes", "megahertz",
    "meters", "metres", "microseconds", "miles", "million", "millimetres", "billion", "percent", "pounds", "points",
    "tonnes", "tons", "volts", "watts", "kg", "km", "cm", "mm", "kn", "mhz", "%",
])  # fmt: skip
# What a thing has: "And the mass?" asks for the mass of what was spoken of.
ATTRIBUTES = frozenset([
    "age", "area", "author", "budget", "builder", "capacity", "cause", "colour", "color", "cost", "date",
    "depth", "designer", "diameter", "duration", "founder", "fuel", "height", "length", "location", "manufacturer",
    "mass", "meaning", "name", "owner", "population", "power", "price", "purpose", "range", "size", "speed",
    "temperature", "thickness", "thrust", "title", "value", "volume", "weight", "width",
])  # fmt: skip
