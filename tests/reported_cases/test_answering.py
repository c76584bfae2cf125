"""Asks what was asked of the inputs that failed: the one right row or sentence is quoted, nothing of its neighbours."""

from collections.abc import Callable

import pytest

from rag_app import Answer
from tests.reported_cases.questions import Asked, asked, shows

ROW_REFUSED = "a row is refused: to be read by meaning"
NEIGHBOUR = "a sentence that was not asked for is shown besides"
REFUSED = "a sentence that answers is refused"
NEAR = "a near identifier is taken for the one asked for"
RECORD = "entries that stand together are one quote, or refused"
IDENTIFIER_REFUSED = "an identifier is refused, though its passage is found"

STAFF = "Name | Department | Phone extension | Start date | Salary"
ANIMALS = "Animal | Legs | Weight in kg | Keeper"
ROOMS = "Room | Beds | Price per night"
TRAINS = "To | Departure | Platform"
FLATS = "Straße | Größe in m² | Preis"
RUNDE = "When did Edda Falk keep the light at Runde?"
MOLDE = "Where was she born?"

ROWS = [
    asked("table-lookup", "What is the salary of Lucia Serra?", STAFF, "Lucia Serra … 39900"),
    asked("table-lookup", "What is the salary of Pavel Novak?", STAFF, "Pavel Novak … 52800"),
    asked("table-lookup", "When did Lucia Serra start?", STAFF, "Lucia Serra … 39900"),
    asked("table-lookup", "Who works in finance?", STAFF, "Pavel Novak | Finance", fails=ROW_REFUSED),
    asked("table-lookup", "What is the phone extension of Kirsi Aalto?", STAFF, "Kirsi Aalto … 4410"),
    asked("table-lookup", "How much does the okapi weigh?", ANIMALS, "Okapi | 4 | 240"),
    asked("table-lookup", "Who is the keeper of the cassowary?", ANIMALS, "Cassowary | 2 | 58 | Ms Ito"),
    asked("table-lookup", "Who is the keeper of the pangolin?", ANIMALS, "Pangolin | 4 | 12 | Mr Diallo"),
    asked("table-lookup", "How many legs has the cassowary?", ANIMALS, "Cassowary | 2 | 58 | Ms Ito"),
    asked("table-lookup", "What is the weight of the pangolin?", ANIMALS, "Pangolin | 4 | 12"),
    asked("table-lookup", "How many beds has Cedar?", ROOMS, "Cedar | 1 | 61 euros"),
    asked("table-lookup", "What is the price of Birch?", ROOMS, "Birch | 3 | 104 euros"),
    asked("table-lookup", "What does Alder cost per night?", ROOMS, "Alder | 2 | 88 euros"),
    asked("table-lookup", "When does the train to Kiruna leave?", TRAINS, "Kiruna | 09:48 | 1"),
    asked("table-lookup", "When does the train to Luleå depart?", TRAINS, "Luleå | 07:12 | 3"),
    asked(
        "table-lookup",
        "From which platform does the train to Luleå leave?",
        TRAINS,
        "Luleå | 07:12 | 3",
    ),
    asked(
        "table-header",
        "What is the weight of K077?",
        "Article | Weight in kg | Count | Place",
        "K077 | 177",
        fails=ROW_REFUSED,
    ),
    asked("csv-kinds", "How old is Jana Doe?", "Name, first | Age | City", "Doe, Jana | 30 | Lviv", fails=ROW_REFUSED),
    asked("csv-kinds", "Was kostet Ölberg 12?", FLATS, "Ölberg 12 | 64,0 | 980,50 €", fails=ROW_REFUSED),
    asked("csv-kinds", "Wie groß ist Ölberg 12?", FLATS, "Ölberg 12 | 64,0 | 980,50 €"),
    asked("csv-kinds", "What is the torque of V-2?", "Valve | Torque | Owner", "V-2 | 48"),
    asked("csv-kinds", "How many inhabitants has Nuuk?", "City | Inhabitants", "Nuuk | 19872"),
]
IDENTIFIERS = [
    asked("near-miss-ids", "When does flight LH-544 leave?", "Flight LH-544 leaves at 16:40."),
    asked("near-miss-ids", "When does flight LH-455 leave?", "Flight LH-455 leaves at 14:05."),
    asked("near-miss-ids", "When does flight LH-545 leave?", fails=NEAR),
    asked("near-miss-ids", "What is ticket #4711 about?", "Ticket #4711 is about the lift."),
    asked("near-miss-ids", "What is ticket #4712 about?", "Ticket #4712 is about the roof."),
    asked("near-miss-ids", "What is ticket #4713 about?", fails=NEAR),
    asked("identifiers", "9087", "PPR-9087 is a relay with a jade housing.", fails=IDENTIFIER_REFUSED),
    asked("identifiers", "ppr 9087", "PPR-9087 is a relay with a jade housing.", fails=NEIGHBOUR),
    asked("identifiers", "10.0.0.17", "Server 10.0.0.17 holds the archive.", fails=IDENTIFIER_REFUSED),
    asked("identifiers", "What does server 10.0.0.17 hold?", "Server 10.0.0.17 holds the archive."),
    asked("identifiers", "What did release v2.3.1 fix?", "Release v2.3.1 fixed the leak.", fails=IDENTIFIER_REFUSED),
    asked("identifiers", "What does clause 4.2(d) set?", "Clause 4.2(d) sets the refund.", fails=IDENTIFIER_REFUSED),
    asked("identifiers", "What does 0x80070057 mean?", "Code 0x80070057 means that a parameter is wrong."),
    asked("identifiers", "M6x25", "Bolts M6x25 fasten the base."),
    asked("identifiers", "ISO 14001", "Standard ISO 14001:2015 covers environment.", fails=NEAR),
    asked("identifiers", "getUserEmail", "The method getUserEmail returns the address."),
    asked("identifiers", "MAX_RETRY_DELAY", "The constant MAX_RETRY_DELAY is 30.", fails=NEAR),
    asked("identifiers", "Where does the C# team sit?", "The C# team sits in room 9.", fails=NEAR),
    asked("identifiers", "SKU 00123", "SKU 00123 is a kettle.", fails=NEAR),
    asked("identifiers", "SKU 123", "SKU 123 is a toaster."),
    asked("plain-refused", "What did release v2.3.1 fix?", "Release v2.3.1 fixed the leak in the cache."),
    asked("plain-refused", "What does clause 4.2(d) set?", "Clause 4.2(d) sets the refund at one rent.", fails=NEAR),
]
SENTENCES = [
    asked("plain-refused", "How long does the warranty last?", "The warranty lasts forty-one months."),
    asked(
        "fullwidth",
        "What does the gauge QX-77 read?",
        "Ｔｈｅ ｇａｕｇｅ … １４５０",
        fails="full-width letters are not folded",
    ),
    asked("fullwidth", "How many units does the Arabic meter show?", "The Arabic meter shows ٤٥٦ units."),
    asked("md-fences", "How long does the smoke test last?", "The smoke test lasts 12 seconds."),
    asked("md-fences", "How long are backups kept?", "backups are kept 33 days."),
    asked("unicode", "Wann wurde die Brücke in Zürich eröffnet?", "Die Brücke in Zürich wurde 1884 eröffnet."),
]
FOLLOW_UPS = [
    asked("followups", MOLDE, "She was born in Molde.", before=[RUNDE], fails=NEIGHBOUR),
    asked(
        "followups",
        "What was his salary?",
        "His salary was 700 crowns a year.",
        before=[RUNDE, MOLDE, "And Gorm Teige?"],
        fails=NEIGHBOUR,
    ),
    asked(
        "followups",
        "And at Runde?",
        "The lamp at Runde burned paraffin.",
        before=["What did the lamp at Stad burn?"],
        fails=NEIGHBOUR,
    ),
]
VALUES = [
    asked("csv-preamble", "What is the stock of brass latches?", "Item | Stock", "Latch, brass | 97"),
    asked("csv-kinds", "What is the result of sample B?", "sample | result", "B | 13"),
    asked("json-escapes", "Who is the keeper of Vardø?", "Åse Lønn", may=["Vardø"], never=["Bjørn Åkre"], fails=RECORD),
    asked(
        "json-escapes",
        "Who is the keeper of Honningsvåg?",
        "Bjørn Åkre",
        may=["Honningsvåg"],
        never=["Åse Lønn"],
        fails=RECORD,
    ),
    asked("json-escapes", "Überdruck", "Überdruck gemeldet in Halle drei", never=["会議は火曜日です"], fails=RECORD),
    asked("json-escapes", "火曜日", "会議は火曜日です", never=["Überdruck"], fails=RECORD),
    asked("json-escapes", "Schönen Feierabend", "Schönen Feierabend", never=["Tschüss"], fails=RECORD),
    asked("mail", "What is the gate code?", "gate code 7781", fails=REFUSED),
    asked("mail", "How much was the old offer?", "3300 crowns", fails=REFUSED),
    asked("mail", "How long is the fence?", "the fence is 140 metres long."),
    asked("docx-parts", "What is the contract number?", "Contract number KX-2291-B"),
    asked("docx-parts", "Who released the sheet?", "Released by Ingrid Solheim", fails=REFUSED),
    asked("docx-parts", "When is the glaze batch mixed?", "The glaze batch is mixed on Mondays."),
    asked("docx-parts", "When does the batch move to Tuesday?", "In leap years the batch moves to Tuesday."),
    asked("pptx-groups", "How much was the budget cut to?", "the budget was cut to 2.7 million."),
    asked(
        "pptx-groups",
        "How many megawatts has the South wing?",
        "Megawatts",
        "South … 87.25",
        never=["41.5"],
        fails=ROW_REFUSED,
    ),
    asked(
        "pdf-form", "What is the name of the vessel?", "Name of vessel … Marigold Star", never=["4870"], fails=REFUSED
    ),
    asked("pdf-form", "What is the gross tonnage?", "Gross tonnage … 4870", never=["Pier Nine"]),
    asked("pdf-form", "What is the berth?", "Berth … Pier Nine", never=["4870"], fails=RECORD),
    asked("rtl-pdf", "المضخة", "المضخة تعمل بضغط سبعة بار", fails=REFUSED),
    asked("html-nested", "How long does the warranty last?", "The warranty lasts forty-one months.", fails=REFUSED),
    asked(
        "html-nested",
        "What is the trip pressure of QF-12?",
        "Model | Trip pressure",
        "QF-12 | 7.9 bar",
    ),
    asked("html-nested", "What was the output of Oslo in 2025?", "2025", "Oslo | 733 | 844"),
    asked("html-nested", "What type is the bearing?", "Bearing | type 6204"),
    asked("xlsx-values", "What is the rent?", "$2,500", may=["Depot"]),
    asked("xlsx-values", "What is the growth?", "Growth | 7.25%", may=["Depot"]),
    asked("xlsx-values", "What is the price of crate C-1?", "Crate … Price", "C-1 … 1,234.50 EUR"),
    asked(
        "xlsx-values",
        "What is the plan of Burgas for 2026?",
        "Depot … 2026 plan",
        "Burgas | 20 | 21 | 22 | 23",
    ),
    asked("other-kinds", "What is the mean moisture?", "mean moisture 13.4"),
    asked("other-kinds", "What is the vault number?", "The vault number is 7719."),
    asked(
        "table-header",
        "What is the draught of Vessel63?",
        "Vessel63 … 9.3",
        may=["Vessel … Draught in m"],
        fails=RECORD,
    ),
    asked("table-header", "What is the depth of Pier55?", "Pier55 … 7.5", may=["Pier … Depth in m"], fails=ROW_REFUSED),
]


@pytest.mark.long("each folder is ingested once")
@pytest.mark.parametrize("question", [*ROWS, *IDENTIFIERS, *SENTENCES, *FOLLOW_UPS, *VALUES])
def test_what_was_asked_is_quoted_and_nothing_else(ask: Callable[[Asked], Answer], question: Asked) -> None:
    answer = ask(question)
    shown = [] if answer.refused else [sentence.words for sentence in answer.sentences]
    wanted = (*question.quotes, *question.may)
    assert [words for words in question.quotes if not any(shows(quote, words) for quote in shown)] == []
    assert [quote for quote in shown if not any(shows(quote, words) for words in wanted)] == []
    assert [quote for quote in shown if any(shows(quote, words) for words in question.never)] == []
