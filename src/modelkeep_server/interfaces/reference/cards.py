"""The examples of model cards, in the story of samples.py."""

from collections.abc import Mapping
from typing import Any

_VERSION = "customer-analytics/customer-churn-predictor:1.2.0"
_ITEM: Mapping[str, Any] = {
    "id": "primary-uses",
    "label": "Primary uses",
    "kind": "TEXT",
    "counts": True,
    "value": "Weekly retention lists; people decide.",
    "more": 0,
    "source": "Version 1.2.0",
    "sources": [],
    "provideAt": None,
}
_NOTE = {
    "author": "priya@company.com",
    "name": "Priya Raman",
    "at": "2026-01-31T09:00:00Z",
    "markdown": "Not for **prices** or credit limits.",
}
_CHANGES = {
    "items": [{"section": "intended-use", "id": "primary-uses", "label": "Primary uses", "before": None,
               "now": {key: value for key, value in _ITEM.items() if value not in (None, [], 0)}}],
    "added": [{"section": "intended-use", "annotation": _NOTE}],
    "removed": [],
    "ofOtherContent": False,
}  # fmt: skip

#: What a field holds in one shape.
STORY_OF: Mapping[str, Mapping[str, Any]] = {
    "CardOut": {
        "$schema": "urn:modelkeep:model-card:1",
        "revision": 1,
        "status": "PUBLISHED",
        "coverage": 0.8718,
        "summary": "Predicts which customers leave within 90 days.",
        "state": "STAGING",
        "edition": 3,
        "contentDigest": "sha256:1c7e2a09b4d85f63a1e0f7d2c9b83a465e7d10f2c4a69b8357d1e0fa42c6b917",
        "changedFacts": None,
        "ofOtherContent": None,
        "digest": "sha256:9f2c4be1d07a3f5586e1b0c24d9a7735f0e8c6b1a2d34958671f0ec3ba9d2274",
        "sections": [{"id": "intended-use", "title": "Intended Use", "items": [_ITEM], "annotations": [_NOTE]}],
    },
    "AnnotationIn": {"markdown": _NOTE["markdown"]},
    "CardRevisionOut": {"revision": 1, "status": "PUBLISHED", "coverage": 0.8718},
    "CardChangesOut": _CHANGES,
}

#: What a query asks in an example.
QUERIES: Mapping[str, Mapping[str, str]] = {"compare_cards": {"before": "1", "now": "1"}}

#: By the route's name.
PYTHON: Mapping[str, str] = {
    "generate_card": f'''card = registry.generate_card("{_VERSION}")
print(f"{{card.coverage:.0%}}", [item.label for item in card.missing])''',
    "show_card": f'''card = registry.get_card("{_VERSION}")
print(card.revision, card.status, card.digest)''',
    "annotate_card": f'''registry.annotate_card(
    "{_VERSION}", "intended-use", "Not for **prices** or credit limits."
)''',
    "publish_card": f'''card = registry.generate_card("{_VERSION}")
published = registry.publish_card("{_VERSION}", edition=card.edition)
print(published.revision, published.digest)''',
    "discard_card_draft": f'''draft = registry.generate_card("{_VERSION}")
registry.discard_card_draft("{_VERSION}", edition=draft.edition)''',
    "list_card_revisions": f'''for card in registry.list_card_revisions("{_VERSION}"):
    print(card.revision, card.status, card.published_at)''',
    "compare_cards": f'''for change in registry.compare_cards("{_VERSION}", 1, 1).items:
    print(change.label, change.before, change.now)''',
    "show_card_changes": f'''for change in registry.get_card_changes("{_VERSION}").items:
    print(change.label, change.before, change.now)''',
}
