select
    iata as code,
    name,
    city,
    state,
    latitude::double as latitude,
    longitude::double as longitude
from {{ source('raw', 'airports') }}
where country = 'USA'
