"""When, and in which order: Prefect flows, sources, the dbt project and the command line."""
