"""Turns a published encoder into an OpenVINO model that gives pooled unit vectors.

Run as a process of its own: python -m vectorstore.embeddings.convert WEIGHTS_FOLDER OUTPUT_FOLDER POOLING
"""

import sys
import warnings
from pathlib import Path
from typing import Any

# As sentence-transformers calls them: the mean of the tokens, the first, the last.
POOLINGS = ("mean", "cls", "lasttoken")


def convert_encoder(weights: Path, output: Path, pooling: str) -> None:
    """Write `model.xml` and `model.bin`: token ids and mask, shape (texts, tokens), to vectors (texts, dimension)."""
    from vectorstore.embeddings.compiled import import_openvino

    openvino = import_openvino()
    import torch
    from transformers import AutoModel

    class PooledEncoder(torch.nn.Module):
        """Pooling over the attention mask, then unit length, as the model's card gives it."""

        def __init__(self) -> None:
            super().__init__()
            self.encoder = AutoModel.from_pretrained(weights, local_files_only=True).eval()

        def forward(
            self,
            input_ids: torch.Tensor,
            attention_mask: torch.Tensor,
            token_type_ids: torch.Tensor,
        ) -> torch.Tensor:
            hidden = self.encoder(
                input_ids=input_ids,
                attention_mask=attention_mask,
                token_type_ids=token_type_ids,
            ).last_hidden_state
            return torch.nn.functional.normalize(pool(hidden, attention_mask, pooling), p=2, dim=1)

    ones = torch.ones(2, 16, dtype=torch.int64)
    example = {
        "input_ids": ones,
        "attention_mask": ones,
        "token_type_ids": torch.zeros_like(ones),
    }
    model = openvino.convert_model(PooledEncoder(), example_input=example)
    openvino.save_model(model, output / "model.xml", compress_to_fp16=True)


def pool(hidden: Any, attention_mask: Any, pooling: str) -> Any:
    """Of hidden states, shape (texts, tokens, dimension), with padding at the end, one for each text."""
    if pooling == "cls":
        return hidden[:, 0]
    if pooling == "lasttoken":
        last = (attention_mask.sum(1) - 1).view(-1, 1, 1).expand(-1, 1, hidden.shape[-1])
        return hidden.gather(1, last).squeeze(1)
    mask = attention_mask.unsqueeze(-1).to(hidden.dtype)
    return (hidden * mask).sum(1) / mask.sum(1).clamp(min=1e-9)


if __name__ == "__main__":
    warnings.simplefilter("ignore")  # torch's tracer speaks of branches that the parity test covers
    convert_encoder(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])
