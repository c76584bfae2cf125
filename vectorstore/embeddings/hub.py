"""A model's name to the folder of its files, as transformers opens them: fetched from the hub where it is not here."""

import json
from pathlib import Path

NOT_NEEDED = ["*.h5", "*.msgpack", "*.onnx", "*.ot", "*.tflite", "onnx/*", "openvino/*", "*.md"]


def fetch_folder(model: str) -> Path:
    """Where the files of the model are: the folder, or the hub's copy on this machine, fetched if there is none."""
    root = Path(model).expanduser()
    if not root.is_dir():
        from huggingface_hub import snapshot_download  # slow to import

        root = Path(snapshot_download(model, ignore_patterns=NOT_NEEDED))
    modules = root / "modules.json"
    if modules.is_file():  # sentence-transformers: the first module is the model
        first: str = json.loads(modules.read_text(encoding="utf-8"))[0]["path"]
        return root / first
    return root
