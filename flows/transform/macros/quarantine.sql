{#
  A relation without the rows that its checkpoint quarantined, where its suite has them left out. Until there is a
  quarantine it is the relation itself.

  relation: source(...) or ref(...); whatever reads a table with rows to be left out has to read it so, or is refused
  keys:     the columns that the suite has in `keys:`, written as in SQL

  Read in a `from`. The ingest is the one that sluice loads; without one (dbt started by hand) the last that was checked.
#}
{% macro without_quarantined(relation, keys) -%}
    {%- set quarantine = quarantine_of(relation) if execute -%}
    {%- if not quarantine -%}
        {{ return(relation) }}
    {%- endif -%}
    (
        select * from {{ relation }} as kept
        where not exists (
            select 1 from {{ quarantine }} as quarantined
            where {{ is_left_out() }}
            {%- for key in keys %} and quarantined.{{ key }} = kept.{{ key }}{% endfor %}
        )
    ) as kept
{%- endmacro %}

{# The table of the rows of a relation that failed; none if there is none, or dbt may not look. #}
{% macro quarantine_of(relation) -%}
    {%- if not flags.INTROSPECT and flags.WHICH == 'compile' -%}
        {{ return(none) }}
    {%- endif -%}
    {%- set place = [relation.schema, relation.identifier] -%}
    {%- if relation.database | lower != target.database | lower -%}
        {%- set place = [relation.database] + place -%}
    {%- endif -%}
    {%- set name = quarantine_name(place, exact=(target.type == 'postgres')) | trim -%}
    {{ return(adapter.get_relation(target.database, 'data_quality', name)) }}
{%- endmacro %}

{# Its name, as gx/warehouse/quarantine.py makes it. #}
{% macro quarantine_name(place, exact) -%}
    {%- set parts = place if exact else place | map('lower') | list -%}
    {%- set name = 'quarantine_' ~ parts | join('__') -%}
    {%- set quoted, odd = [], [] -%}
    {%- for part in parts -%}
        {%- do quoted.append('"' ~ part | replace('"', '""') ~ '"') -%}
        {%- do odd.append(part) if not modules.re.fullmatch('[a-z0-9]+(_[a-z0-9]+)*', part) -%}
    {%- endfor -%}
    {%- if not odd and name | length <= 63 -%}
        {{ name }}
    {%- else -%}
        {%- set told = modules.re.sub('[^a-z0-9]+', '_', parts | join('_') | lower)[:33] -%}
        quarantine_{{ told }}___{{ local_md5(quoted | join('.'))[:16] }}
    {%- endif -%}
{%- endmacro %}

{# A row of a quarantine is to be left out of this load. #}
{% macro is_left_out() -%}
    {%- set ingest_id = env_var('SLUICE_DBT_INGEST_ID', '') -%}
    left_out and {% if ingest_id -%}
        ingest_id = {{ dbt.string_literal(dbt.escape_single_quotes(ingest_id)) }}
    {%- else -%}
        of_last_check
    {%- endif %}
{%- endmacro %}

{#
  A model that would read rows which its gate opened only to leave out. Asked of every table that a model reads.
#}
{% macro refuse_quarantined(relation) -%}
    {%- if execute and 'macro.' ~ project_name ~ '.without_quarantined' not in model.depends_on.macros -%}
        {%- set quarantine = quarantine_of(relation) -%}
        {%- if quarantine -%}
            {%- set found = run_query('select count(*) from ' ~ quarantine ~ ' where ' ~ is_left_out()) -%}
            {%- if found.rows[0][0] -%}
                {%- do exceptions.raise_compiler_error(
                    model.name ~ ' reads ' ~ relation ~ ', of which ' ~ quarantine ~ ' says that rows are to be left out'
                    ~ ' of this load; read it as without_quarantined(...), or take `leave_out` from its suite'
                ) -%}
            {%- endif -%}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}

{% macro source() -%}
    {%- set relation = builtins.source(*varargs, **kwargs) -%}
    {%- do refuse_quarantined(relation) -%}
    {%- do return(relation) -%}
{%- endmacro %}
