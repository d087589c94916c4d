-- Airports within 100 km of the station at Seattle-Tacoma, by great-circle distance.
with station as (
    select radians(47.4489) as latitude, radians(-122.3094) as longitude
),

distances as (
    select
        airports.code,
        airports.name,
        airports.city,
        2 * 6371 * asin(sqrt(
            pow(sin((radians(airports.latitude) - station.latitude) / 2), 2)
            + cos(station.latitude) * cos(radians(airports.latitude))
            * pow(sin((radians(airports.longitude) - station.longitude) / 2), 2)
        )) as kilometres
    from {{ ref('stg_airports') }} as airports
    cross join station
)

select * from distances where kilometres <= 100
