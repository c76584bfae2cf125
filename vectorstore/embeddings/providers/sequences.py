"""Loads models of biological sequences: `kmer:K`, spectra of K letters, and `protein:MODEL`, protein language models.

Only lines of sequence letters are embedded; a text of prose alone has a vector of length 0.
"""

import math
import re
import zlib
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from string import ascii_uppercase
from typing import Any

import numpy as np
from langchain_core.embeddings import Embeddings

from vectorstore.embeddings.model import (
    ArrayEmbeddings,
    EmbeddingModel,
    LoadOptions,
    ModelName,
    TorchOptions,
    Vectors,
    unit_vectors,
)
from vectorstore.embeddings.openvino import batches_by_length
from vectorstore.embeddings.providers.hugging_face import add_dtype, choose_device, find_folder, fingerprint_folder
from vectorstore.errors import ProviderError, SettingsError, translated_errors

MOST_K = 31
# 4 to the power of 5 different words of DNA, or what more there are, hashed into this many places: of 1,024 letters few
# words share one.
KMER_DIMENSION = 1024
# A line of letters alone, in one case: so readers write sequences, and no prose has such lines of ten letters and more.
LINE = re.compile(r"^[ \t]*([A-Z*-]{10,}|[a-z*-]{10,}|[ACGTUN]{2,}|[acgtun]{2,})[ \t]*$", re.MULTILINE)
NUCLEOTIDES = frozenset("ACGTUN-")
# Of nucleotides so large a share: the letters for "A or G" and the like are few, and proteins have twenty others.
NUCLEOTIDE_SHARE = 0.9
COMPLEMENT = str.maketrans("ACGT", "TGCA")
UNKNOWN_NUCLEOTIDES, UNKNOWN_RESIDUES = frozenset("RYSWKMBDHVN-*X"), frozenset("XBZJ-*")
# Letters that count as one token, which makes a chunk of 1,700 letters.
LETTERS_PER_TOKEN, MAX_TOKENS = 10, 200
LETTERS_READ = 1_000_000

AMINO_ACIDS = "ACDEFGHIKLMNPQRSTVWY"
UNKNOWN_RESIDUE = "X"
# Gaps of an alignment and stops are no residues.
NO_RESIDUES = str.maketrans("", "", "-*")
# What ESM-2 was trained with, its two special tokens among them; some models' files name no end.
MOST_WINDOW = 1024
# Letters, padding included, that go through the model at once, however few sequences those are: bounds the memory.
BATCH_LETTERS = 8192
PROTEIN_HINT = "name a protein language model of the hub, or a folder that holds one: protein:PATH"


def load_kmer(name: ModelName, options: LoadOptions) -> EmbeddingModel:  # noqa: ARG001 (as every provider's)
    if not name.model.isdecimal() or not 1 <= int(name.model) <= MOST_K:
        raise SettingsError(
            f"RAG_EMBEDDINGS={name.setting} gives no length of words from 1 to {MOST_K}",
            "set RAG_EMBEDDINGS=kmer:6 for DNA, kmer:3 for proteins",
        )
    return describe(name, KmerEmbeddings(int(name.model)))


def load_protein(name: ModelName, options: LoadOptions) -> EmbeddingModel:
    name.refuse_dimensions()
    with translated_errors(f"{name.model} could not be loaded", PROTEIN_HINT):
        embeddings = ProteinEmbeddings(name.model, options.torch)
    return describe(name, embeddings, embeddings.revision)


def describe(name: ModelName, embeddings: Embeddings, revision: str = "") -> EmbeddingModel:
    return EmbeddingModel(
        name.setting, embeddings, MAX_TOKENS, count_by_letters, revision, sequence_letters=LETTERS_READ
    )


