"""Reads the marts and hands the most telling numbers to the pipeline as outputs."""

import os

import duckdb
from orchestra_sdk.orchestra import OrchestraSDK

from warehouse import database


def main() -> None:
    with duckdb.connect(str(database()), read_only=True) as connection:
        hottest_day, max_temp = connection.execute(
            "select day, temperature_max from marts.daily_weather order by temperature_max desc, day limit 1"
        ).fetchone()
        rainy_days = connection.execute("select sum(rainy_days) from marts.monthly_climate").fetchone()[0]
        driest = connection.execute(
            "select month from marts.monthly_climate order by precipitation_mm, month limit 1"
        ).fetchone()[0]
        airport, kilometres = connection.execute(
            "select name, kilometres from marts.airports_nearby order by kilometres limit 1"
        ).fetchone()
    outputs = {
        "hottest_day": str(hottest_day),
        "max_temp": float(max_temp),
        "rainy_days": int(rainy_days),
        "driest_month": str(driest),
        "nearest_airport": airport,
    }
    sdk = OrchestraSDK(api_key=os.environ.get("ORCHESTRA_API_KEY", ""))
    for name, value in outputs.items():
        print(f"{name}: {value}")
        sdk.set_output(name, value)
    print(f"{airport} is {kilometres:.1f} km from the station")


if __name__ == "__main__":
    main()
