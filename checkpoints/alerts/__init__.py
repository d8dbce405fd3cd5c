"""Alerts: what is wrong (problem), what a person is told (message), how it looks and travels (formats, transports)."""
