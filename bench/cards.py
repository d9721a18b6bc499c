"""What a model card costs: one that is full, with three evaluations of a hundred metrics, in each of its forms."""

import random

from bench.desk import Desk, Timed
from bench.governance import METADATA, make_weights
from bench.seeding import OWNER, Cast
from bench.server import Running
from modelkeep_server.rules.fields import FIELDS, Kind

RUNS, SLICES, TIMES = 3, 24, 20
NAMES = ("auc", "recall", "precision", "accuracy")
#: A PDF is set page by page, in a process of its own.
AIMS = {"card as PDF": 1_500.0}
PLACE = "/models/documented/full-card/versions/1.0.0"


def measure_cards(registry: Running, cast: Cast) -> list[Timed]:
    """Make a full card, and ask for it in each form so many times."""
    desk = Desk(registry, cast)
    _prepare(desk)
    desk.send("owner", "POST", f"{PLACE}/card")
    for section in ("intended-use", "metrics"):
        note = {"markdown": "Looked at **by hand**: the slices under 30 days are few.\n\n- ask again in March"}
        desk.send("mrc", "PUT", f"{PLACE}/card/annotations/{section}", note)
    desk.send("owner", "POST", f"{PLACE}/card/publish")
    for _ in range(TIMES):
        desk.send("owner", "POST", f"{PLACE}/card", step="generate a full card")
        desk.look(f"{PLACE}/card", step="page of the card")
        for form, name in (("json", "JSON"), ("html", "HTML"), ("md", "Markdown"), ("pdf", "PDF")):
            desk.fetch("owner", f"{PLACE}/card?format={form}", step=f"card as {name}")
    return desk.timed(AIMS)


def _prepare(desk: Desk) -> None:
    group, name = PLACE.split("/")[2:4]
    model = {"group": group, "name": name, "description": "Measured.", "owners": [OWNER], "riskTier": "LOW"}
    desk.send("owner", "POST", "/models", model)
    words = {row.key: f"{row.hint} " * 12 for row in FIELDS if row.card and row.kind is Kind.TEXT}
    metadata = {**METADATA, "card": {**words, "trainingDate": "2026-02-01", "license": "Apache-2.0"}}
    desk.send("owner", "POST", PLACE.rpartition("/")[0], {"version": "1.0.0", "metadata": metadata})
    desk.send("owner", "PUT", f"{PLACE}/artifacts/model.safetensors?type=WEIGHTS", make_weights(1))
    chance = random.Random(8)
    for run in range(RUNS):
        metrics = []
        for place in range(len(NAMES) * (SLICES + 1)):
            value, of = round(chance.uniform(0.6, 0.95), 4), place // len(NAMES)
            metric = {
                "name": NAMES[place % len(NAMES)],
                "value": value,
                "confidenceInterval": [value - 0.02, value + 0.02],
            }
            metrics.append({**metric, "slice": f"region=R{of:02}"} if of else metric)
        measured = {"dataset": {"name": f"holdout-{run}", "version": "1"}, "metrics": metrics}
        desk.send("owner", "POST", f"{PLACE}/evaluations", measured)
