"""All rules there are."""

from __future__ import annotations

from flows.sql_review.rules.correlated import CORRELATED
from flows.sql_review.rules.cross_join import CROSS_JOIN
from flows.sql_review.rules.filter_function import FILTER_FUNCTION
from flows.sql_review.rules.full_refresh import FULL_REFRESH
from flows.sql_review.rules.incremental import CLUSTER_BY, INCREMENTAL_FILTER, UNIQUE_KEY
from flows.sql_review.rules.not_in import NOT_IN
from flows.sql_review.rules.star import STAR

RULES = (
    CORRELATED, CROSS_JOIN, FULL_REFRESH, UNIQUE_KEY, INCREMENTAL_FILTER, CLUSTER_BY, STAR, FILTER_FUNCTION, NOT_IN,
)  # fmt: skip
