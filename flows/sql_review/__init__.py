"""Reviews SQL before it is merged: what made the second incident's model run for 8 hours, found in its text.

Inputs (:mod:`~flows.sql_review.inputs`), rules (:mod:`~flows.sql_review.rules`) and what is said of them
(:mod:`~flows.sql_review.reporting`) are apart. sqlglot reads the SQL; what it makes of a text is looked at, shown to a
person, and never run.
"""
