"""Parses web pages and XHTML, well formed or not, and reads their titles and their words."""

import re
from html.entities import html5, name2codepoint
from typing import Any

from lxml import etree

from ingest.reading.markup.html_styles import Linked
from ingest.reading.markup.html_writer import write_html
from ingest.reading.text_decoding import decode_declared
from vectorstore.errors import UnreadableFileError

_ENTITY = re.compile(r"&([A-Za-z][A-Za-z0-9]{1,31});")
_KEPT_ENTITIES = frozenset(("amp", "lt", "gt", "quot", "apos"))
_GREEK = {"agr": "α", "bgr": "β", "ggr": "γ", "dgr": "δ", "lgr": "λ", "mgr": "μ", "OHgr": "Ω"}  # of ISO, in patents
_DECLARED_ENTITY = re.compile(r"<!ENTITY\s+([\w.-]+)")
_CONTROLS = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f\ufffe\uffff]")
_XML_DECLARATION = re.compile(r"\A\s*<\?xml[^>]*\?>")
# Elements that nest thousands deep where a page never closes them.
_DEEP_TAG = re.compile(
    r"</?(?!/|(?:p|br|h[1-6]|html|head|title|body|script|style|template)\b)[a-z][^<>]*>", re.IGNORECASE
)


def read_html(data: bytes, linked: Linked | None = None) -> tuple[str | None, str]:
    """The title of a page and what it says, as Markdown; `linked` gives the style sheets that it links."""
    return read_html_text(decode_declared(data), linked)


def read_html_text(text: str, linked: Linked | None = None) -> tuple[str | None, str]:
    root = parse_html(text)
    if root is None:
        return None, ""
    title = next((element for element in root.iter("title") if element.getparent().tag != "svg"), None)
    return ("".join(title.itertext()).strip() if title is not None else None), write_html(root, linked)


def parse_html(text: str) -> Any:
    """The tree of a page, None where there is no element in it."""
    text = _CONTROLS.sub("", text)
    if _XML_DECLARATION.match(text) or "http://www.w3.org/1999/xhtml" in text[:2_000]:
        try:  # in XHTML an element may close itself, <a id="page-9"/>, which HTML knows nothing of
            return parse_xml(text, recover=False)
        except UnreadableFileError:
            text = _XML_DECLARATION.sub("", text)
    parser = etree.HTMLParser(encoding="utf-8", huge_tree=True, remove_comments=True, remove_pis=True)
    try:
        root = etree.fromstring(text.encode(errors="replace"), parser)
    except (etree.XMLSyntaxError, ValueError):
        return None
    if any(error.type_name == "ERR_RESOURCE_LIMIT" for error in parser.error_log) and _DEEP_TAG.search(text):
        return parse_html(_DEEP_TAG.sub(" ", text))
    return root


def _spell(name: str) -> str:
    """What an entity of HTML is; of others, whose definition is in another file, the name: `&dolphin;` is dolphin."""
    if name in _GREEK:
        return _GREEK[name]
    return html5.get(f"{name};", name) if len(name) > 2 or name in name2codepoint else name


def parse_xml(text: str, *, recover: bool) -> Any:
    """The tree without namespaces; entities of the file itself are resolved within bounds, others never.

    Raises UnreadableFileError.
    """
    own = set(_DECLARED_ENTITY.findall(text)) | _KEPT_ENTITIES
    text = _ENTITY.sub(lambda entity: entity[0] if entity[1] in own else _spell(entity[1]), text)
    parser = etree.XMLParser(
        encoding="utf-8",
        resolve_entities="internal",
        load_dtd=False,
        no_network=True,
        remove_comments=True,
        remove_pis=True,
        recover=recover,
    )
    try:
        root = etree.fromstring(_CONTROLS.sub("", text).lstrip().encode(errors="replace"), parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise UnreadableFileError(f"damaged XML: {error}"[:200], "check it with a program for XML") from error
    if root is None:
        raise UnreadableFileError("damaged XML: no element in it", "check what the file really is")
    for element in root.iter(etree.Element):
        if element.tag[0] == "{":
            element.tag = element.tag.rpartition("}")[2]
    return root
