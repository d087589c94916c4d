"""Reads one JSON text per line (a document as a string), answers one JSON line: its messages as [grade, line, column, text]."""

import json
import os
import sys

import oml_lang


def messages(document):
    for found in oml_lang.analyze(document).errors():
        grade = str(found.severity()).rsplit(".", 1)[-1].lower()
        yield [grade, found.start().line() + 1, found.start().column() + 1, found.message()]


def main():
    for line in sys.stdin:
        sys.stdout.write(json.dumps(list(messages(json.loads(line)))) + "\n")
        sys.stdout.flush()
    # The validator's native part may crash when the interpreter tears it down; there is nothing left to tidy up.
    os._exit(0)


main()
