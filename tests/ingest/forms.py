"""A PDF put together object by object, for what no library of the tests writes: form fields, layers, hidden text."""

_HEAD = "<< /Type /Catalog /Pages 2 0 R {catalog} >>"
_PAGE = (
    "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 400 300] /Contents 4 0 R /Annots [{annots}]"
    " /Resources << /Font << /F1 5 0 R >> {resources} >> >>"
)
_FONT = "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>"
FIRST = 6  # the number of the first object that a test adds


def raw_pdf(content: str, *objects: str, annots: str = "", catalog: str = "", resources: str = "") -> bytes:
    """One page of 400 by 300 points with the font F1; `objects` are numbered from `FIRST` on."""
    stream = f"<< /Length {len(content.encode('latin-1'))} >> stream\n{content}\nendstream"
    bodies = [
        _HEAD.format(catalog=catalog),
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        _PAGE.format(annots=annots, resources=resources),
        stream,
        _FONT,
        *objects,
    ]
    text, places = "%PDF-1.7\n", []
    for number, body in enumerate(bodies, 1):
        places.append(len(text.encode("latin-1")))
        text += f"{number} 0 obj\n{body}\nendobj\n"
    start = len(text.encode("latin-1"))
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    text += f"xref\n0 {len(bodies) + 1}\n0000000000 65535 f \n{table}"
    text += f"trailer << /Size {len(bodies) + 1} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n"
    return text.encode("latin-1")


def write(*lines: tuple[float, float, str], size: float = 12) -> str:
    """The content of a page: words at places, in points from the lower left corner."""
    return "".join(f"BT /F1 {size} Tf {x} {y} Td ({words}) Tj ET\n" for x, y, words in lines)


def form(content: str, *fields: str, more: str = "") -> bytes:
    """A page whose fields have no appearance: a program that fills forms in may leave that to the viewer."""
    numbers = range(FIRST, FIRST + len(fields))
    references = " ".join(f"{number} 0 R" for number in numbers)
    catalog = (
        f"/AcroForm << /Fields [{references}] /NeedAppearances true /DA (/F1 12 Tf 0 g) /DR << /Font << /F1 5 0 R >> >>"
        f" {more} >>"
    )
    bodies = [
        f"<< /Type /Annot /Subtype /Widget /F 4 /T (field{number}) {field} >>"
        for number, field in zip(numbers, fields, strict=True)
    ]
    return raw_pdf(content, *bodies, annots=references, catalog=catalog)
