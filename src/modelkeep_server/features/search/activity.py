"""The reads of `features/activity` that pages of models and versions take by this name."""

from modelkeep_server.features.activity.queries import list_activity_of_model, list_activity_of_version

__all__ = ["list_activity_of_model", "list_activity_of_version"]
