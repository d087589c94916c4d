"""Where the example keeps its DuckDB file: WEATHER_DATA, or `.data` beside this file."""

import os
import pathlib


def database() -> pathlib.Path:
    folder = pathlib.Path(os.environ.get("WEATHER_DATA") or pathlib.Path(__file__).parent / ".data")
    folder.mkdir(parents=True, exist_ok=True)
    return folder / "weather.duckdb"
