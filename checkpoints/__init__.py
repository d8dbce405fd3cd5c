"""Did it hold, and what follows: checkpoints, verdicts, the ledger and the gate."""

import gx  # noqa: F401 - before great_expectations: it says what of it can wait
