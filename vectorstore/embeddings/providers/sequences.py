"""`protein:MODEL`: protein sequences to vectors by a protein language model, as transformers opens it.

ESM-2, ProtBERT and their like, by a name of the hub or a folder. A text's vector is the mean of what the model makes of
its residues (Rives et al. 2021, doi:10.1073/pnas.2016239118); a text without a protein has none.
"""

import math
import string
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from langchain_core.embeddings import Embeddings
from numpy.typing import NDArray

from vectorstore.embeddings.model import EmbeddingModel, LoadOptions, ModelName, TorchOptions, first_line
from vectorstore.embeddings.providers.hugging_face import choose_device, describe_folder, tell_apart
from vectorstore.embeddings.providers.kmer import LETTERS_READ, MAX_TOKENS, count_tokens, find_sequence, is_nucleotides
from vectorstore.embeddings.registry import fetch_folder
from vectorstore.errors import ProviderError, RagError

Vectors = NDArray[np.float32]
HINT = "name a protein language model of the hub, or a folder that holds one: protein:PATH"
AMINO_ACIDS = "ACDEFGHIKLMNPQRSTVWY"
UNKNOWN = "X"
# Gaps of an alignment and stops are no residues.
NO_RESIDUES = str.maketrans("", "", "-*")
# What ESM-2 was trained with, its two special tokens among them; some models' files name no end.
MOST_WINDOW = 1024
# Bounds the memory: so many letters, padding included, go through at once, however few sequences that are.
BATCH_LETTERS = 8192


def load(name: ModelName, options: LoadOptions) -> EmbeddingModel:
    if name.dimensions:
        raise ProviderError(f"{name.model} has one number of dimensions", f"protein:{name.model}, without the @")
    try:
        folder = fetch_folder(name.model)
        embeddings = ProteinEmbeddings(folder, options.torch)
    except RagError:
        raise
    except Exception as error:  # the hub, torch and transformers each raise their own
        raise ProviderError(f"{name.model} could not be loaded: {first_line(error)}", HINT) from error
    revision = tell_apart(describe_folder(str(folder)), embeddings.dtype)
    return EmbeddingModel(
        name.setting, embeddings, MAX_TOKENS, count_tokens, revision=revision, sequence_letters=LETTERS_READ
    )


class ProteinEmbeddings(Embeddings):
    """Vectors of unit length, and of length 0 for a text without a protein: prose, DNA and RNA.

    A sequence over the window is cut into equal windows, whose vectors count by how many residues each has.
    """

    def __init__(self, folder: Path, options: TorchOptions) -> None:
        import torch
        from transformers import AutoModel
        from transformers.utils import logging

        logging.disable_progress_bar()  # type: ignore[no-untyped-call] # it draws into a pipe too
        logging.set_verbosity_error()  # type: ignore[no-untyped-call] # that the head is left out is as it should be
        self._torch = torch
        self._device, self._batch = choose_device(options.device), options.batch
        self._letters = Letters(folder)
        model = AutoModel.from_pretrained(folder, dtype=options.dtype, local_files_only=True)
        model = model.get_encoder() if model.config.is_encoder_decoder else model
        self._model = model.eval().to(self._device)
        self.dtype = self._model.dtype
        self.window = self._letters.window(model)

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        sums = np.zeros((len(texts), self._model.config.hidden_size), np.float32)
        windows = [(text, window) for text, each in enumerate(texts) for window in cut(find_protein(each), self.window)]
        for batch in batches(windows, most=self._batch):
            for (text, _), total in zip(batch, self._sum([window for _, window in batch]), strict=True):
                sums[text] += total
        lengths = np.linalg.norm(sums, axis=1, keepdims=True)
        return np.divide(sums, lengths, out=sums, where=lengths > 0).tolist()  # type: ignore[no-any-return]

    def embed_query(self, text: str) -> list[float]:
        return self.embed_documents([text])[0]

    def _sum(self, sequences: Sequence[str]) -> Vectors:
        """The sums of the residues' last hidden states: of unit length they are what their means are, and windows are
        added up with the weight they have."""
        inputs = self._letters.encode(sequences).to(self._device)
        with self._torch.inference_mode():
            hidden = self._model(**inputs).last_hidden_state.float()
        residues = self._letters.find_residues(inputs).unsqueeze(-1)
        sums: Vectors = (hidden * residues).sum(1).cpu().numpy()
        return sums


class Letters:
    """A tokenizer that has a token for each residue, with blanks between the letters where it would not split them."""

    def __init__(self, folder: Path) -> None:
        from transformers import AutoTokenizer  # seconds

        self._tokenizer: Any = AutoTokenizer.from_pretrained(folder, local_files_only=True)
        joints = [joint for joint in ("", " ") if self._splits(joint)]
        if not joints:
            raise ProviderError(f"{folder} holds no model that reads proteins letter by letter", HINT)
        self._joint = joints[0]
        # U, Z, O, B and J are not in all vocabularies; without this, letters next to them would be lost, too.
        lacking = [letter for letter in string.ascii_uppercase if not self._knows(letter)]
        self._known = str.maketrans(dict.fromkeys(lacking, UNKNOWN))

    def encode(self, sequences: Sequence[str]) -> Any:
        spaced = [self._joint.join(sequence.translate(self._known)) for sequence in sequences]
        return self._tokenizer(spaced, padding=True, return_tensors="pt")

    def find_residues(self, inputs: Any) -> Any:
        """Which tokens are residues: neither padding nor special."""
        import torch

        special = torch.tensor(self._tokenizer.all_special_ids, device=inputs["input_ids"].device)
        return inputs["attention_mask"].bool() & ~torch.isin(inputs["input_ids"], special)

    def window(self, model: Any) -> int:
        """How many residues the model reads at once."""
        # ESM's positions begin behind that of padding.
        offset = getattr(getattr(model, "embeddings", None), "padding_idx", -1) + 1
        positions = getattr(model.config, "max_position_embeddings", MOST_WINDOW + offset) - offset
        tokens = min(self._tokenizer.model_max_length, positions, MOST_WINDOW)
        return int(tokens) - int(self._tokenizer.num_special_tokens_to_add())

    def _splits(self, joint: str) -> bool:
        tokens = self._tokenizer.tokenize(joint.join(AMINO_ACIDS))
        return len(tokens) == len(AMINO_ACIDS) and self._tokenizer.unk_token not in tokens

    def _knows(self, letter: str) -> bool:
        ids = self._tokenizer.convert_tokens_to_ids(self._tokenizer.tokenize(letter))
        return len(ids) == 1 and ids[0] != self._tokenizer.unk_token_id


def find_protein(text: str) -> str:
    """The residues of a text; none where its letters are nucleotides."""
    sequence = find_sequence(text)
    return "" if is_nucleotides(sequence) else sequence.translate(NO_RESIDUES)


def cut(sequence: str, window: int) -> list[str]:
    """Windows as few and as equal as can be: of a short one at the end a model would see nothing around it."""
    if not sequence:
        return []
    size = math.ceil(len(sequence) / math.ceil(len(sequence) / window))
    return [sequence[start : start + size] for start in range(0, len(sequence), size)]


def batches(windows: Sequence[tuple[int, str]], *, most: int) -> Iterator[list[tuple[int, str]]]:
    """Those of like length together, so that little is padded."""
    batch: list[tuple[int, str]] = []
    for window in sorted(windows, key=lambda window: len(window[1])):
        if batch and (len(batch) == most or (len(batch) + 1) * len(window[1]) > BATCH_LETTERS):
            yield batch
            batch = []
        batch.append(window)
    if batch:
        yield batch
