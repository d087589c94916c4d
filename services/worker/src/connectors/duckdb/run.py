"""Runs one text of SQL in DuckDB and prints its last result as JSON. The text is a file, so nothing is put into code.

Arguments: the file, the database (empty: in memory), how many rows and how many bytes of JSON become outputs.
"""

import json
import math
import sys

import duckdb

text, database, rows_max, bytes_max = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])


def value(cell):
    """As JSON has it, or as text. What JSON has no number for is text, too."""
    if isinstance(cell, float) and not math.isfinite(cell):
        return str(cell)
    if cell is None or isinstance(cell, (bool, int, float, str)):
        return cell
    if isinstance(cell, (list, tuple)):
        return [value(item) for item in cell]
    if isinstance(cell, dict):
        return {str(name): value(item) for name, item in cell.items()}
    if isinstance(cell, bytes):
        return "\\x" + cell.hex()
    return str(cell)


try:
    connection = duckdb.connect(database or ":memory:")
    with open(text, encoding="utf-8") as file:
        statements = file.read()
    result = connection.execute(statements)
    columns = [column[0] for column in result.description or []]
    rows, size, seen = [], 0, 0
    while portion := result.fetchmany(1000) if columns else []:
        for row in portion:
            seen += 1
            cells = [value(cell) for cell in row]
            size += len(json.dumps(cells)) + 1
            if seen == len(rows) + 1 and len(rows) < rows_max and size <= bytes_max:
                rows.append(cells)
    connection.close()
except duckdb.Error as error:
    print(error, file=sys.stderr)
    sys.exit(1)
# `Count` is DuckDB's name for the number of rows that a statement wrote.
affected = rows[0][0] if columns == ["Count"] and len(rows) == 1 else None
print(json.dumps({"results": rows, "columns": columns, "seen": seen, "rows_affected": affected}))
