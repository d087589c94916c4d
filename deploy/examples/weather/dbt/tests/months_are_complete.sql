-- Every month has all its days.
select * from {{ ref('monthly_climate') }} where days <> day(last_day(month))
