"""Where it is told what dbt's runs took: dbt's artifacts, dbt Cloud, Snowflake's query history."""
