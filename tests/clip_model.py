"""A tiny CLIP, trained here in seconds to know three colours and two patterns, and saved as transformers does."""

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
SIDE = 32
COLOURS = {"red": (220, 30, 30), "green": (30, 200, 40), "blue": (30, 40, 220)}
PATTERNS = ("stripes", "squares")
START, END = "<|startoftext|>", "<|endoftext|>"


def draw(colour: str, pattern: str, *, width: int = 160, height: int = 120, seed: int = 0) -> Pixels:
    """Stripes or squares of a colour on white, where and how wide by chance; shape (height, width, 3), red first."""
    chance = np.random.default_rng(seed)
    step = int(chance.integers(width // 10, width // 5))
    across, down = np.arange(width) + chance.integers(step), np.arange(height) + chance.integers(step)
    on = (across // step % 2 == 0)[np.newaxis, :] | np.zeros((height, 1), bool)
    if pattern == "squares":
        on = on & (down // step % 2 == 0)[:, np.newaxis]
    pixels = np.full((height, width, 3), 255, np.uint8)
    pixels[on] = COLOURS[colour]
    return pixels


def encode(pixels: Pixels, kind: str = "PNG", **options: int) -> bytes:
    file = io.BytesIO()
    PIL.Image.fromarray(pixels).save(file, kind, **options)
    return file.getvalue()


def picture(colour: str, pattern: str = "squares", kind: str = "PNG", *, width: int = 160, seed: int = 0) -> bytes:
    return encode(draw(colour, pattern, width=width, height=width * 3 // 4, seed=seed), kind)


def save_processor(folder: Path, *, square: bool = False) -> None:
    """How a model wants its pictures, in the form of the files of the hub."""
    kind, size = ("Siglip", {"height": SIDE, "width": SIDE}) if square else ("CLIP", {"shortest_edge": SIDE})
    settings = {"image_processor_type": f"{kind}ImageProcessor", "size": size}
    settings |= {} if square else {"crop_size": {"height": SIDE, "width": SIDE}}
    (folder / "preprocessor_config.json").write_text(json.dumps(settings))


def save_tokenizer(folder: Path) -> int:
    """CLIP's own tokenizer with letters alone; how many tokens it has."""
    from transformers import CLIPTokenizer
    from transformers.convert_slow_tokenizer import bytes_to_unicode

    letters = list(bytes_to_unicode().values())  # type: ignore[no-untyped-call]
    tokens = [*letters, *(f"{letter}</w>" for letter in letters), START, END]
    vocabulary = {token: number for number, token in enumerate(tokens)}
    CLIPTokenizer(vocab=vocabulary, merges=[], model_max_length=77).save_pretrained(folder)
    return len(tokens)


def make_clip(folder: Path, *, steps: int = 150) -> Path:
    import torch
    from transformers import CLIPConfig, CLIPModel

    folder.mkdir(parents=True, exist_ok=True)
    words = save_tokenizer(folder)
    save_processor(folder)
    small = {"hidden_size": 48, "intermediate_size": 96, "num_hidden_layers": 1, "num_attention_heads": 2}
    text = {"vocab_size": words, "max_position_embeddings": 77}
    text |= {"bos_token_id": words - 2, "eos_token_id": words - 1, "pad_token_id": words - 1}
    vision = {"image_size": SIDE, "patch_size": 8}
    config = CLIPConfig(text_config={**small, **text}, vision_config={**small, **vision}, projection_dim=32)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # so small that sharing the work out takes ten times as long as doing it
    torch.manual_seed(0)
    model = CLIPModel(config)
    train(model, folder, steps)
    model.save_pretrained(folder)
    torch.set_num_threads(threads)
    return folder


def train(model: Any, folder: Path, steps: int) -> None:
    """Each step shows every colour in every pattern with its words, and asks which belong together, as CLIP learnt."""
    import torch
    from transformers import AutoImageProcessor, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder)
    images: Any = AutoImageProcessor
    processor = images.from_pretrained(folder, backend="pil")
    names = [(colour, pattern) for colour in COLOURS for pattern in PATTERNS]
    forms = ("{} {}", "{} {} on white", "where are the {} {}?")
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    model.train()
    for step in range(steps):
        shown = [draw(*name, seed=step * len(names) + place) for place, name in enumerate(names)]
        texts = [forms[step % len(forms)].format(*name) for name in names]
        inputs = {
            **tokenizer(texts, padding=True, return_tensors="pt"),
            **processor(images=shown, return_tensors="pt"),
        }
        loss = model(**inputs, return_loss=True).loss
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    model.eval()
