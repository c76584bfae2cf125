"""Office documents made of XML, part by part, as their programs write them."""

import io
import zipfile

_SCHEMAS = "http://schemas.openxmlformats.org"
_OFFICE = f"{_SCHEMAS}/officeDocument/2006"
NAMES = (
    f'xmlns:w="{_SCHEMAS}/wordprocessingml/2006/main" xmlns:m="{_OFFICE}/math" xmlns:r="{_OFFICE}/relationships" '
    f'xmlns:p="{_SCHEMAS}/presentationml/2006/main" xmlns:a="{_SCHEMAS}/drawingml/2006/main" '
    f'xmlns:c="{_SCHEMAS}/drawingml/2006/chart" xmlns:dgm="{_SCHEMAS}/drawingml/2006/diagram" '
    f'xmlns:mc="{_SCHEMAS}/markup-compatibility/2006" xmlns:wp="{_SCHEMAS}/drawingml/2006/wordprocessingDrawing" '
    'xmlns:w14="http://schemas.microsoft.com/office/word/2010/wordml" xmlns:v="urn:schemas-microsoft-com:vml"'
)
_RELATIONS = f'xmlns="{_SCHEMAS}/package/2006/relationships"'


def zipped(parts: dict[str, str]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            archive.writestr(name, text)
    return target.getvalue()


def element(name: str, inside: str = "", names: str = NAMES) -> str:
    return f'<?xml version="1.0" encoding="UTF-8"?><{name} {names}>{inside}</{name.split()[0]}>'


def relations(kinds: dict[str, str]) -> str:
    """The types of relations by the paths of their targets; the id is the name of the file without its suffix."""
    ones = (
        f'<Relationship Id="{path.rpartition("/")[2].partition(".")[0]}" Type="{_OFFICE}/relationships/{kind}" '
        f'Target="{path}"/>'
        for path, kind in kinds.items()
    )
    return f"<Relationships {_RELATIONS}>{''.join(ones)}</Relationships>"


def word_file(body: str, **parts: str) -> bytes:
    """A Word document and its other parts: styles, numbering, footnotes, header1, chart1 …"""
    kinds = {f"{name}.xml": name.rstrip("0123456789") for name in parts}
    kinds |= {path: "diagramData" for path in kinds if path.startswith("data")}
    return zipped(
        {
            "[Content_Types].xml": "<Types/>",
            "_rels/.rels": relations({"word/document.xml": "officeDocument"}),
            "word/_rels/document.xml.rels": relations(kinds),
            "word/document.xml": element("w:document", f"<w:body>{body}</w:body>"),
            **{f"word/{name}.xml": text for name, text in parts.items()},
        }
    )


def run(text: str, properties: str = "") -> str:
    return f'<w:r><w:rPr>{properties}</w:rPr><w:t xml:space="preserve">{text}</w:t></w:r>'


def paragraph(*runs: str, properties: str = "") -> str:
    """Text or runs."""
    inside = "".join(one if one.startswith("<") else run(one) for one in runs)
    return f"<w:p><w:pPr>{properties}</w:pPr>{inside}</w:p>"


def table(*rows: str) -> str:
    return f"<w:tbl>{''.join(rows)}</w:tbl>"


def row(*cells: str, properties: str = "") -> str:
    """Text, or cells."""
    inside = "".join(one if one.startswith("<") else cell(one) for one in cells)
    return f"<w:tr><w:trPr>{properties}</w:trPr>{inside}</w:tr>"


def cell(text: str, properties: str = "") -> str:
    return f"<w:tc><w:tcPr>{properties}</w:tcPr>{paragraph(text)}</w:tc>"


def chart_part(series: str, title: str = "", axes: str = "") -> str:
    shown = f"<c:title><c:tx><c:rich><a:p><a:r><a:t>{title}</a:t></a:r></a:p></c:rich></c:tx></c:title>"
    inside = f"<c:chart>{shown}<c:plotArea><c:barChart>{series}</c:barChart>{axes}</c:plotArea></c:chart>"
    return element("c:chartSpace", inside)


def series(name: str, points: dict[str, str], code: str = "General") -> str:
    def cache(values: list[str]) -> str:
        return "".join(f'<c:pt idx="{place}"><c:v>{value}</c:v></c:pt>' for place, value in enumerate(values))

    return (
        f"<c:ser><c:tx><c:strRef><c:strCache>{cache([name])}</c:strCache></c:strRef></c:tx>"
        f"<c:cat><c:strRef><c:strCache>{cache(list(points))}</c:strCache></c:strRef></c:cat>"
        f"<c:val><c:numRef><c:numCache><c:formatCode>{code}</c:formatCode>{cache(list(points.values()))}"
        "</c:numCache></c:numRef></c:val></c:ser>"
    )
