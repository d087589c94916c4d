select
    days.*,
    kinds.label as kind_label,
    kinds.is_wet,
    date_trunc('month', days.day)::date as month
from {{ ref('stg_weather_days') }} as days
left join {{ ref('weather_kinds') }} as kinds using (kind)
