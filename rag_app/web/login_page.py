"""The page with one field for the password: all that is answered before it is given."""

import base64
from functools import cache
from html import escape
from pathlib import Path
from string import Template

from starlette.responses import HTMLResponse

ASSETS = Path(__file__).parent / "assets"
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'self'; base-uri 'none'"


def login_page(status: int, message: str = "") -> HTMLResponse:
    headers = {"content-security-policy": POLICY, "cache-control": "no-store"}
    return HTMLResponse(template().substitute(message=escape(message), icon=icon()), status, headers)


@cache
def template() -> Template:
    return Template((ASSETS / "login.html").read_text(encoding="utf-8"))


@cache
def icon() -> str:
    drawn = base64.b64encode((ASSETS / "icon.svg").read_bytes()).decode("ascii")
    return f"data:image/svg+xml;base64,{drawn}"
