"""Loads the weather and the airports that the package vega_datasets carries (no network needed) into DuckDB as they are."""

import importlib.resources
import os

import duckdb
from orchestra_sdk.orchestra import OrchestraSDK

from warehouse import database

TABLES = {"weather_days": "seattle-weather.csv", "airports": "airports.csv"}


def main() -> None:
    files = importlib.resources.files("vega_datasets").joinpath("_data")
    sdk = OrchestraSDK(api_key=os.environ.get("ORCHESTRA_API_KEY", ""))
    with duckdb.connect(str(database())) as connection:
        connection.execute("create schema if not exists raw")
        for table, name in TABLES.items():
            with importlib.resources.as_file(files.joinpath(name)) as path:
                # Everything as text: types are the staging models' business.
                connection.execute(
                    f"create or replace table raw.{table} as select * from read_csv(?, all_varchar = true)", [str(path)]
                )
            rows = connection.execute(f"select count(*) from raw.{table}").fetchone()[0]
            print(f"raw.{table}: {rows} rows from {name}")
            sdk.set_output(f"{table}_rows", rows)


if __name__ == "__main__":
    main()
