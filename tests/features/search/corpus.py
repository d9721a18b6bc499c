"""
What queries find in the bank of `tests/support/bank.py`, thought out by hand: one line a query.

Clara asks, unless a row says otherwise. Names stand in the order in which they are found. Where nothing is said of the
sort, the catalogue chooses it: by relevance where there is text, else what changed last first.
"""

from dataclasses import dataclass

from tests.support.bank import read_table

_ALL = [row.book.name for row in read_table() if row.book.name != "insider-alert"]


@dataclass(frozen=True)
class Row:
    """A query, and the names that it finds, in order."""

    text: str
    names: str
    sort: str = ""


@dataclass(frozen=True)
class Mistake:
    """A query that cannot be read: where it goes wrong, in characters from 0, and what may have been meant."""

    text: str
    position: int
    suggestion: str | None


def _but(*left_out: str) -> str:
    """Everything that Clara sees, without these."""
    assert set(left_out) <= set(_ALL)
    return " ".join(name for name in _ALL if name not in left_out)


_FRAUD = "fraud fraud-detector fraud-detection-cnp anti-fraud-rules fraudster-graph claims-triage"
_FRAU = "fraud-detector fraud-detection-cnp fraudster-graph fraud anti-fraud-rules claims-triage"
_WILD_FRAUD = "fraud-detector fraud-detection-cnp fraud anti-fraud-rules fraudster-graph claims-triage"
_MODEL = (
    "model-of-models uplift-model sentiment-bert call-summarizer faq-search-jp spam-filter churn-predictor to-be-or-not"
)
_CHURN = "churn-predictor next-best-offer uplift-model"
_NLP = "sentiment-bert call-summarizer faq-search-jp spam-filter"
_PRODUCTION = (
    "fraud-detector churn-predictor sentiment-bert credit-scorer aml-transaction-monitor demand-forecaster "
    "esg-classifier"
)
_HIGH = (
    "fraud-detector credit-scorer fraud-detection-cnp cv-parser aml-transaction-monitor mortgage-default image-kyc "
    "voice-id salary-estimator whistleblower-router"
)
_LIVE = (
    "fraud-detector churn-predictor sentiment-bert credit-scorer claims-triage aml-transaction-monitor "
    "demand-forecaster loan-pricing esg-classifier transformer-monitor voice-id collections-prioritizer zinsmodell"
)
_STAGING = "fraud-detection-cnp faq-search-jp customer-lifetime-value robo-advisor branch-footfall whistleblower-router"
_DRAFT = "churn-predictor cv-parser defect-spotter fraudster-graph call-summarizer uplift-model"
_BARE = "risk-appetite-bot anti-fraud-rules model-of-models price-elasticity to-be-or-not x86-benchmark"
_MINE = "churn-predictor customer-lifetime-value whistleblower-router to-be-or-not x86-benchmark"
_SCIKIT = "churn-predictor credit-scorer name-matcher customer-lifetime-value spam-filter fraud salary-estimator"
_IN_2024 = "sentiment-bert cv-parser defect-spotter fraudster-graph call-summarizer risk-appetite-bot image-kyc"
_RISK_GROUP = "credit-scorer risk-appetite-bot mortgage-default loan-pricing collections-prioritizer"

