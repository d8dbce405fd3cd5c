{# Schema names are the layers' names as they stand: dbt would prefix them with the target's schema. #}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ sluice_schema((custom_schema_name or target.schema) | trim) }}
{%- endmacro %}
