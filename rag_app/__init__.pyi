# lazy_loader reads relative imports alone: the report of an ingest is reached by a module that uses it.
from .library.watch import IngestReport as IngestReport
from .settings import Settings as Settings
from .types import Answer as Answer
from .types import Citation as Citation
from .types import RagError as RagError
from .types import Sentence as Sentence
from .wiring import ingest_paths as ingest_paths
from .wiring import load_chain as load_chain
from .wiring import load_page as load_page
from .wiring import load_retriever as load_retriever
