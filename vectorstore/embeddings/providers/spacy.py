"""`spacy:PIPELINE`: the word vectors of an installed spaCy pipeline, or a folder's, as the mean of a text's words."""

from pathlib import Path
from typing import Any

from langchain_core.embeddings import Embeddings

from vectorstore.embeddings.model import EmbeddingModel, LoadOptions, ModelName, first_line
from vectorstore.embeddings.providers.hugging_face import describe_folder
from vectorstore.embeddings.providers.static import NO_WINDOW, count_words, mean_vector
from vectorstore.errors import ProviderError

HINT = "python -m spacy download en_core_web_md, then RAG_EMBEDDINGS=spacy:en_core_web_md"


class SpacyEmbeddings(Embeddings):
    """Means of word vectors without stop words and punctuation, at unit length; zeros for a text with none known."""

    def __init__(self, nlp: Any) -> None:
        self._tokenizer, self._dimension = nlp.tokenizer, int(nlp.vocab.vectors.shape[1])

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        return [self.embed_query(text) for text in texts]

    def embed_query(self, text: str) -> list[float]:
        # The tokenizer alone has no bound on a text's length, and nothing else of a pipeline is needed.
        known = (token for token in self._tokenizer(text) if token.has_vector)
        told = (token.vector for token in known if not (token.is_stop or token.is_punct or token.is_space))
        vector: list[float] = mean_vector(told, dimension=self._dimension).tolist()
        return vector


def load(name: ModelName, options: LoadOptions) -> EmbeddingModel:  # noqa: ARG001 (as every provider's)
    nlp = load_pipeline(name.model)
    if not nlp.vocab.vectors.size:
        raise ProviderError(f"the spaCy pipeline {name.model} has no word vectors", HINT)
    revision = f"{nlp.meta.get('version', '')} {describe_folder(name.model)}".strip()
    return EmbeddingModel(name.setting, SpacyEmbeddings(nlp), NO_WINDOW, count_words, revision)


def load_pipeline(name: str) -> Any:
    """The vocabulary and tokenizer, without the components: they take seconds and add nothing to static vectors."""
    import spacy

    try:
        return spacy.load(name, exclude=components(name))
    except Exception as error:  # spaCy raises OSError for a name, and anything for a folder that is none of its own
        raise ProviderError(f"the spaCy pipeline {name} could not be loaded: {first_line(error)}", HINT) from error


def components(name: str) -> list[str]:
    """What a pipeline is made of, by its configuration."""
    from spacy.util import get_package_path, is_package, load_config

    folder = get_package_path(name) if is_package(name) else Path(name)
    (found,) = [*folder.glob("config.cfg"), *folder.glob("*/config.cfg")][:1]
    return list(load_config(found)["nlp"]["pipeline"])
