"""What a wheel carries, so that it works far from a checkout."""

import subprocess
import sys
import zipfile
from pathlib import Path

from tests.docs.conftest import ROOT

INSIDE = "modelkeep_server/features/help/guide/"


def test_a_wheel_carries_the_guide_and_the_assets_of_the_pages(tmp_path: Path) -> None:
    """Every chapter as it stands in the tree, at the place where the help reads it first, and the built stylesheet."""
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]

    subprocess.run(build, cwd=ROOT, check=True, capture_output=True, timeout=300)

    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        carried = {name: archive.read(name) for name in archive.namelist() if name.startswith(INSIDE)}
        names = archive.namelist()
    assert carried == {INSIDE + path.name: path.read_bytes() for path in (ROOT / "docs" / "guide").iterdir()}
    assert any(name.endswith("static/dist/manifest.json") for name in names)
