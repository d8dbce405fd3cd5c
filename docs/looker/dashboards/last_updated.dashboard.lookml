# The first element is for the top of every dashboard: copy it, and filter it to the tables that the dashboard reads.
- dashboard: last_updated
  title: How new is what we see
  layout: newspaper
  preferred_viewer: dashboards-next
  elements:
    - name: last_updated
      title: Last updated
      model: data_quality
      explore: dashboard_freshness
      type: single_value
      fields: [dashboard_freshness.worst_status, dashboard_freshness.oldest_update]
      filters:
        dashboard_freshness.table_name: dashboards.executive_summary
      hidden_fields: [dashboard_freshness.oldest_update]
      row: 0
      col: 0
      width: 24
      height: 2
    - name: tables
      title: Tables
      model: data_quality
      explore: dashboard_freshness
      type: looker_grid
      fields:
        - dashboard_freshness.table_name
        - dashboard_freshness.last_updated_time
        - dashboard_freshness.minutes_since_update
        - dashboard_freshness.freshness_status
      sorts: [dashboard_freshness.minutes_since_update desc]
      row: 2
      col: 0
      width: 12
      height: 8
    - name: slas
      title: SLAs
      model: data_quality
      explore: data_sla_metrics
      type: looker_grid
      fields:
        - data_sla_metrics.sla_name
        - data_sla_metrics.target_completion_time
        - data_sla_metrics.actual_completion_time
        - data_sla_metrics.sla_status
        - data_sla_metrics.minutes_late
      sorts: [data_sla_metrics.target_completion_time desc]
      limit: 50
      row: 2
      col: 12
      width: 12
      height: 8
