# How new the tables are that dashboards show. The view in the warehouse looks at its clock each time it is asked.
view: dashboard_freshness {
  sql_table_name: data_quality.dashboard_freshness ;;

  dimension: table_name {
    primary_key: yes
    type: string
    sql: ${TABLE}.table_name ;;
  }

  dimension_group: last_updated {
    description: "When the newest row came, in UTC; none means that the table has no row."
    type: time
    timeframes: [raw, time, hour, date]
    convert_tz: yes
    sql: ${TABLE}.last_updated ;;
  }

  dimension_group: checked {
    type: time
    timeframes: [raw, time]
    sql: ${TABLE}.checked_at ;;
  }

  dimension_group: measured {
    description: "When sluice looked at the table last: a monitor that stopped shows here."
    type: time
    timeframes: [raw, time]
    sql: ${TABLE}.measured_at ;;
  }

  dimension: minutes_since_update {
    type: number
    value_format_name: decimal_0
    sql: ${TABLE}.minutes_since_update ;;
  }

  dimension: freshness_status {
    description: "FRESH, WARNING or STALE, by the limits and the calendar in checkpoints/_freshness.yml."
    type: string
    sql: ${TABLE}.freshness_status ;;
    html:
      {% if value == 'FRESH' %}
        <span style="color: #1a7f37">&#9679; Fresh</span>
      {% elsif value == 'WARNING' %}
        <span style="color: #9a6700">&#9650; Warning</span>
      {% else %}
        <span style="color: #cf222e">&#9632; Stale</span>
      {% endif %} ;;
  }

  measure: tables {
    type: count
    drill_fields: [table_name, last_updated_time, freshness_status]
  }

  measure: oldest_minutes {
    label: "Minutes since the oldest update"
    type: max
    value_format_name: decimal_0
    sql: ${minutes_since_update} ;;
  }

  measure: oldest_update {
    type: date_time
    sql: MIN(${last_updated_raw}) ;;
  }

  measure: worst_status {
    description: "Of all tables in question, how the oldest stands."
    type: string
    sql: CASE
      WHEN COUNT(*) = 0 OR MAX(CASE WHEN ${freshness_status} = 'STALE' THEN 1 ELSE 0 END) = 1 THEN 'STALE'
      WHEN MAX(CASE WHEN ${freshness_status} = 'WARNING' THEN 1 ELSE 0 END) = 1 THEN 'WARNING'
      ELSE 'FRESH' END ;;
    html:
      {% if value == 'FRESH' %}
        <span style="color: #1a7f37">&#9679; Last updated {{ oldest_update._rendered_value }}: fresh</span>
      {% elsif value == 'WARNING' %}
        <span style="color: #9a6700">&#9650; Last updated {{ oldest_update._rendered_value }}: warning</span>
      {% else %}
        <span style="color: #cf222e">&#9632; Last updated {{ oldest_update._rendered_value }}: stale</span>
      {% endif %} ;;
  }
}
