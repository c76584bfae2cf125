"""From a secret name to its source over HTTP: what the panel shows, the page's picture, the original file.

Beside Streamlit's own connection, so that opening a source neither runs the page anew nor stops an answer.
"""

import json
from collections.abc import Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import Route

from rag_app.web.sources.links import Offered, find_offered
from rag_app.web.sources.page_picture import MIME, box_quote, draw_boxed
from rag_app.web.sources.view import FILE_GONE as GONE
from rag_app.web.sources.view import file_password, find_file, source_values
from vectorstore.errors import RagError

HEADERS = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"}
KEEP = {"Cache-Control": "private, max-age=3600"}
KEEP_NOT = {"Cache-Control": "no-store"}
Show = Callable[[Offered], Response]


def source_routes() -> list[Route]:
    shown: dict[str, Show] = {
        "": show_source,
        "/whole": show_whole,
        "/picture": show_picture,
        "/original": send_original,
    }
    return [Route(f"/sources/{{name}}{ending}", answer_with(show)) for ending, show in shown.items()]


def answer_with(show: Show) -> Callable[[Request], Response]:
    def answer(request: Request) -> Response:
        offered = find_offered(request.path_params["name"])
        return show(offered) if offered else missing("Nothing is known under this name any more.")

    return answer


def show_source(offered: Offered) -> Response:
    return as_json(source_values(offered))


def show_whole(offered: Offered) -> Response:
    return as_json(source_values(offered, whole=True))


def show_picture(offered: Offered) -> Response:
    """Kept by the browser: another file has another address (`drawn`)."""
    password = file_password(offered)
    boxed = box_quote(offered.place, password)
    try:
        return (
            Response(draw_boxed(boxed, password), media_type=MIME, headers=HEADERS | KEEP) if boxed else missing(GONE)
        )
    except (OSError, RagError):
        return missing(GONE)


def send_original(offered: Offered) -> Response:
    """Always to be saved: a document that is shown here as a page could act as this page."""
    path = find_file(offered.place.source)
    if path is None:
        return missing(GONE)
    return FileResponse(path, filename=path.name, media_type="application/octet-stream", headers=HEADERS | KEEP_NOT)


def as_json(values: dict[str, Any]) -> Response:
    # ASCII: half a surrogate pair, which a file name or a text may have, is no UTF-8.
    return Response(json.dumps(values), media_type="application/json", headers=HEADERS | KEEP_NOT)


def missing(words: str) -> Response:
    return PlainTextResponse(words, status_code=404, headers=HEADERS | KEEP_NOT)
