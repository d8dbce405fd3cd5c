-- The status is filtered after deduplication: the document filters first, and so would bring back the
-- `succeeded` copy of a charge that has failed since.
with charges as (
    {{ deduplicate(
        without_quarantined(source('raw_stripe', 'charges'), ['id']), 'id',
        tie_break=['amount', 'status', 'customer_id', 'currency', 'created']
    ) }}
)

select
    id as charge_id,
    customer_id,
    {{ dollars('amount') }} as amount_dollars,
    currency,
    status,
    created as created_at,
    _fivetran_synced
from charges
where status = 'succeeded'
