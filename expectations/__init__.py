"""What must be true: suites, and the project's own expectations."""
