{#
  A model reads the audit build of what this very run builds, and of every other layer what was published: an
  audit build that nobody let through, or that is being replaced, is no input for the next layer.
#}
{% macro ref() -%}
    {%- set relation = builtins.ref(*varargs, **kwargs) -%}
    {%- if execute and relation.schema and (model.package_name ~ '.' ~ relation.identifier) not in models_of_run() -%}
        {%- set relation = published(relation) -%}
        {%- do refuse_quarantined(relation) -%}
        {%- do return(relation) -%}
    {%- endif -%}
    {%- do return(relation) -%}
{%- endmacro %}

{# `package.name` of each model that this run builds. #}
{% macro models_of_run() -%}
    {%- set names = [] -%}
    {%- for unique_id in selected_resources if unique_id.startswith('model.') -%}
        {%- do names.append(unique_id[6:]) -%}
    {%- endfor -%}
    {{ return(names) }}
{%- endmacro %}

{# Where readers find what is built as this relation. #}
{% macro published(relation) -%}
    {%- for schema in var('audited_schemas') if relation.schema == schema ~ '_audit' -%}
        {{ return(relation.replace_path(schema=schema)) }}
    {%- endfor -%}
    {{ return(relation) }}
{%- endmacro %}

{#
  At the start of a run: its incremental models go on from what is published, never from a build that was refused.
  The copy is put in dbt's cache, which by now has looked at the schemas, or the model would be built from scratch;
  before it is made, because dbt builds on after a hook that failed: then the model finds no table, and fails too.
#}
{% macro copy_published_incrementals() -%}
    {%- if execute and not flags.FULL_REFRESH -%}
        {%- for unique_id in selected_resources if unique_id in graph.nodes -%}
            {%- set node = graph.nodes[unique_id] -%}
            {%- if node.config.materialized == 'incremental' -%}
                {%- set built = api.Relation.create(
                    database=node.database, schema=node.schema, identifier=node.alias, type='table'
                ) -%}
                {%- set readers = published(built) -%}
                {%- if readers.schema != built.schema
                        and adapter.get_relation(readers.database, readers.schema, readers.identifier) -%}
                    {%- do adapter.cache_added(built) -%}
                    {%- call statement('copy', auto_begin=true) -%}
                        {{ adapter.dispatch('copy_table', 'sluice_reference')(readers, built) }}
                    {%- endcall -%}
                    {%- do adapter.commit() -%}
                {%- endif -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endif -%}
{%- endmacro %}

{% macro default__copy_table(relation, target) -%}
    drop table if exists {{ target }} cascade;
    create table {{ target }} as select * from {{ relation }};
{% endmacro %}

{% macro snowflake__copy_table(relation, target) -%}
    create or replace table {{ target }} clone {{ relation }};
{% endmacro %}
