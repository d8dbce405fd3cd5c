"""Did it hold, and what follows: checkpoints, verdicts, the ledger and the gate."""
