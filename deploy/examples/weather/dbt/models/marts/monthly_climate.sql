select
    month,
    count(*) as days,
    count(*) filter (where precipitation_mm > 0) as rainy_days,
    round(sum(precipitation_mm), 1) as precipitation_mm,
    round(avg(temperature_max), 1) as temperature_max_mean,
    round(avg(temperature_min), 1) as temperature_min_mean
from {{ ref('int_days_with_kind') }}
group by month
