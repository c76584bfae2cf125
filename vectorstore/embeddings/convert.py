"""Turns a published encoder into an OpenVINO model that gives mean-pooled unit vectors.

Run as a process of its own: python -m vectorstore.embeddings.convert WEIGHTS_FOLDER OUTPUT_FOLDER
"""

import sys
import warnings
from pathlib import Path


def convert_encoder(weights: Path, output: Path) -> None:
    """Write `model.xml` and `model.bin`: token ids and mask, shape (texts, tokens), to vectors (texts, dimension)."""
    from vectorstore.embeddings.compiled import import_openvino

    openvino = import_openvino()
    import torch
    from transformers import AutoModel

    class PooledEncoder(torch.nn.Module):
        """Mean pooling over the attention mask, then unit length, as the model's card gives it."""

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
            mask = attention_mask.unsqueeze(-1).to(hidden.dtype)
            mean = (hidden * mask).sum(1) / mask.sum(1).clamp(min=1e-9)
            return torch.nn.functional.normalize(mean, p=2, dim=1)

    ones = torch.ones(2, 16, dtype=torch.int64)
    example = {
        "input_ids": ones,
        "attention_mask": ones,
        "token_type_ids": torch.zeros_like(ones),
    }
    model = openvino.convert_model(PooledEncoder(), example_input=example)
    openvino.save_model(model, output / "model.xml", compress_to_fp16=True)


if __name__ == "__main__":
    warnings.simplefilter("ignore")  # torch's tracer speaks of branches that the parity test covers
    convert_encoder(Path(sys.argv[1]), Path(sys.argv[2]))
