"""
A bank's forty models, to search by hand: who reads the table can say what a query finds.

The model that changed last stands first, so that "newest change first" is the order of the table. Clara asks: she is in
the team `customer-analytics@company.com`, is named as an owner of one model, and registered two. One restricted model
is nobody's but compliance's, so that she does not see it.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time

import httpx2

from modelkeep_server.features.cards import service as cards
from modelkeep_server.features.identity.teams import service as teams
from modelkeep_server.features.promotion.ending import retiring
from modelkeep_server.features.promotion.findings import tier_raises
from modelkeep_server.kit import clock
from modelkeep_server.rules.permissions import Role
from tests.support.door import Door, the_loop
from tests.support.registries import BASE_URL, Registry
from tests.support.safetensors import make_safetensors
from tests.support.search_worlds import Visitor, World, add_release, complete, register, visit
from tests.support.slow_search import Book, Reader, Release

CLARA, REGISTRAR, MIA = "clara@company.com", "registrar@company.com", "mia@company.com"
TEAM = "customer-analytics@company.com"
#: When models were registered, and changed, on their days.
MORNING, EVENING = time(9, 30, tzinfo=UTC), time(18, tzinfo=UTC)

# group/name | changed | registered | tier, marks | tags | owners | versions | description
# A version is NUMBER STATE FRAMEWORK TYPE [LICENSE]; one with `!` before it was closed.
_TABLE = """
fraud/fraud-detector | 2024-06-28 | 2023-02-01 | HIGH | fraud production xgboost | risk-team | 1.0.0 DEPRECATED xgboost classification; 1.2.0 PRODUCTION xgboost classification Apache-2.0 | Scores card payments within 50 ms and stops the suspicious ones.
customer-analytics/churn-predictor | 2024-06-20 | 2023-09-01 | MEDIUM | churn xgboost production | customer-analytics | 1.0.0 RETIRED scikit-learn regression; 2.0.0 PRODUCTION xgboost classification Apache-2.0; 2.1.0 DRAFT xgboost classification | XGBoost model to predict customer churn probability based on usage patterns.
nlp-models/sentiment-bert | 2024-06-15 | 2024-01-10 | LOW | nlp production bert | nlp | 1.0.0 PRODUCTION pytorch text-classification MIT | Reads the mood of messages; fine-tuned on 40,000 of them.
credit-risk/credit-scorer | 2024-06-10 | 2022-06-01 | HIGH | credit production scorecard | credit | 3.0.0 PRODUCTION scikit-learn classification Apache-2.0; 3.1.0 SUBMITTED scikit-learn classification Apache-2.0 | Scorecard for consumer loans. Explainable, reviewed every year.
fraud/fraud-detection-cnp | 2024-06-01 | 2023-05-12 | HIGH | fraud cnp | risk-team | 2.0.0 STAGING pytorch classification | Card not present: payments over the web.
hr/cv-parser | 2024-05-28 | 2024-02-29 | HIGH VENDOR | nlp hr | hr | 0.1.0 DRAFT spacy ner MIT | Parses the résumé of an applicant; naïve about layout.
computer-vision/defect-spotter | 2024-05-20 | 2024-03-05 | LOW | cv experimental | vision | 0.2.0 DRAFT pytorch detection | Spots scratches on cards in pictures.
insurance/claims-triage | 2024-05-15 | 2023-11-11 | MEDIUM | claims | insurance | 1.0.0 PRODUCTION lightgbm classification | Sorts claims by urgency; a fraud-detection step comes first.
aml/aml-transaction-monitor | 2024-05-10 | 2023-03-03 | HIGH | aml production graph | aml-team risk-team | 5.0.0 PRODUCTION pytorch anomaly-detection | Follows money laundering patterns through accounts.
aml/name-matcher | 2024-05-05 | 2023-03-04 | MEDIUM | aml nlp | aml-team | 1.0.0 APPROVED_PROD scikit-learn matching | Matches names with sanction lists: Łukasz, Müller, Σίσυφος, Алёна.
fraud/fraudster-graph | 2024-05-01 | 2024-04-02 | MEDIUM | graph experimental | graph-lab | 0.1.0 DRAFT pytorch-geometric link-prediction | Finds rings of fraudsters among accounts.
nlp-models/call-summarizer | 2024-04-25 | 2024-04-20 | LOW | nlp experimental llm | nlp | 0.3.0 DRAFT transformers summarization | Summarises calls of the hotline. Experimental.
treasury/demand-forecaster | 2024-04-20 | 2022-12-31 | LOW | forecasting production | treasury | 1.4.0 PRODUCTION prophet forecasting | How much cash each machine needs tomorrow.
treasury/liquidity-forecast | 2024-04-10 | 2023-01-01 | MEDIUM | forecasting | treasury | 1.0.0 DEPRECATED prophet forecasting | Liquidity of the next 30 days, by currency.
nlp-models/faq-search-jp | 2024-04-05 | 2023-10-10 | LOW | nlp 日本語 | nlp | 1.0.0 STAGING sentence-transformers embedding | よくある質問を検索するモデル。銀行の顧客向け。
credit-risk/risk-appetite-bot | 2024-04-01 | 2024-04-01 | LOW | llm chat | credit | | Answers questions on risk appetite 🤖 for staff.
credit-risk/mortgage-default | 2024-03-31 | 2023-12-31 | HIGH | credit basel | credit | 1.0.0 SUBMITTED lightgbm classification | Probability of default over the life of a mortgage (PD, IFRS 9).
customer-analytics/customer-lifetime-value | 2024-03-15 | 2023-06-15 | LOW | clv | customer-analytics | 1.0.0 STAGING scikit-learn regression; !1.1.0-rc.1 DRAFT scikit-learn regression | What somebody will bring over the years.
customer-analytics/next-best-offer | 2024-03-10 | 2023-07-01 | MEDIUM | recommendation churn | marketing | 2.0.0 CHANGES_REQUESTED tensorflow ranking | Which offer keeps somebody who may churn.
computer-vision/image-kyc | 2024-03-01 | 2024-02-01 | HIGH | cv kyc | vision | 1.0.0 APPROVED_STAGING tensorflow detection | Checks passports and selfies.
nlp-models/spam-filter | 2024-02-29 | 2022-02-28 | LOW RETIRED | nlp legacy | nlp | 4.0.0 RETIRED scikit-learn classification | Naive Bayes against spam.
fraud/fraud | 2024-02-01 | 2022-01-15 | MEDIUM RETIRED | legacy | risk-team | 0.9.0 RETIRED scikit-learn classification | The first of its kind, kept for comparison.
aml/anti-fraud-rules | 2024-01-31 | 2023-08-08 | LOW | rules | aml-team | | Rules of analysts. Detection of fraud in real time is left to others.
credit-risk/loan-pricing | 2024-01-15 | 2023-04-01 | MEDIUM | credit pricing | credit | 1.0.0 PRODUCTION xgboost regression Proprietary | Prices of loans, by risk.
wealth/robo-advisor | 2024-01-01 | 2023-04-02 | MEDIUM VENDOR | wealth | wealth | 2.3.1 STAGING pytorch reinforcement | Portfolios for everybody, with a C++ core.
wealth/esg-classifier | 2023-12-31 | 2023-04-03 | LOW | nlp esg production | wealth nlp | 1.0.0 PRODUCTION transformers text-classification | Finds greenwashing in reports.
operations/transformer-monitor | 2023-12-01 | 2023-04-04 | LOW | iot | ops | 1.0.0 PRODUCTION prophet anomaly-detection | Temperature of transformers in the data centre.
operations/model-of-models | 2023-11-30 | 2023-04-05 | LOW | | ops | | Predicts which model drifts next.
operations/voice-id | 2023-11-01 | 2023-04-06 | HIGH | voice biometrics | security | 1.0.0 PRODUCTION pytorch embedding | Knows callers by their voice.
computer-vision/ocr-cheques | 2023-10-20 | 2023-04-07 | LOW | cv ocr | vision | 7.0.0 DEPRECATED tesseract ocr Apache-2.0 | Reads cheques: £, € and $.
hr/salary-estimator | 2023-10-01 | 2023-04-08 | HIGH | hr | hr | !0.1.0 DRAFT scikit-learn regression | Estimates salaries. Stopped by the works council.
credit-risk/collections-prioritizer | 2023-09-30 | 2023-04-09 | MEDIUM | credit collections | collections | 1.0.0 PRODUCTION lightgbm ranking | Whom to call first about arrears.
operations/branch-footfall | 2023-09-01 | 2023-04-10 | LOW | forecasting geo | ops | 1.0.0 STAGING prophet forecasting | Visitors of branches per hour.
compliance/insider-alert | 2023-08-20 | 2023-04-11 | HIGH RESTRICTED | surveillance | compliance | 1.0.0 PRODUCTION isolation-forest anomaly-detection | Unusual orders before announcements.
compliance/whistleblower-router | 2023-08-10 | 2023-04-12 | HIGH RESTRICTED | nlp | clara | 1.0.0 STAGING spacy text-classification | Routes reports to whom they concern.
Marketing_Lab/price-elasticity | 2023-07-01 | 2023-04-13 | LOW | pricing | marketing | | How demand moves with price.
Marketing_Lab/uplift-model | 2023-06-30 | 2023-04-14 | LOW | Churn uplift | marketing | 1.0.0 DRAFT causalml uplift | Who stays because of a letter? A churn model of causes.
treasury/zinsmodell | 2023-05-31 | 2023-04-15 | MEDIUM | zins | treasury | 1.0.0 PRODUCTION quantlib simulation | Zinsstruktur und Größe der Überschüsse, für die Straße.
sandbox/to-be-or-not | 2023-05-20 | 2023-04-16 | LOW CLARA | toy | clara | | Not a model; a test of words such as and, or, not.
sandbox/x86-benchmark | 2023-05-10 | 2023-04-17 | LOW CLARA | toy c++ | clara | | Measures http://example.com/path?x=1 and user@host.example.
"""  # noqa: E501
#: What has a published card, and what has a file.
CARDED = ("fraud/fraud-detector", "nlp-models/sentiment-bert")
FILED = ("hr/cv-parser", "computer-vision/defect-spotter")


@dataclass(frozen=True)
class _Row:
    book: Book
    registered: datetime
    changed: datetime


def read_table() -> tuple[_Row, ...]:
    """The models of the table, from the top."""
    return tuple(_read_row(line) for line in _TABLE.strip().splitlines())


def _read_row(line: str) -> _Row:
    address, changed, registered, marks, tags, owners, releases, description = (
        part.strip() for part in line.split("|")
    )
    tier, *others = marks.split()
    group, name = address.split("/")
    days = [datetime.fromisoformat(day).date() for day in (registered, changed)]
    registered_at, changed_at = datetime.combine(days[0], MORNING), datetime.combine(days[1], EVENING)
    book = Book(
        group=group, name=name, description=description, tier=tier, tags=tuple(tags.split()),
        owners=tuple(f"{owner}@company.com" for owner in owners.split()),
        registrar=CLARA if "CLARA" in others else REGISTRAR,
        releases=tuple(_read_releases(address, releases)),
        created=clock.to_us(registered_at), updated=clock.to_us(changed_at),
        origin="VENDOR" if "VENDOR" in others else "INTERNAL", status="RETIRED" if "RETIRED" in others else "ACTIVE",
        visibility="RESTRICTED" if "RESTRICTED" in others else "INTERNAL",
    )  # fmt: skip
    return _Row(book, registered_at, changed_at)


def _read_releases(address: str, told: str) -> Iterator[Release]:
    for one in filter(None, (part.strip() for part in told.split(";"))):
        number, state, framework, model_type, *license_ = one.lstrip("!").split()
        yield Release(
            number, state, framework, model_type, *license_, is_closed=one.startswith("!"),
            has_card=address in CARDED, has_files=address in FILED,
        )  # fmt: skip


def found_bank(registry: Registry) -> World:
    """The bank's models in an empty registry, made by its acts on their days."""
    visitors = _make_visitors(registry)
    rows = sorted(read_table(), key=lambda row: row.registered)
    books = [replace(row.book, place=place) for place, row in enumerate(rows)]
    for row in rows:
        with registry.writing(now=row.registered) as work:
            register(work, visitors[row.book.registrar].actor, row.book)
    for row in sorted(rows, key=lambda row: row.changed):
        _change(registry, visitors, row)
    for book in books:
        actor = visitors[book.registrar]
        for release in book.releases:
            place = (book.group, book.name, release.version)
            if release.has_files:
                _send_file(registry, actor.token, "/".join(place[:2]), release.version)
            if release.has_card:
                with registry.writing() as work:
                    cards.generate_card(work, actor.actor, *place)
                with registry.writing() as work:
                    cards.publish_card(work, actor.actor, *place, expected=None)
    return World(registry, tuple(complete(registry, visitors[MIA].actor, books)), visitors)


