"""Where the data is and where results go: settings, warehouses, the GX context, Data Docs.

Whatever imports great_expectations imports this package first (`expectations` and `checkpoints` see to it), so this is
the one place that can say how. It must stay light itself.
"""

from __future__ import annotations

from gx.deferred_imports import defer

# What great_expectations imports, and for what; few checks come to use any of it. Not boto3: Snowflake's connector
# imports it to have parts of botocore imported.
defer(
    {
        "altair": "a plot, in stock Data Docs of the Kullback-Leibler divergence",
        "jsonschema": "values that match a JSON schema; altair",
        "mistune": "Markdown, in stock Data Docs",
        "scipy.stats": "the Kullback-Leibler divergence and the Kolmogorov-Smirnov tests",
    }
)
