"""The monitor: what a person would notice too late, looked for every few minutes and told once."""
