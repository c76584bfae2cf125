"""A tiny encoder with random weights, saved as sentence-transformers does: a model in a folder, made in a second."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

DIMENSION = 32


def make_tiny_encoder(
    folder: Path,
    *,
    seed: int = 0,
    pooling: str | tuple[str, ...] = "mean",
    is_normalized: bool = False,
    prompts: Mapping[str, str] | None = None,
) -> Path:
    """BERT with one layer and the words of all-MiniLM-L6-v2, another seed gives another model.

    Pooled by the mean it is converted for OpenVINO at the first use, by `max` never.
    """
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Normalize, Pooling, Transformer
    from transformers import AutoTokenizer, BertConfig, BertModel

    from vectorstore.embeddings.providers.packaged import find_weights

    tokenizer = AutoTokenizer.from_pretrained(find_weights())
    torch.manual_seed(seed)
    shape: dict[str, Any] = {"hidden_size": DIMENSION, "num_hidden_layers": 1, "num_attention_heads": 2}
    shape |= {"intermediate_size": 64, "max_position_embeddings": 128}
    encoder = BertModel(BertConfig(vocab_size=len(tokenizer), **shape))
    bare = folder.with_name(f"{folder.name}-bare")
    encoder.save_pretrained(bare)
    tokenizer.save_pretrained(bare)
    pooled: Any = Pooling
    modules = [Transformer(str(bare), max_seq_length=128), pooled(DIMENSION, pooling)] + [Normalize()] * is_normalized
    SentenceTransformer(modules=modules, device="cpu", prompts=dict(prompts or {})).save(
        str(folder), create_model_card=False
    )
    return folder
