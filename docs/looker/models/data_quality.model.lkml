# The connection is yours: name it as Looker's administration does.
connection: "warehouse"

include: "/views/*.view.lkml"
include: "/dashboards/*.dashboard.lookml"

# The view asks the warehouse's clock: an answer of a minute ago is the oldest that may be shown.
datagroup: freshness_now {
  max_cache_age: "1 minute"
}

explore: dashboard_freshness {
  label: "Freshness"
  persist_with: freshness_now
}

explore: data_sla_metrics {
  label: "SLAs"
  persist_with: freshness_now
}
