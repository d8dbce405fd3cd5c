"""The ledger's copy in the warehouse, for dashboards, dbt and whoever asks in SQL: schema ``data_quality``.

The ledger is the truth. Of gates the copy is at any moment as closed as the ledger, or more.
"""

from __future__ import annotations

from checkpoints.data_quality.copy import DataQuality, DataQualityError
from checkpoints.data_quality.no_copy import Closed, NoDataQuality
from checkpoints.data_quality.opening import data_quality_of, opened_data_quality

__all__ = ["Closed", "DataQuality", "DataQualityError", "NoDataQuality", "data_quality_of", "opened_data_quality"]
