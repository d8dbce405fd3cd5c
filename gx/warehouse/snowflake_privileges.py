"""The privileges that Snowflake has, so that a misspelt one is refused and not looked for in vain.

From Snowflake's reference of access control privileges. It makes new kinds of objects often: a kind that is not here,
or a CREATE of one, is refused only where it looks like one that is.
"""

from __future__ import annotations

from collections.abc import Collection
from difflib import get_close_matches

from gx.warehouse.grants import NeededGrant

_OWNERSHIP = "OWNERSHIP"  # of anything; there is no ALL, for what that grants is kept and shown one by one
_TABLE = ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "EVOLVE SCHEMA", "APPLYBUDGET")
_VIEW = ("SELECT", "REFERENCES")
_RUN = ("MONITOR", "OPERATE")
_ON = {
    "WAREHOUSE": ("USAGE", "OPERATE", "MONITOR", "MODIFY", "APPLYBUDGET"),
    "DATABASE": ("USAGE", "MONITOR", "MODIFY", "APPLYBUDGET", "IMPORTED PRIVILEGES", "REFERENCE_USAGE"),
    "SCHEMA": ("USAGE", "MONITOR", "MODIFY", "APPLYBUDGET", "ADD SEARCH OPTIMIZATION"),
    "TABLE": _TABLE,
    "EXTERNAL TABLE": ("SELECT", "REFERENCES"),
    "DYNAMIC TABLE": ("SELECT", "MONITOR", "OPERATE"),
    "VIEW": _VIEW,
    "MATERIALIZED VIEW": (*_VIEW, "APPLYBUDGET"),
    "STAGE": ("USAGE", "READ", "WRITE"),
    "FILE FORMAT": ("USAGE",),
    "FUNCTION": ("USAGE",),
    "PROCEDURE": ("USAGE",),
    "SEQUENCE": ("USAGE",),
    "STREAM": ("SELECT",),
    "TASK": (*_RUN, "APPLYBUDGET"),
    "PIPE": (*_RUN, "APPLYBUDGET"),
    "INTEGRATION": ("USAGE", "USE_ANY_ROLE"),
}
_OTHERS = ("ACCOUNT", "ROLE", "DATABASE ROLE", "USER", "SECRET", "TAG", "ALERT", "MODEL", "SHARE")
_MADE_IN = {
    "DATABASE": ("SCHEMA", "DATABASE ROLE"),
    "SCHEMA": (
        "TABLE", "TEMPORARY TABLE", "EXTERNAL TABLE", "DYNAMIC TABLE", "EVENT TABLE", "HYBRID TABLE", "ICEBERG TABLE",
        "VIEW", "MATERIALIZED VIEW", "SEMANTIC VIEW", "STAGE", "FILE FORMAT", "FUNCTION", "PROCEDURE", "SEQUENCE",
        "STREAM", "TASK", "PIPE", "SECRET", "TAG", "ALERT", "MODEL", "NOTEBOOK", "STREAMLIT", "SERVICE", "DATASET",
        "GIT REPOSITORY", "IMAGE REPOSITORY", "NETWORK RULE", "MASKING POLICY", "ROW ACCESS POLICY", "PASSWORD POLICY",
        "SESSION POLICY", "AGGREGATION POLICY", "PROJECTION POLICY",
    ),
}  # fmt: skip
_CREATE = "CREATE "


def misspelt(grant: NeededGrant) -> str | None:
    """Why there is no such privilege; None when there is, or may be."""
    kind = grant.kind.removeprefix("FUTURE ").removesuffix("S") if grant.of_schema else grant.kind
    if kind not in _ON:
        near = _near(kind, (*_ON, *_OTHERS)) if kind not in _OTHERS else ""
        return f"Snowflake has no kind of object {kind}{near}" if near else None
    created = [f"{_CREATE}{what}" for what in _MADE_IN.get(kind, ())]
    known = (*_ON[kind], _OWNERSHIP, *created)
    if grant.privilege in known:
        return None
    near = _near(grant.privilege, known)
    if not near and created and grant.privilege.startswith(_CREATE):
        return None
    return f"Snowflake has no privilege {grant.privilege} on {kind}{near}; it has {', '.join(known)}"


def _near(found: str, known: Collection[str]) -> str:
    near = get_close_matches(found, known, n=1, cutoff=0.75)
    return f" (did you mean {near[0]}?)" if near else ""
