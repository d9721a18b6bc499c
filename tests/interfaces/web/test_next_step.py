"""The Next-step box leads from each demand to where it is cured, whoever wrote the policy."""

import re

from modelkeep_server.rules.permissions import Role
from tests.support.clients import Api
from tests.support.make import Make
from tests.support.pages import look, words_of

RULES = {
    'version.metadata.card.license in ["MIT"]': ("edit#metadata.card.license", "Edit the version"),
    'has(version.commitSha) && version.commitSha.startsWith("7")': ("edit#commitSha", "Edit the version"),
    'artifacts.exists(a, a.type == "CONFIG")': ("artifacts#upload", "Upload Artifacts"),
    'artifacts.exists(a, a.verdict == "CLEAN_DATA")': ("artifacts", "Look at the files"),
    'evaluations.runs.exists(r, r.metrics.exists(m, m.name == "f1"))': ("evaluations/new", "Record Evaluation"),
    "lineage.datasets.size() > 0": ("lineage/new?kind=DATASET", "Track Dataset"),
    "lineage.consumers.size() > 0": ("lineage/new?kind=CONSUMER", "Add Consumer"),
    "lineage.runs.size() > 0": ("lineage", "Add to the lineage"),
    "card.published": ("card", "Generate Model Card"),
    'model.repositoryUrl.startsWith("https")': ("settings", "Model settings"),
}


def test_a_policy_of_ones_own_has_a_cure_in_the_box(make: Make, api: Api) -> None:
    """By the facts that its expressions read, with its name and why there is it; who may not mend it finds why."""
    owner, architect, group = make.owner(), make.person(Role.SECURITY_ARCHITECT), make.group()
    version = make.version(make.model(owner, group=group), owner)
    page = f"/models/{version.model}/versions/{version.version}"
    for number, expression in enumerate(RULES):
        body = {
            "name": f"Own {number} {group}", "severity": "BLOCK", "scope": {"groups": [group]},
            "description": f"Auditors ask for it, {number}.",
            "rules": [{"expression": expression, "message": f"Own rule {number} is met."}],
        }  # fmt: skip
        assert api.as_(architect).post("/api/v1/policies", json=body).status_code == 201

    mine, other = look(api, owner, page), look(api, architect, page)

    box = mine[mine.index('id="next"') : mine.index("</section>", mine.index('id="next"'))]
    for number, (at, word) in enumerate(RULES.values()):
        line = box[box.index(f"Own rule {number} is met.") :]
        assert f">Own {number} {group}</a>: Auditors ask for it, {number}." in line
        found = re.search(r'<a class="btn[^"]*" href="([^"]+)">([^<]+)</a>', line)
        assert found is not None
        assert (found[1].endswith(f"/{at}"), found[2]) == (True, word)
    assert "Complete metadata 0 of 10 fields" in words_of(mine)
    assert f"/exceptions/new?version={version.address.replace(':', '%3A')}&amp;policy=Own" in box
    assert f'href="{page}/edit#commitSha"' not in other
    assert "To edit a version you need" in words_of(other)