def count_by_letters(texts: Sequence[str]) -> list[int]:
    return [-(-len(text) // LETTERS_PER_TOKEN) for text in texts]


def find_sequence(text: str) -> str:
    """The letters of all lines that are nothing else."""
    return "".join(found[1].upper() for found in LINE.finditer(text))


def is_nucleotides(sequence: str) -> bool:
    return sum(letter in NUCLEOTIDES for letter in sequence) >= NUCLEOTIDE_SHARE * len(sequence)


class KmerEmbeddings(ArrayEmbeddings):
    """Vectors of unit length, shape (texts, 1024), and of length 0 for a text without a sequence.

    Counts of overlapping words of K letters, each under its square root (the Hellinger kernel, so that no repeat
    outweighs all else), hashed with signs (Weinberger et al. 2009, arXiv:0902.2206). Of DNA a word and its reverse
    complement are one, as both strands say the same; RNA's U is T. Words with unknown letters are left out.
    """

    def __init__(self, k: int) -> None:
        self._k = k

    def embed_array(self, texts: Sequence[str]) -> Vectors:
        spectra = np.zeros((len(texts), KMER_DIMENSION), np.float32)
        for spectrum, text in zip(spectra, texts, strict=True):
            for word, count in count_kmers(find_sequence(text), self._k).items():
                place = zlib.crc32(word.encode())
                spectrum[place % KMER_DIMENSION] += np.sqrt(count) * (1 if place >> 31 else -1)
        return unit_vectors(spectra)


def count_kmers(sequence: str, k: int) -> Counter[str]:
    is_dna = is_nucleotides(sequence)
    letters = sequence.replace("U", "T") if is_dna else sequence
    unknown = UNKNOWN_NUCLEOTIDES if is_dna else UNKNOWN_RESIDUES
    words = (letters[i : i + k] for i in range(len(letters) - k + 1))
    known = (word for word in words if unknown.isdisjoint(word))
    return Counter(min(word, word.translate(COMPLEMENT)[::-1]) for word in known) if is_dna else Counter(known)


class ProteinEmbeddings(ArrayEmbeddings):
    """Unit vectors by ESM-2, ProtBERT and their like, as transformers opens them, from the hub or a folder.

    A text's vector is the mean of the last hidden states of its residues (Rives et al. 2021,
    doi:10.1073/pnas.2016239118), of length 0 without a protein: prose, DNA and RNA. A sequence over the window is cut
    into equal windows, each weighted by its number of residues.
    """

    def __init__(self, path: str, options: TorchOptions) -> None:
        import torch
        from transformers import AutoModel, AutoTokenizer
        from transformers.utils import logging

        logging.disable_progress_bar()  # type: ignore[no-untyped-call] # it draws into a pipe too
        logging.set_verbosity_error()  # type: ignore[no-untyped-call] # that the head is left out is as it should be
        device, is_here = choose_device(options.device), Path(path).is_dir()
        model = AutoModel.from_pretrained(path, dtype=options.dtype, local_files_only=is_here)
        model = model.get_encoder() if model.config.is_encoder_decoder else model
        self._torch, self._batch, self._model = torch, options.batch, model.eval().to(device)
        self._tokenizer: Any = AutoTokenizer.from_pretrained(path, local_files_only=is_here)
        # U, Z, O, B and J are not in all vocabularies; without this, letters next to them would be lost, too.
        unknown = unknown_letters(self._tokenizer)
        if not unknown.isdisjoint(AMINO_ACIDS):
            raise ProviderError(f"{path} is no model that reads proteins letter by letter", PROTEIN_HINT)
        self._known = str.maketrans(dict.fromkeys(unknown, UNKNOWN_RESIDUE))
        self._window = find_window(model, self._tokenizer)
        self.revision = add_dtype(fingerprint_folder(find_folder(path)), model.dtype)

    def embed_array(self, texts: Sequence[str]) -> Vectors:
        sums = np.zeros((len(texts), self._model.config.hidden_size), np.float32)
        windows = [
            (number, window)
            for number, text in enumerate(texts)
            for window in split_sequence(find_protein(text), self._window)
        ]
        lengths = [len(window) for _, window in windows]
        for batch in batches_by_length(lengths, budget=BATCH_LETTERS, most=self._batch):
            numbers, sequences = zip(*[windows[place] for place in batch], strict=True)
            np.add.at(sums, list(numbers), self._sum(sequences))
        return unit_vectors(sums)

    def _sum(self, sequences: Sequence[str]) -> Vectors:
        """Sums of the residues' last hidden states: at unit length they equal the means, and windows add up."""
        # Letters are words: some vocabularies have them with blanks between them.
        letters = [list(sequence.translate(self._known)) for sequence in sequences]
        inputs = self._tokenizer(
            letters, is_split_into_words=True, padding=True, return_special_tokens_mask=True, return_tensors="pt"
        ).to(self._model.device)
        residues = 1 - inputs.pop("special_tokens_mask")
        with self._torch.inference_mode():
            hidden = self._model(**inputs).last_hidden_state.float()
        sums: Vectors = (hidden * residues.unsqueeze(-1)).sum(1).cpu().numpy()
        return sums


def unknown_letters(tokenizer: Any) -> set[str]:
    """The letters that have no token of their own."""
    ids = tokenizer([[letter] for letter in ascii_uppercase], is_split_into_words=True, add_special_tokens=False)
    found = zip(ascii_uppercase, ids["input_ids"], strict=True)
    return {letter for letter, tokens in found if len(tokens) != 1 or tokens[0] == tokenizer.unk_token_id}


def find_window(model: Any, tokenizer: Any) -> int:
    """How many residues the model reads at once."""
    # ESM's positions begin behind that of padding.
    offset = getattr(getattr(model, "embeddings", None), "padding_idx", -1) + 1
    positions = getattr(model.config, "max_position_embeddings", MOST_WINDOW + offset) - offset
    tokens = min(tokenizer.model_max_length, positions, MOST_WINDOW)
    return int(tokens) - int(tokenizer.num_special_tokens_to_add())


def find_protein(text: str) -> str:
    """The residues of a text; none where its letters are nucleotides."""
    sequence = find_sequence(text)
    return "" if is_nucleotides(sequence) else sequence.translate(NO_RESIDUES)


def split_sequence(sequence: str, window: int) -> list[str]:
    """Windows as few and as equal as can be: of a short one at the end a model would see nothing around it."""
    if not sequence:
        return []
    size = math.ceil(len(sequence) / math.ceil(len(sequence) / window))
    return [sequence[start : start + size] for start in range(0, len(sequence), size)]
