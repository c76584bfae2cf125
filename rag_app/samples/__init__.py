"""The sample documents, written for this project and under its licence: where they lie, and what one may ask them."""

from pathlib import Path

SAMPLES_DIR = Path(__file__).parent / "documents"

SUGGESTED_QUESTIONS = (
    "Who stayed in orbit?",
    "What did the 1202 alarm mean?",
    "How tall was the Saturn V?",
    "How long was the crew in quarantine?",
    "What is the difference between static and contextual embeddings?",
)
