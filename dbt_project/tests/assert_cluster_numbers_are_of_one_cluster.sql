-- A number in place of a name (text_number): were it that of two accounts, they would count as one.
select {{ text_number('cluster_id') }} as cluster_number
from {{ ref('fct_nps_responses') }}
group by {{ text_number('cluster_id') }}
having min(cluster_id) <> max(cluster_id)
