-- A day's lowest temperature is never above its highest.
select * from {{ ref('stg_weather_days') }} where temperature_min > temperature_max
