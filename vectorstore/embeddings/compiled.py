"""An OpenVINO model on this processor: one call by all cores, or several abreast, each by its share of them."""

import os
import sys
import threading
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

Inputs = Mapping[str, NDArray[Any]]
Vectors = NDArray[np.float32]
Key = TypeVar("Key")
# More streams than this would each hold their own buffers and gain little.
MOST_STREAMS = 4


class CompiledModel:
    """`model.xml` of a folder, in `precision`. Compiled when it is first used, once for each of the two ways.

    One object serves any number of threads.
    """

    def __init__(self, folder: Path, *, precision: str) -> None:
        self._folder, self._precision = folder, precision
        self._compiled: dict[str, Any] = {}
        self._compiling, self._abreast = threading.Lock(), threading.Lock()
        self._requests = threading.local()  # an infer request holds its buffers: one a thread

    def infer(self, inputs: Inputs) -> Vectors:
        """One call by all cores: the soonest that one result can be had."""
        if not hasattr(self._requests, "request"):
            self._requests.request = self._compile({"PERFORMANCE_HINT": "LATENCY"}).create_infer_request()
        result: Vectors = self._requests.request.infer(inputs)[0]
        return result.copy()

    def infer_abreast(self, calls: Iterable[tuple[Key, Inputs]], take: Callable[[Key, Vectors], None]) -> None:
        """Many calls, as many at once as there are cores: the most in a second, for no core waits at every layer for
        the others. `take` is given each key with its result, which is to be copied, in no order."""
        with self._abreast:
            queue = self._open_queue()
            queue.set_callback(lambda request, key: take(key, request.get_output_tensor(0).data))
            try:
                for key, inputs in calls:
                    queue.start_async(inputs, key)
            finally:
                queue.wait_all()

    def _open_queue(self) -> Any:
        streams = min(count_cores(), MOST_STREAMS)
        threads = {"NUM_STREAMS": str(streams), "INFERENCE_NUM_THREADS": str(count_cores())}
        compiled = self._compile({"PERFORMANCE_HINT": "THROUGHPUT", **threads})
        # One more than run at once, so that a stream that has finished finds the next ready.
        return import_openvino().AsyncInferQueue(compiled, streams + 1)

    def _compile(self, options: Mapping[str, str]) -> Any:
        way = options["PERFORMANCE_HINT"]
        with self._compiling:
            if way not in self._compiled:
                core = import_openvino().Core()
                core.set_property({"CACHE_DIR": str(self._folder / "compiled")})
                options = {"INFERENCE_PRECISION_HINT": self._precision, **options}
                self._compiled[way] = core.compile_model(str(self._folder / "model.xml"), "CPU", options)
            return self._compiled[way]


def count_cores() -> int:
    """Those that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def import_openvino() -> Any:
    # Importing openvino reports the import to a remote analytics service and writes a file into the home folder,
    # unless its reporting package cannot be imported: then it takes the stub it brings along.
    if "openvino" not in sys.modules:
        sys.modules["openvino_telemetry"] = None  # type: ignore[assignment]
    import openvino

    return openvino
