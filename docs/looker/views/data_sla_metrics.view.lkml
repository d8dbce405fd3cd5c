# By when all was to be done, and when it was: one row for each SLA and day that was due.
view: data_sla_metrics {
  sql_table_name: data_quality.data_sla_metrics ;;

  dimension: id {
    primary_key: yes
    hidden: yes
    type: string
    sql: CONCAT(${sla_name}, ' ', ${target_completion_time}) ;;
  }

  dimension: sla_name {
    type: string
    sql: ${TABLE}.sla_name ;;
  }

  dimension: target_completion_time {
    description: "The day, the time that was promised, and whose clock shows it."
    type: string
    sql: ${TABLE}.target_completion_time ;;
  }

  dimension_group: actual_completion {
    description: "In UTC; none while it is not done, or where it never was."
    type: time
    timeframes: [raw, time, date]
    sql: ${TABLE}.actual_completion_time ;;
  }

  dimension_group: measured {
    type: time
    timeframes: [raw, time, date, week]
    sql: ${TABLE}.measured_at ;;
  }

  dimension: sla_status {
    description: "MET, WARNING or BREACHED."
    type: string
    sql: ${TABLE}.sla_status ;;
    html:
      {% if value == 'MET' %}
        <span style="color: #1a7f37">&#9679; Met</span>
      {% elsif value == 'WARNING' %}
        <span style="color: #9a6700">&#9650; Warning</span>
      {% else %}
        <span style="color: #cf222e">&#9632; Breached</span>
      {% endif %} ;;
  }

  dimension: outcome {
    description: "done; not done yet; never done, because the next day began without it."
    type: string
    sql:
      CASE
        WHEN ${TABLE}.actual_completion_time IS NOT NULL THEN 'done'
        WHEN ${TABLE}.measured_at < (SELECT MAX(measured_at) FROM data_quality.data_sla_metrics) THEN 'never done'
        ELSE 'not done yet'
      END ;;
  }

  dimension: minutes_late {
    description: "Until it was done; so far, while it is not; until the next day began, where it never was."
    type: number
    value_format_name: decimal_0
    sql: ${TABLE}.minutes_late ;;
  }

  measure: days {
    type: count
  }

  measure: days_met {
    type: count
    filters: [sla_status: "MET"]
  }

  measure: share_met {
    type: number
    value_format_name: percent_1
    sql: 1.0 * ${days_met} / NULLIF(${days}, 0) ;;
  }

  measure: most_minutes_late {
    type: max
    value_format_name: decimal_0
    sql: ${minutes_late} ;;
  }
}
