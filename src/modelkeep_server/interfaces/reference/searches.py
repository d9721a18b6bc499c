"""The examples of saved searches, in the story of samples.py."""

from collections.abc import Mapping
from typing import Any

_SEARCH = {"name": "High-risk churn", "query": "tag:churn riskTier:HIGH", "sort": "created", "sharing": "SHARED"}
#: Examples of one saved search begin so.
_FOUND = f'search = next(one for one in registry.list_searches("mine") if one.name == "{_SEARCH["name"]}")\n'

#: What a field holds in one shape.
STORY_OF: Mapping[str, Mapping[str, Any]] = {
    "SearchIn": {**_SEARCH, "alert": True},
    "SearchPatch": _SEARCH,
    "CopyIn": {"name": None},
    "SearchOut": {
        **_SEARCH, "savedBy": "priya.raman@company.com", "isMine": True, "alert": True, "fault": None,
        "takenDownReason": None, "revision": 1,
    },
}  # fmt: skip

#: By the route's name.
PYTHON: Mapping[str, str] = {
    "list_searches": """for search in registry.list_searches():
    print(search.name, search.query, search.saved_by)""",
    "save_search": f"""search = registry.save_search(
    "{_SEARCH["name"]}", "{_SEARCH["query"]}", sort="created", shared=True, alert=True
)
for model in registry.run_search(search):
    print(model.address)""",
    "show_search": f"{_FOUND}print(registry.get_search(search.id).query)",
    "update_search": f'{_FOUND}registry.update_search(search.id, {{"sort": "updated"}}, revision=search.revision)',
    "copy_search": f"{_FOUND}print(registry.copy_search(search.id).name)",
    "turn_alert_on": f"{_FOUND}print(registry.set_alert(search.id).alert_since)  # on=False turns it off",
    "take_down_search": """for search in registry.list_searches("shared"):
    if search.name == "Buy now":
        registry.take_down_search(search.id, reason="This is no search.")""",
    "allow_search": 'registry.allow_search("0199c2a4-7b1e-7c3d-9f20-5a6b7c8d9e0f")',
    "delete_search": f"{_FOUND}registry.delete_search(search.id)",
}
