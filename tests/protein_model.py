"""Tiny protein language models with random weights, saved as those of the hub are."""

from pathlib import Path
from typing import Any

LETTERS = "LAGVSERTIDPKQNFYMHWCX"
SMALL: dict[str, Any] = {"num_hidden_layers": 2, "num_attention_heads": 2, "hidden_size": 32, "intermediate_size": 64}


def make_esm(folder: Path, *, positions: int = 200) -> Path:
    """As ESM-2: positions that turn, and letters that need no blanks between them; U, Z, O and B in its vocabulary."""
    from transformers import EsmConfig, EsmModel, EsmTokenizer

    tokens = ["<cls>", "<pad>", "<eos>", "<unk>", *LETTERS, *"BUZO.-", "<null_1>", "<mask>"]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "vocab.txt").write_text("\n".join(tokens))
    tokenizers: Any = EsmTokenizer
    tokenizer = tokenizers(str(folder / "vocab.txt"))
    shape: dict[str, Any] = {"pad_token_id": 1, "mask_token_id": len(tokens) - 1}
    shape["max_position_embeddings"] = positions + 2
    shape |= {"position_embedding_type": "rotary", "token_dropout": True, "initializer_range": 0.5}
    return save(folder, tokenizer, EsmModel, EsmConfig(vocab_size=len(tokens), **shape, **SMALL))


def make_bert(folder: Path) -> Path:
    """As ProtBERT: letters are words, with blanks between them, and rare ones are not known."""
    from transformers import BertConfig, BertModel, BertTokenizer

    tokens = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *LETTERS]
    vocabulary = {token: number for number, token in enumerate(tokens)}
    config = BertConfig(vocab_size=len(tokens), max_position_embeddings=200, initializer_range=0.5, **SMALL)
    return save(folder, BertTokenizer(vocab=vocabulary, do_lower_case=False), BertModel, config)


def make_t5(folder: Path) -> Path:
    """As ProtT5: a translator, of whose halves the one that reads is wanted; its letters begin with a mark."""
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast, T5Config, T5Model

    tokens = ["<pad>", "</s>", "<unk>", *(f"▁{letter}" for letter in LETTERS)]
    words = Tokenizer(models.WordLevel({token: number for number, token in enumerate(tokens)}, "<unk>"))
    words.pre_tokenizer = pre_tokenizers.Metaspace()
    words.post_processor = processors.TemplateProcessing("$A </s>", None, [("</s>", 1)])
    tokenizers: Any = PreTrainedTokenizerFast
    tokenizer = tokenizers(tokenizer_object=words, pad_token="<pad>", eos_token="</s>", unk_token="<unk>")
    shape: dict[str, Any] = {"vocab_size": len(tokens), "decoder_start_token_id": 0}
    shape |= {"d_model": 32, "d_kv": 16, "d_ff": 64, "num_layers": 2, "num_heads": 2}
    return save(folder, tokenizer, T5Model, T5Config(**shape))


def save(folder: Path, tokenizer: Any, model: Any, config: Any) -> Path:
    import torch

    tokenizer.save_pretrained(folder)
    torch.manual_seed(0)
    model(config).save_pretrained(folder)
    return folder
