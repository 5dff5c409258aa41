select *
from {{ ref('row_reconciliation') }}
where n_raw <> n_superseded + n_deleted + n_quarantined + n_accepted
