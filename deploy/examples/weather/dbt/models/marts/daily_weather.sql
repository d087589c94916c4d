select
    day,
    month,
    kind_label,
    is_wet,
    precipitation_mm,
    temperature_max,
    temperature_min,
    avg(temperature_max) over (order by day rows between 6 preceding and current row) as temperature_max_week
from {{ ref('int_days_with_kind') }}
