select
    strptime(date, '%Y/%m/%d')::date as day,
    precipitation::double as precipitation_mm,
    temp_max::double as temperature_max,
    temp_min::double as temperature_min,
    wind::double as wind_speed,
    weather as kind
from {{ source('raw', 'weather_days') }}
