{#
  Builds audited schemas beside the ones that readers use: `marts` in `marts_audit`, which `sluice publish` puts in their
  place once its checkpoint let it.

  Copy this file into any dbt project whose loads sluice audits, and add to its dbt_project.yml

      on-run-start: ["{{ sluice_start_build() }}"]
      vars: {audited_schemas: [intermediate, marts]}

  and, where it has no macro of this name yet, a file with

      {% macro generate_schema_name(custom_schema_name, node) -%}
          {{ sluice_schema(default__generate_schema_name(custom_schema_name, node)) }}
      {%- endmacro %}

  `audited_schemas` are those of all audited loads in checkpoints/_loads.yml, named as readers know them. dbt builds nothing
  there unless `sluice build begin` came before; with the ingest in the environment variable SLUICE_DBT_INGEST_ID, unless
  that was for this ingest.
#}

{# The schema in which is built what readers find in this one. #}
{% macro sluice_schema(schema) -%}
    {%- set name = schema | trim -%}
    {{ name }}{{ '_audit' if name in var('audited_schemas', []) else '' }}
{%- endmacro %}

{# The schema in which readers find what is built in this one. #}
{% macro sluice_readers_schema(schema) -%}
    {{ return(schema[:-6] if schema[-6:] == '_audit' and schema[:-6] in var('audited_schemas', []) else schema) }}
{%- endmacro %}

{#
  A model reads the audit build of what this very run builds, and of every other model what was published: an audit
  build that nobody let through, or that is being replaced, is no input for the next layer.
#}
{% macro ref() -%}
    {%- set relation = builtins.ref(*varargs, **kwargs) -%}
    {%- if not execute or not relation.schema -%}
        {%- do return(relation) -%}
    {%- endif -%}
    {%- set readers = sluice_readers_schema(relation.schema) -%}
    {%- for node in sluice_built() if node.schema == relation.schema and node.alias == relation.identifier -%}
        {%- do return(relation) -%}
    {%- endfor -%}
    {%- if readers != relation.schema -%}
        {%- set relation = relation.replace_path(schema=readers) -%}
    {%- endif -%}
    {%- if refuse_quarantined is defined -%}  {# quarantine.sql, where the project has that too #}
        {%- do refuse_quarantined(relation) -%}
    {%- endif -%}
    {%- do return(relation) -%}
{%- endmacro %}

{# What this run builds. #}
{% macro sluice_built() -%}
    {%- set nodes = [] -%}
    {%- for unique_id in selected_resources if unique_id.split('.')[0] in ['model', 'seed', 'snapshot'] -%}
        {%- if unique_id in graph.nodes -%}
            {%- do nodes.append(graph.nodes[unique_id]) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(nodes) }}
{%- endmacro %}

{# At the start of a run: refuse it unless a build was begun, and let its incremental models go on from what is published. #}
{% macro sluice_start_build() -%}
    {%- if execute and flags.WHICH not in ['compile', 'test', 'generate', 'list', 'show', 'parse', 'freshness'] -%}
        {%- set nodes = [] -%}
        {%- for node in sluice_built() if sluice_readers_schema(node.schema) != node.schema -%}
            {%- do nodes.append(node) -%}
        {%- endfor -%}
        {%- for schema in nodes | map(attribute='schema') | unique -%}
            {%- do sluice_require_begun((nodes | selectattr('schema', 'equalto', schema) | first).database, schema) -%}
        {%- endfor -%}
        {%- for node in nodes if sluice_goes_on(node) -%}
            {%- do sluice_copy_published(node) -%}
        {%- endfor -%}
    {%- endif -%}
{%- endmacro %}

{# Whether dbt adds to the table that it finds, instead of making it anew. #}
{% macro sluice_goes_on(node) -%}
    {%- set refresh = flags.FULL_REFRESH if node.config.full_refresh is none else node.config.full_refresh -%}
    {%- set kind = node.config.materialized -%}
    {{ return(kind == 'snapshot' or (kind == 'incremental' and not refresh)) }}
{%- endmacro %}

{# The error comes while the hook is compiled, so that dbt ends there; a hook that fails as it runs would not stop it. #}
{% macro sluice_require_begun(database, schema) -%}
    {%- set mark = adapter.get_relation(database, schema, 'sluice_begun') -%}
    {%- set begun = run_query('select ingest_id from ' ~ mark).columns[0].values() | list if mark else [] -%}
    {%- set ingest_id = env_var('SLUICE_DBT_INGEST_ID', '') -%}
    {%- if not begun or ingest_id not in ['', begun[0]] -%}
        {%- do exceptions.raise_compiler_error(
            'no build in ' ~ schema ~ ' was begun' ~ (' for ingest ' ~ ingest_id if ingest_id else '')
            ~ (', the last one was for ' ~ begun[0] if begun else '')
            ~ ': run `sluice build begin` for its load before dbt. Nothing was built'
        ) -%}
    {%- endif -%}
{%- endmacro %}

{#
  What is built upon goes on from what is published, never from a build that was refused. The copy is put in dbt's
  cache, which by now has looked at the schemas, or the model would be built from scratch; before it is made, because
  dbt builds on after a hook that failed: then the model finds no table, and fails too.
#}
{% macro sluice_copy_published(node) -%}
    {%- set built = api.Relation.create(
        database=node.database, schema=node.schema, identifier=node.alias, type='table'
    ) -%}
    {%- set readers = sluice_readers_schema(node.schema) -%}
    {%- if adapter.get_relation(node.database, readers, node.alias) -%}
        {%- do adapter.cache_added(built) -%}
        {%- call statement('copy', auto_begin=true) -%}
            {{ adapter.dispatch('sluice_copy_table')(built.replace_path(schema=readers), built) }}
        {%- endcall -%}
        {%- do adapter.commit() -%}
    {%- endif -%}
{%- endmacro %}

{% macro default__sluice_copy_table(relation, target) -%}
    drop table if exists {{ target }} cascade;
    create table {{ target }} as select * from {{ relation }};
{% endmacro %}

{% macro snowflake__sluice_copy_table(relation, target) -%}
    create or replace table {{ target }} clone {{ relation }};
{% endmacro %}