#: The guide's examples, and its operators, verbatim.
GUIDE = (
    Row("tag:nlp AND tag:production", "sentiment-bert esg-classifier"),
    Row("riskTier:HIGH AND owner:risk-team@company.com", "fraud-detector fraud-detection-cnp aml-transaction-monitor"),
    Row(
        'fraud OR "fraud detection"',
        "fraud-detector fraud-detection-cnp fraud anti-fraud-rules fraudster-graph claims-triage",
    ),
    Row("-tag:experimental", _but("defect-spotter", "fraudster-graph", "call-summarizer")),
    Row('"exact phrase"', ""),
    Row("-unwanted-term", _but()),
    Row("model*", _MODEL),
    Row("tag:production", _PRODUCTION),
    Row("owner:user@company.com", ""),
    Row("created:[2024-01-01 TO 2024-06-30]", _IN_2024),
    Row("updated:>2024-06-15", "fraud-detector churn-predictor"),
)
WORDS = (
    Row("", _but()),
    Row("   ", _but()),
    Row("fraud", _FRAUD),
    Row("FRAUD", _FRAUD),
    Row("frau", _FRAU),
    Row('"fraud"', _FRAUD),
    Row('"frau"', ""),
    Row('"fraud detection"', "fraud-detection-cnp claims-triage"),
    Row('"fraud detect"', ""),
    Row('"detection of fraud"', "anti-fraud-rules"),
    Row("fraud-detect", "fraud-detector fraud-detection-cnp claims-triage"),
    Row("fraud-detection", "fraud-detection-cnp claims-triage"),
    Row("fraud_detection", "fraud-detection-cnp claims-triage"),
    Row("fraud detection", "fraud-detection-cnp claims-triage anti-fraud-rules"),
    Row("detection fraud", "fraud-detection-cnp claims-triage anti-fraud-rules"),
    Row("detect", "fraud-detector fraud-detection-cnp claims-triage anti-fraud-rules"),
    Row("credit", "credit-scorer loan-pricing collections-prioritizer risk-appetite-bot mortgage-default"),
    Row("customer churn", "churn-predictor next-best-offer"),
    Row('"customer churn"', "churn-predictor"),
    Row("churn", _CHURN),
    Row("bert", "sentiment-bert"),
    Row("graph", "fraudster-graph aml-transaction-monitor"),
    Row("price", "price-elasticity loan-pricing"),
    Row("pricing", "loan-pricing price-elasticity"),
    Row("monitor", "aml-transaction-monitor transformer-monitor"),
    Row("transformer", "transformer-monitor"),
    Row("operations", "transformer-monitor voice-id model-of-models branch-footfall"),
    Row("forecast", "liquidity-forecast demand-forecaster branch-footfall"),
    Row("card", "fraud-detector fraud-detection-cnp defect-spotter"),
    Row('"cards"', "defect-spotter"),
    Row("50 ms", "fraud-detector"),
    Row("40,000", "sentiment-bert"),
    Row("x86", "x86-benchmark"),
    Row('"http://example.com/path"', "x86-benchmark"),
    Row('"c++"', "x86-benchmark robo-advisor"),
    Row("fraud and claims", ""),
    Row("fraud not claims", ""),
    Row("to be or not", "to-be-or-not"),
    Row('"to be or not"', "to-be-or-not"),
    Row('"and, or, not"', "to-be-or-not"),
    Row("nlp production", "sentiment-bert esg-classifier"),
    Row('"nlp production"', ""),
)
FOLDING = (
    Row("naive", "cv-parser spam-filter"),
    Row("naïve", "cv-parser spam-filter"),
    Row("NAI\u0308VE", "cv-parser spam-filter"),
    Row("naïve bayes", "spam-filter"),
    Row("resume", "cv-parser"),
    Row("ＲＥＳＵＭＥ", "cv-parser"),
    Row("strasse", "zinsmodell"),
    Row("Straße", "zinsmodell"),
    Row("grosse", "zinsmodell"),
    Row("uberschusse", "zinsmodell"),
    Row("muller", "name-matcher"),
    Row("lukasz", "name-matcher"),
    Row("σισυφος", "name-matcher"),
    Row("ΣΊΣΥΦΟΣ", "name-matcher"),
    Row("алена", "name-matcher"),
    Row("銀行", "faq-search-jp"),
    Row("検索", "faq-search-jp"),
    Row("索検", ""),
    Row("日本", "faq-search-jp"),
    Row("モデル", "faq-search-jp"),
    Row("ﾓﾃﾞﾙ", "faq-search-jp"),
    Row("🤖", "risk-appetite-bot"),
    Row("tag:日本語", "faq-search-jp"),
    Row("tag:日本", ""),
    Row("tag:C++", "x86-benchmark"),
    Row("tag:c", ""),
)
WILDCARDS = (
    Row("*aud", _WILD_FRAUD),
    Row("fr?ud", _WILD_FRAUD),
    Row("fr*d", _WILD_FRAUD),
    Row("fr*", _FRAU),
    Row("*aud-det*", "fraud-detector fraud-detection-cnp claims-triage"),
    Row("*forecast*", "demand-forecaster liquidity-forecast branch-footfall"),
    Row("*modell*", "zinsmodell"),
    Row("m?del", "model-of-models uplift-model churn-predictor to-be-or-not"),
    Row("x8?", "x86-benchmark"),
    Row("MODEL*", _MODEL),
    Row("model", _MODEL),
    Row("name:*tion-cnp", "fraud-detection-cnp"),
    Row("name:*bert", "sentiment-bert"),
    Row("tag:prod*", _PRODUCTION),
    Row("tag:*auD", "fraud-detector fraud-detection-cnp"),
    Row("group:*-risk", _RISK_GROUP),
    Row("group:nlp*", _NLP),
    Row("owner:risk-team*", "fraud-detector fraud-detection-cnp aml-transaction-monitor fraud"),
    Row("modelType:*detection", "defect-spotter aml-transaction-monitor image-kyc transformer-monitor"),
    Row("version:0.1*", "cv-parser fraudster-graph salary-estimator"),
    Row("-tag:*", "model-of-models"),
    Row("-framework:*", _BARE),
    Row('tag:"prod*"', ""),
)
FIELDS = (
    Row("name:fraud", "fraud fraud-detector fraud-detection-cnp anti-fraud-rules fraudster-graph"),
    Row('name:"fraud"', "fraud fraud-detector fraud-detection-cnp anti-fraud-rules"),
    Row("name:fraud-detector", "fraud-detector"),
    Row("NAME:Detector", "fraud-detector"),
    Row("title:bert", "sentiment-bert"),
    Row("description:fraud", "claims-triage fraudster-graph anti-fraud-rules"),
    Row("desc:churn", _CHURN),
    Row('description:"customer churn"', "churn-predictor"),
    Row("group:nlp-models", _NLP),
    Row("Group:NLP-Models", _NLP),
    Row("group:nlp", ""),
    Row("group:marketing_lab", "price-elasticity uplift-model"),
    Row('namespace:"fraud"', "fraud-detector fraud-detection-cnp fraudster-graph fraud"),
    Row("tag:prod", ""),
    Row("tag:CHURN", _CHURN),
    Row("tags:churn", _CHURN),
    Row("tag:nlp -tag:production",
        "cv-parser name-matcher call-summarizer faq-search-jp spam-filter whistleblower-router"),
    Row(
        "tag:(nlp OR cv)",
        "sentiment-bert cv-parser defect-spotter name-matcher call-summarizer faq-search-jp image-kyc spam-filter "
        "esg-classifier ocr-cheques whistleblower-router",
    ),
    Row("owner:RISK-TEAM@company.com", "fraud-detector fraud-detection-cnp aml-transaction-monitor fraud"),
    Row("owner:clara@company.com", "whistleblower-router to-be-or-not x86-benchmark"),
    Row("email:wealth@company.com", "robo-advisor esg-classifier"),
    Row("is:mine", _MINE),
    Row("owner:me", _MINE),
    Row("-is:mine riskTier:HIGH is:live", "fraud-detector credit-scorer aml-transaction-monitor voice-id"),
    Row("riskTier:HIGH", _HIGH),
    Row("risktier:high", _HIGH),
    Row("tier:High", _HIGH),
    Row("riskTier:>=MEDIUM tag:credit", "credit-scorer mortgage-default loan-pricing collections-prioritizer"),
    Row("riskTier:>MEDIUM tag:credit", "credit-scorer mortgage-default"),
    Row("riskTier:<HIGH tag:credit", "loan-pricing collections-prioritizer"),
    Row("riskTier:<=LOW tag:cv", "defect-spotter ocr-cheques"),
    Row("riskTier:(HIGH OR LOW) tag:cv", "defect-spotter image-kyc ocr-cheques"),
    Row("state:PRODUCTION", _LIVE),
    Row("is:live", _LIVE),
    Row("status:production tag:nlp", "sentiment-bert esg-classifier"),
    Row("stage:staging", _STAGING),
    Row("newest:staging", _STAGING),
    Row("state:approved-prod", "name-matcher"),
    Row("state:APPROVED_PROD", "name-matcher"),
    Row("state:changes_requested", "next-best-offer"),
    Row("state:draft", _DRAFT),
    Row("newest:draft", _DRAFT),
    Row("newest:production tag:production",
        "fraud-detector sentiment-bert aml-transaction-monitor demand-forecaster esg-classifier"),
    Row("state:deprecated", "fraud-detector liquidity-forecast ocr-cheques"),
    Row("newest:deprecated", "liquidity-forecast ocr-cheques"),
    Row("state:retired", "churn-predictor spam-filter fraud"),
    Row("is:retired", "spam-filter fraud"),
    Row("-is:active", "spam-filter fraud"),
    Row("status:ACTIVE tag:legacy", ""),
    Row("status:retired", "spam-filter fraud"),
    Row("is:restricted", "whistleblower-router"),
    Row("is:external", "cv-parser robo-advisor"),
    Row("has:card", "fraud-detector sentiment-bert"),
    Row("has:files", "cv-parser defect-spotter"),
    Row("has:version tag:llm", "call-summarizer"),
    Row("-has:version", _BARE),
    Row("framework:pytorch",
        "aml-transaction-monitor defect-spotter fraud-detection-cnp sentiment-bert voice-id robo-advisor", "name"),
    Row("library:Prophet", "demand-forecaster liquidity-forecast transformer-monitor branch-footfall"),
    Row("framework:scikit-learn", _SCIKIT),
    Row("modelType:classification tag:fraud", "fraud-detector fraud-detection-cnp"),
    Row("type:ocr", "ocr-cheques"),
    Row("task:embedding", "faq-search-jp voice-id"),
    Row("license:apache-2.0", "fraud-detector churn-predictor credit-scorer ocr-cheques"),
    Row("licence:MIT", "sentiment-bert cv-parser"),
    Row("version:1.2.0", "fraud-detector"),
    Row("version:1.1.0-rc.1", "customer-lifetime-value"),
    Row("version:1.2", ""),
)  # fmt: skip
DATES = (
    Row("created:2024", _IN_2024),
    Row("created:2024-02", "cv-parser image-kyc"),
    Row("created:2024-02-29", "cv-parser"),
    Row("created:[2024-01-01 TO 2024-03-31]", "sentiment-bert cv-parser defect-spotter image-kyc"),
    Row("created:{2024-01-10 TO 2024-03-05}", "cv-parser image-kyc"),
    Row("created:[2024-01-10 TO 2024-03-05}", "sentiment-bert cv-parser image-kyc"),
    Row("created:{2024-01-10 TO 2024-03-05]", "cv-parser defect-spotter image-kyc"),
    Row("created:>2024-04-01", "fraudster-graph call-summarizer"),
    Row("created:>=2024-04-01", "fraudster-graph call-summarizer risk-appetite-bot"),
    Row("created:<2022-06-01", "spam-filter fraud"),
    Row("created:<=2022-06-01", "credit-scorer spam-filter fraud"),
    Row("created:[* TO 2022-12-31]", "credit-scorer demand-forecaster spam-filter fraud"),
    Row("created:[2024-04-01 TO *]", "fraudster-graph call-summarizer risk-appetite-bot"),
    Row("created:2022-12-31", "demand-forecaster"),
    Row("created:2023-01-01T09:30:00Z", "liquidity-forecast"),
    Row("created:2023-01-01T09:30:01Z", ""),
    Row("created:<2023-01-01T09:30:00Z created:>=2022-12-31", "demand-forecaster"),
    Row("updated:>=2024-06-15", "fraud-detector churn-predictor sentiment-bert"),
    Row("updated:2024-02-29", "spam-filter"),
    Row("modified:2024-02", "spam-filter fraud"),
    Row("updated:2023-12", "esg-classifier transformer-monitor"),
    Row("updated:>now-7d", ""),
    Row("updated:<today tag:kyc", "image-kyc"),
    Row("created:yesterday", ""),
    Row("-created:>=2022-03-01", "spam-filter fraud"),
)
JOINED = (
    Row("fraud -graph", "fraud fraud-detector fraud-detection-cnp anti-fraud-rules claims-triage"),
    Row("fraud NOT claims", "fraud fraud-detector fraud-detection-cnp anti-fraud-rules fraudster-graph"),
    Row("fraud AND NOT claims", "fraud fraud-detector fraud-detection-cnp anti-fraud-rules fraudster-graph"),
    Row("+fraud !graph", "fraud fraud-detector fraud-detection-cnp anti-fraud-rules claims-triage"),
    Row("tag:kyc OR tag:ocr AND tag:nope", "image-kyc"),
    Row("tag:nope AND tag:ocr OR tag:kyc", "image-kyc"),
    Row("(tag:kyc OR tag:ocr) AND riskTier:LOW", "ocr-cheques"),
    Row("tag:kyc OR tag:ocr riskTier:LOW", "image-kyc ocr-cheques"),
    Row("tag:ocr || tag:kyc && riskTier:LOW", "ocr-cheques"),
    Row("NOT tag:nlp AND group:nlp-models", ""),
    Row("-(tag:nlp OR tag:production) group:credit-risk",
        "risk-appetite-bot mortgage-default loan-pricing collections-prioritizer"),
    Row("NOT (riskTier:LOW OR riskTier:MEDIUM) group:hr", "cv-parser salary-estimator"),
    Row("-(-tag:kyc)", "image-kyc"),
    Row("NOT NOT tag:kyc", "image-kyc"),
    Row("((tag:kyc))", "image-kyc"),
    Row("fraud (claims OR rules)", "anti-fraud-rules claims-triage"),
    Row("tag:legacy OR voice", "voice-id spam-filter fraud"),
    Row("topic:kyc", "image-kyc"),
    Row("author:vision@company.com tag:kyc", "image-kyc"),
    Row("owner:@me -tag:toy pushed:2024-06", "churn-predictor"),
    Row("fraud/fraud-detector", "fraud-detector"),
    Row("Fraud/FRAUD-detec*", "fraud-detector fraud-detection-cnp"),
    Row("fraud/detector OR hr/cv", "fraud-detector cv-parser"),
    Row("-fraud/fraud group:fraud", ""),
    Row("fraud/* -fraud/fraud-detec", "fraudster-graph fraud"),
    Row("fraud/churn-predictor", ""),
    Row("hr/churn", ""),
    Row("-fraud -credit riskTier:HIGH", "cv-parser aml-transaction-monitor image-kyc voice-id salary-estimator "
        "whistleblower-router"),
)  # fmt: skip
SORTED = (
    Row("fraud", "fraud-detector fraud-detection-cnp claims-triage fraudster-graph fraud anti-fraud-rules", "updated"),
    Row("fraud", "fraudster-graph claims-triage anti-fraud-rules fraud-detection-cnp fraud-detector fraud", "created"),
    Row("fraud", "anti-fraud-rules fraud fraud-detection-cnp fraud-detector fraudster-graph claims-triage", "name"),
    Row("fraud", _FRAUD, "relevance"),
    Row("tag:fraud", "fraud-detector fraud-detection-cnp", "relevance"),
    Row("tag:production", "aml-transaction-monitor credit-scorer churn-predictor fraud-detector sentiment-bert "
        "demand-forecaster esg-classifier", "name"),
    Row("tag:production", "sentiment-bert churn-predictor esg-classifier aml-transaction-monitor fraud-detector "
        "demand-forecaster credit-scorer", "created"),
)  # fmt: skip

