"""
What following lineage costs: in a graph of many edges, a change of one dataset reaches thousands of versions over
several steps.
"""

from urllib.parse import quote

from bench.desk import Desk, Timed
from bench.planting import name_dataset
from bench.seeding import Cast
from bench.server import Running

LOOKS = 30
IMPACT_MS = 100.0
AIMS = {"impact of a dataset": IMPACT_MS, "impact, for an MRC": IMPACT_MS}


def measure_lineage(registry: Running, cast: Cast) -> list[Timed]:
    """Ask what a change of a dataset reaches, and for the graph around it and around what it reaches."""
    desk = Desk(registry, cast)
    asked = f"node={quote(name_dataset(0))}"
    reached = desk.send("owner", "GET", f"/lineage/impact?{asked}")
    print(f"a change of {name_dataset(0)} reaches {reached['total']} versions, {reached['consumerCount']} consumers")
    for _ in range(LOOKS):
        desk.send("owner", "GET", f"/lineage/impact?{asked}", step="impact of a dataset")
        desk.send("mrc", "GET", f"/lineage/impact?{asked}", step="impact, for an MRC")
        desk.send("owner", "GET", f"/lineage/graph?{asked}&depth=2", step="graph of a dataset, two steps")
        for item in reached["items"][:1]:
            desk.send(
                "owner", "GET", f"/models/{item['model']}/versions/{item['version']}/lineage", step="graph of a version"
            )
    return desk.timed(AIMS)
