"""
The client of a Modelkeep registry, for training jobs and terminals: HTTP only, few dependencies.

    from modelkeep.client import Client

    registry = Client()  # MODELKEEP_URL and MODELKEEP_TOKEN, else what `modelkeep login` stored
    registry.download("customer-analytics/customer-churn-predictor:1.2.0", "models")

Nothing is imported here, so that `python -m modelkeep.verify_audit` runs on the standard library alone.
"""