ROWS = (*GUIDE, *WORDS, *FOLDING, *WILDCARDS, *FIELDS, *DATES, *JOINED, *SORTED)

#: What cannot be read.
MISTAKES = (
    Mistake('"fraud', 0, '"fraud"'),
    Mistake('fraud "churn', 6, 'fraud "churn"'),
    Mistake("(fraud", 0, "(fraud)"),
    Mistake("(fraud OR churn", 0, "(fraud OR churn)"),
    Mistake("fraud)", 5, "fraud"),
    Mistake("fraud AND", 6, "fraud"),
    Mistake("OR fraud", 0, "fraud"),
    Mistake("fraud OR OR churn", 6, "fraud OR churn"),
    Mistake("fraud NOT", 6, "fraud"),
    Mistake("ownr:me", 0, "owner:me"),
    Mistake("riskTeir:HIGH", 0, "riskTier:HIGH"),
    Mistake("riskTier:HIHG", 9, "riskTier:HIGH"),
    Mistake("fraud state:PRODUCTON", 12, "fraud state:PRODUCTION"),
    Mistake("is:minee", 3, "is:mine"),
    Mistake("has:cards", 4, "has:card"),
    Mistake("http://x", 0, '"http://x"'),
    Mistake("created:2024-02-30", 8, "created:2024-02-29"),
    Mistake("created:2024-13", 8, "created:2024-12"),
    Mistake("/fraud/", 0, "fraud"),
    Mistake("fraud~2", 5, "fraud"),
    Mistake("fraud^3", 5, "fraud"),
    Mistake("*", 0, None),
    Mistake("f*", 0, "f"),
    Mistake("?a", 0, "a"),
    Mistake("%", 0, None),
    Mistake('"%"', 0, None),
    Mistake("AND", 0, None),
    Mistake("NOT", 0, None),
    Mistake("fraud -", 6, "fraud"),
    Mistake("()", 0, None),
    Mistake('""', 0, None),
    Mistake("fraud tag:", 6, "fraud tag:production"),
    Mistake("colour:red", 0, '"colour:red"'),
    Mistake("riskTier=HIGH", 0, "riskTier:HIGH"),
    Mistake("state:prod", 6, "state:PRODUCTION"),
    Mistake("state:>DRAFT", 0, "state:DRAFT"),
    Mistake("created:2024-1-5", 8, "created:2024-01-05"),
    Mistake("created:[2024-06-30 TO 2024-01-01]", 0, "created:[2024-01-01 TO 2024-06-30]"),
    Mistake("created:[2024-01-01", 8, "created:[2024-01-01 TO *]"),
    Mistake("(" * 21 + "fraud" + ")" * 21, 20, "(fraud)"),
    Mistake("word " * 33, 160, None),
    Mistake("a" * 1001, 1000, None),
    Mistake("(" * 1000 + "a" + ")" * 1000, 1000, None),
)
