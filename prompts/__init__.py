"""The words given to a model: Markdown files, loaded as chat prompts and checked for what they must hold."""

from functools import cache
from importlib.resources import files

from langchain_core.prompts import ChatPromptTemplate

# Each prompt and the places in it that are filled in; a prompt that lacks one or has another is refused.
PLACES = {
    "answer": {"refusal", "passages", "question"},
    "judge": {"passages", "sentences"},
    "rewrite": {"history", "question"},
}
PARTS = {"system", "human"}


@cache
def load_prompt(name: str) -> ChatPromptTemplate:
    """The prompt of `prompts/NAME.md`: each `# system` or `# human` heading begins a message.

    Raises ValueError where its parts or places are not the expected ones.
    """
    text = files(__name__).joinpath(f"{name}.md").read_text(encoding="utf-8")
    messages = [(part, body) for part, body in split_parts(text)]
    prompt = ChatPromptTemplate.from_messages(messages)
    if set(prompt.input_variables) != PLACES[name] or {part for part, _ in messages} != PARTS:
        raise ValueError(f"prompts/{name}.md must have the parts {PARTS} and the places {PLACES[name]}")
    return prompt


def split_parts(text: str) -> list[tuple[str, str]]:
    sections = [section.partition("\n") for section in f"\n{text}".split("\n# ")[1:]]
    return [(title.strip(), body.strip()) for title, _, body in sections]
