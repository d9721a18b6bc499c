"""What a file is taken for by its name, where nobody says."""

from pathlib import Path

import pytest

import modelkeep_server
from modelkeep import kinds
from modelkeep.kinds import guess_kind

PANEL = Path(modelkeep_server.__file__).parent / "interfaces/web/static/islands/artifacts/row.js"


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("model.tar.gz", "WEIGHTS"),
        ("a/image-2.tar.gz", "CONTAINER"),
        ("image.tar", "CONTAINER"),
        ("tokenizer.json", "TOKENIZER"),
        ("spm.model", "TOKENIZER"),
        ("config.yaml", "CONFIG"),
        ("MLmodel", "CONFIG"),
        ("weights", "WEIGHTS"),
    ],
)
def test_a_name_tells_the_type(path: str, kind: str) -> None:
    """Weights, where the name says nothing else: an archive holds a model more often than an image."""
    assert guess_kind(path) == kind


def test_the_panel_guesses_by_the_same_patterns() -> None:
    """Page, client and command line take a file for the same."""
    told = PANEL.read_text().replace(r"\/", "/")

    for pattern in (kinds._TOKENIZER, kinds._CONTAINER, kinds._CONFIG):
        assert f"/{pattern.pattern}/i" in told
