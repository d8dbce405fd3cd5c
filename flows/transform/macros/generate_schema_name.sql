{#
  Schema names are the layers' names as they stand: dbt would prefix them with the target's schema. A layer that
  is audited is built beside the one that readers use, which `sluice` replaces once the layer's checkpoint let it.
#}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {%- set schema = (custom_schema_name or target.schema) | trim -%}
    {{ schema }}{{ '_audit' if schema in var('audited_schemas') else '' }}
{%- endmacro %}
