"""Real servers that stand in for a team's own sources, so that everything runs without an account."""
