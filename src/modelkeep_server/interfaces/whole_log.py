"""The steps of `log_in_steps` that the API takes by this name."""

from modelkeep_server.interfaces.log_in_steps import begin_export, prove_event, runs_of, verify_whole_log

__all__ = ["begin_export", "prove_event", "runs_of", "verify_whole_log"]