def _change(registry: Registry, visitors: dict[str, Visitor], row: _Row) -> None:
    """What happened to a model last: its versions, its end, or a word more."""
    book, actor = row.book, visitors[row.book.registrar].actor
    with registry.writing(now=row.changed) as work:
        for release in book.releases:
            add_release(work, actor, book, release)
        if book.status == "RETIRED":
            retiring.retire_model(work, visitors[MIA].actor, book.group, book.name, reason="It had its day.")
        elif not book.releases:
            told = {"documentation_url": "https://company.example/models"}
            tier_raises.update_model(work, actor, book.group, book.name, told, expected=None)


def _send_file(registry: Registry, token: str, model: str, version: str) -> None:
    at = f"/api/v1/models/{model}/versions/{version}/artifacts/model.safetensors"
    with httpx2.Client(base_url=BASE_URL, transport=Door(registry.app, the_loop())) as client:
        headers = {"authorization": f"Bearer {token}"}
        sent = client.put(at, params={"type": "WEIGHTS"}, content=make_safetensors(), headers=headers)
    assert sent.status_code == 201, sent.text


def _make_visitors(registry: Registry) -> dict[str, Visitor]:
    roles = {CLARA: (Role.MODEL_OWNER,), REGISTRAR: (Role.MODEL_OWNER,), MIA: (Role.MRC, Role.ADMIN)}
    made = {email: visit(registry, email, held) for email, held in roles.items()}
    with registry.writing() as work:
        teams.create_team(work, made[MIA].actor, teams.NewTeam("Customer analytics", TEAM, [CLARA]))
    made[CLARA] = replace(visit(registry, CLARA, roles[CLARA]), reader=Reader((CLARA, TEAM)))
    made[MIA] = replace(made[MIA], reader=Reader((MIA,), sees_all=True))
    return made
