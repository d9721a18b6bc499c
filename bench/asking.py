"""What is asked of the catalogue: kinds of query, each with many different words, in the order of the report."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice, product

from bench.catalogue import COMMON, DOMAINS, GROUP_NAMES, HALFWAY, KINDS, OWNER_NAMES, RARE_NAMES, REGIONS, TAG_NAMES

#: What an address asks for, by the names of its parameters.
Asked = Mapping[str, str]

DEEP = "deep page"
_DIFFERENT = 40


@dataclass(frozen=True)
class Kind:
    """A kind of query. Where it `goes_deep`, pages far down are asked for and not the first."""

    name: str
    asked: Sequence[Asked]
    goes_deep: bool = False


def list_kinds() -> list[Kind]:
    """Every kind that is measured."""
    kinds = [
        Kind("newest page", [{}]),
        _kind("common term", COMMON, sort="updated"),
        _kind("common term, relevance", [*COMMON, *(f"{one} {other}" for one, other in product(COMMON, COMMON))]),
        _kind("mid term, relevance", HALFWAY),
        _kind("rare term", RARE_NAMES),
        _kind("two words", (f"{domain} {region}" for domain, region in product(DOMAINS, REGIONS))),
        _kind("phrase", (f'"{domain} {kind}"' for domain, kind in product(DOMAINS, KINDS))),
        _kind("prefix", (f"{word[:4]}*" for word in [*DOMAINS, *KINDS])),
        _kind("one letter", "abcdefghijklmnopqrstuvw"),
        _kind("infix", (f"*{domain[-3:]}-{kind[:3]}*" for domain, kind in product(DOMAINS[:10], KINDS[:4]))),
        _kind("infix of many words", (f"*{letters}*" for letters in ("an", "or", "io", "tr", "ea", "qu", "fl"))),
        _kind("infix of none", (f"*zq{letter}x*" for letter in "abcdefgh")),
        _kind("tag and tag", (f"tag:{one} tag:{other}" for one, other in product(TAG_NAMES[:6], TAG_NAMES[3:60:7]))),
        _kind("negative only", [f"-tag:{tag}" for tag in TAG_NAMES[:12]] + [f"-{word}" for word in [*COMMON, *KINDS]]),
        _kind("owner and tier", (f"owner:{owner} riskTier:HIGH" for owner in OWNER_NAMES[:400:10])),
        _kind("group, state, framework", (
            f"group:{group} state:PRODUCTION framework:pytorch" for group in GROUP_NAMES[:40]
        )),
        _kind("mine", ["is:mine", "owner:me -is:retired"]),
        _kind("term in a date range", (
            f"{word} created:[{year}-01-01 TO {year}-03-31]" for year in (2024, 2025, 2026) for word in COMMON | HALFWAY
        )),
        _kind("date range, long ago", (f"created:2024-{month:02}" for month in range(1, 13)), sort="updated"),
        _kind("or of three", (
            f"{one} OR {other} OR tag:{tag}" for one, other, tag in zip(DOMAINS, RARE_NAMES, TAG_NAMES, strict=False)
        )),
        _kind("few of many", (f"{word} -data -trained -weekly" for word in ["model", *DOMAINS[:20]])),
        _kind("by name", (*COMMON, *DOMAINS[:20]), sort="name"),
    ]  # fmt: skip
    first = [{}, {"q": "model", "sort": "updated"}, {"q": "model"}, {"q": "fraud"}, {"q": "-tag:detector"}]
    return [*kinds, Kind(DEEP, first, goes_deep=True)]


def _kind(name: str, queries: Iterator[str] | Sequence[str] | Mapping[str, float], *, sort: str = "") -> Kind:
    sorted_by = {"sort": sort} if sort else {}
    return Kind(name, [{"q": query, **sorted_by} for query in islice(queries, _DIFFERENT)])
