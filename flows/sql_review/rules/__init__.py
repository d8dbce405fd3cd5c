"""The rules, one module each. Few that are right: each new one is run over other people's projects first."""
