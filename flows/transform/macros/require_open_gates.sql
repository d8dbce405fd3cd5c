{#
  Stops a dbt run, whoever started it, before anything is built, unless the gates of all it would build are open.

  Copy this file into any dbt project whose gates sluice keeps, and add to its dbt_project.yml

      on-run-start: ["{{ sluice_require_open_gates() }}"]
      vars: {sluice_loads: [staging, marts]}

  `sluice_loads` are the loads that this project builds: a model, seed or snapshot belongs to the load whose name is
  one of its tags. What has none of these tags is behind nobody's gate; the log names it. Where tags do not tell,
  `sluice_load: marts` says that all of a run belongs to this load, or to these. `sluice_schema` is where the warehouse
  keeps the gates (data_quality), `sluice_database` in which database (the target's).

  What cannot be looked up is closed: no view, no row for a load, no permission. The error comes while the hook is
  compiled, so that dbt ends there; a hook that fails as it runs would not stop it. Commands that build nothing
  (compile, test, docs) may go on.
#}
{% macro sluice_require_open_gates() -%}
    {%- if execute and flags.WHICH not in ['compile', 'test', 'generate', 'list', 'show', 'parse', 'freshness'] -%}
        {%- set loads = sluice_loads_of_run() -%}
        {%- if loads -%}
            {%- set gates = sluice_gates() -%}
            {%- set problems = [] -%}
            {%- for load in loads if not (load in gates and gates[load].is_open) -%}
                {%- set why = gates[load].reasons if load in gates else 'nobody has decided about it' -%}
                {%- do problems.append('the gate of ' ~ load ~ ' is closed: ' ~ why) -%}
            {%- endfor -%}
            {%- if problems -%}
                {%- do exceptions.raise_compiler_error(
                    problems | join('; ') ~ '. Nothing was built; `sluice gate check` tells more'
                ) -%}
            {%- endif -%}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}

{# The loads that the selected resources belong to. #}
{% macro sluice_loads_of_run() -%}
    {%- set named = var('sluice_load', none) -%}
    {%- if named is not none -%}
        {{ return([named] if named is string else named) }}
    {%- endif -%}
    {%- set known = var('sluice_loads', none) -%}
    {%- if known is none or known is string -%}
        {%- do exceptions.raise_compiler_error(
            'sluice_require_open_gates does not know which loads there are: list them under `vars: {sluice_loads: [...]}`'
            ~ ' in dbt_project.yml. Nothing was built'
        ) -%}
    {%- endif -%}
    {%- set found = [] -%}
    {%- set free = [] -%}
    {%- for unique_id in selected_resources if unique_id.split('.')[0] in ['model', 'seed', 'snapshot'] -%}
        {%- set tags = graph.nodes[unique_id].tags if unique_id in graph.nodes else [] -%}
        {%- set its = known | select('in', tags) | list -%}
        {%- do found.extend(its) -%}
        {%- if not its -%}
            {%- do free.append(unique_id.split('.')[-1]) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- if known and free -%}
        {%- do log('behind no gate of sluice: ' ~ free | join(', '), info=true) -%}
    {%- endif -%}
    {{ return(found | unique | list) }}
{%- endmacro %}

{# What the warehouse says of each gate, by its load. #}
{% macro sluice_gates() -%}
    {%- set schema = var('sluice_schema', 'data_quality') -%}
    {%- set there = adapter.get_relation(
        database=var('sluice_database', target.database), schema=schema, identifier='gate_open'
    ) -%}
    {%- if there is none -%}
        {%- do exceptions.raise_compiler_error(
            'all gates are closed: there is no view ' ~ schema ~ '.gate_open, or it may not be seen. Nothing was built'
        ) -%}
    {%- endif -%}
    {%- set gates = {} -%}
    {%- for row in run_query('select load, is_open, reasons from ' ~ there) -%}
        {#- Two rows of one load: closed, if one of them is. -#}
        {%- set before = gates.get(row[0]) -%}
        {%- if before is none or before.is_open -%}
            {%- do gates.update({row[0]: {'is_open': row[1] is sameas true, 'reasons': row[2]}}) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(gates) }}
{%- endmacro %}
