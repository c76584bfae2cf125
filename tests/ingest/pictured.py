"""Documents with pictures in them, made as their programs make them."""

import io
import zipfile
from collections.abc import Sequence

import docx
import fpdf

DRAWING = "http://schemas.openxmlformats.org/drawingml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
SLIDES = "http://schemas.openxmlformats.org/presentationml/2006/main"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
NAMES = f'xmlns:a="{DRAWING}" xmlns:r="{OFFICE}" xmlns:p="{SLIDES}"'
Parts = Sequence[str | bytes]


def pdf(pages: Sequence[Parts]) -> bytes:
    """Each part of a page is a paragraph or a picture."""
    document = fpdf.FPDF()
    document.set_font("Helvetica", size=12)
    for page in pages:
        document.add_page()
        for part in page:
            if isinstance(part, str):
                document.multi_cell(0, 8, part, new_x="LMARGIN", new_y="NEXT")
                document.ln(4)
            else:
                document.image(io.BytesIO(part), w=60)
                document.ln(4)
    return bytes(document.output())


def word(parts: Parts) -> bytes:
    document = docx.Document()
    for part in parts:
        if isinstance(part, str):
            document.add_paragraph(part)
        else:
            document.add_picture(io.BytesIO(part))
    file = io.BytesIO()
    document.save(file)
    return file.getvalue()


def slides(pages: Sequence[Parts]) -> bytes:
    """The parts of a presentation that readers look at."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        types = '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        types += (
            '<Default Extension="png" ContentType="image/png"/><Default Extension="xml" ContentType="application/xml"/>'
        )
        archive.writestr("[Content_Types].xml", f'<Types xmlns="{PACKAGE}/content-types">{types}</Types>')
        archive.writestr("_rels/.rels", relations([("officeDocument", "ppt/presentation.xml")]))
        numbers = range(1, len(pages) + 1)
        # The file names run backwards: the order is that of the presentation.
        targets = [("slide", f"slides/slide{len(pages) + 1 - number}.xml") for number in numbers]
        archive.writestr("ppt/_rels/presentation.xml.rels", relations(targets))
        listed = "".join(f'<p:sldId id="{255 + number}" r:id="rId{number}"/>' for number in numbers)
        archive.writestr(
            "ppt/presentation.xml", f"<p:presentation {NAMES}><p:sldIdLst>{listed}</p:sldIdLst></p:presentation>"
        )
        for number, parts in zip(reversed(numbers), pages, strict=True):
            write_slide(archive, number, parts)
    return file.getvalue()


def write_slide(archive: zipfile.ZipFile, number: int, parts: Parts) -> None:
    shapes, targets = "", list[tuple[str, str]]()
    for part in parts:
        if isinstance(part, str):
            text = f"<a:p><a:r><a:t>{part}</a:t></a:r></a:p>"
            shapes += f"<p:sp><p:txBody><a:bodyPr/>{text}</p:txBody></p:sp>"
        else:
            targets.append(("image", f"../media/image{number}-{len(targets)}.png"))
            archive.writestr(f"ppt/media/image{number}-{len(targets) - 1}.png", part)
            shapes += f'<p:pic><p:blipFill><a:blip r:embed="rId{len(targets)}"/></p:blipFill></p:pic>'
    tree = f"<p:cSld><p:spTree>{shapes}</p:spTree></p:cSld>"
    archive.writestr(f"ppt/slides/slide{number}.xml", f"<p:sld {NAMES}>{tree}</p:sld>")
    archive.writestr(f"ppt/slides/_rels/slide{number}.xml.rels", relations(targets))


def relations(targets: Sequence[tuple[str, str]]) -> str:
    rows = "".join(
        f'<Relationship Id="rId{number}" Type="{OFFICE}/{kind}" Target="{target}"/>'
        for number, (kind, target) in enumerate(targets, 1)
    )
    return f'<Relationships xmlns="{PACKAGE}/relationships">{rows}</Relationships>'
