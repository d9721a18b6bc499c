"""Files of a published card: the same bytes on each machine, whatever its time zone, language and order of hashes."""

import os
import subprocess
import sys
from pathlib import Path

from tests.support import cards

PROGRAM = """
import hashlib, json
from modelkeep_server.adapters.pdf import open_printer
from modelkeep_server.features.cards.documents import from_document, to_document
from modelkeep_server.features.cards.exports.cyclonedx import to_cyclonedx
from modelkeep_server.features.cards.exports.markdown_file import to_markdown
from modelkeep_server.features.cards.exports.printed import print_card
from modelkeep_server.interfaces.cards.html import render_html
from modelkeep_server.kit import canonical
from tests.support import cards

turned = cards.spoken_in(cards.RIGHT_TO_LEFT).sections[0].annotations
made = cards.make_card(annotations={**cards.ANNOTATIONS, "factors": turned})
card = from_document(json.loads(json.dumps(to_document(made))))
files = (
    print_card(open_printer(), card), to_markdown(card).encode(), render_html(card, base_url="https://a.example").encode(),
    canonical.dumps(to_cyclonedx(card, "https://a.example")).encode(), canonical.dumps(to_document(card)).encode(),
)
print(*(hashlib.sha256(file).hexdigest() for file in files))
"""


def hashes_where(folder: Path, **environment: str) -> list[str]:
    """The hashes of all five files, made by a program that has these settings of a machine."""
    root = Path(cards.__file__).parents[2]
    kept = {"PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join((str(root / "src"), str(root)))}
    made = subprocess.check_output([sys.executable, "-c", PROGRAM], env=kept | environment, cwd=folder, text=True)
    return made.split()


def test_the_same_revision_is_the_same_bytes_everywhere(tmp_path: Path) -> None:
    """Tokyo in German, Chatham with its odd offset, and here: PDF, Markdown, HTML, CycloneDX and JSON."""
    here = hashes_where(tmp_path)
    elsewhere = [
        hashes_where(tmp_path, TZ="Asia/Tokyo", LC_ALL="de_DE.UTF-8", LANG="de_DE.UTF-8", PYTHONHASHSEED="1"),
        hashes_where(Path("/"), TZ="Pacific/Chatham", LC_ALL="C", PYTHONHASHSEED="2", SOURCE_DATE_EPOCH="1"),
    ]

    assert len(set(here)) == 5
    assert elsewhere == [here, here]
