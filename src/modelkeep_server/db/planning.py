"""What PostgreSQL plans searches with: each for its own values, out of the indexes that they were written for."""

from sqlalchemy import text

#: Compiling a plan takes longer than running it, and remembering rows that are read once costs more than reading them.
_SETTINGS = {
    "plan_cache_mode": "force_custom_plan",
    "jit": "off",
    "enable_hashjoin": "off",
    "enable_memoize": "off",
    "enable_seqscan": "off",
    "random_page_cost": "1.1",
    "max_parallel_workers_per_gather": "0",
    # What an index finds among a million rows is remembered row by row: page by page, each row would be tested anew.
    "work_mem": "'32MB'",
}
#: Statements without values, one after the other: they go to the server in one message.
PLANNED = "; ".join(f"SET LOCAL {name} = {value}" for name, value in _SETTINGS.items())
AS_BEFORE = "; ".join(f"SET LOCAL {name} TO DEFAULT" for name in ("statement_timeout", *_SETTINGS))

#: For a transaction that fills tables: a plan that is kept from when they were empty would read them whole each time.
PLAN_EACH = text("SELECT set_config('plan_cache_mode', 'force_custom_plan', true)")
