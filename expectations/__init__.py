"""What must be true: suites, and the project's own expectations."""

import gx  # noqa: F401 - before great_expectations: it says what of it can wait
