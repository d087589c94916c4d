"""Runs every test program of the workspace, two at a time: most of them wait for other programs for most of their time.

Promises: the same programs as `cargo test --workspace`, each in the folder of its package; a program that fails is printed whole, and all others run
all the same. Those that take long (the list below) begin first. Of each is said how many tests it had, and of all of them at the end, in the words
that cargo has for it. Knows nothing about what they test. Documentation tests are cargo's.
"""

import json
import os
import re
import subprocess
import sys
import threading
import time

AT_ONCE = int(os.environ.get("DOWNBEAT_TESTS_AT_ONCE", "2"))
# A program that hangs must not take the others' time.
AT_MOST_SECONDS = 1800
# The browser first, beside what mostly waits; what takes both cores for itself after it.
LONGEST_FIRST = ["console", "official", "dbt_state", "dbt_freshness", "chart", "artifacts", "canary", "front_door", "judge", "sim", "readme"]
CARGO = os.environ.get("CARGO", "cargo")
# What a program says at its end. Not at the beginning of a line only: what its tests print has no line break at its end, now and then.
COUNTED = re.compile(r"test result: \w+\. (\d+) passed; (\d+) failed; (\d+) ignored;")


def programs():
    """Name, program and folder of each, as cargo has built them."""
    built = subprocess.run(
        [CARGO, "test", "--locked", "--workspace", "--no-run", "--message-format=json-render-diagnostics"],
        stdout=subprocess.PIPE,
        check=True,
        text=True,
    )
    for line in built.stdout.splitlines():
        said = json.loads(line)
        if said.get("reason") == "compiler-artifact" and said.get("executable") and said["profile"]["test"]:
            yield said["target"]["name"], said["executable"], os.path.dirname(said["manifest_path"])


def run(name, program, folder):
    """Whether it passed, with what it printed, and the seconds it took."""
    environment = dict(os.environ, CARGO=CARGO, CARGO_MANIFEST_DIR=folder)
    began = time.monotonic()
    try:
        ended = subprocess.run(
            [program],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=AT_MOST_SECONDS,
        )
        passed, printed = ended.returncode == 0, ended.stdout
    except subprocess.TimeoutExpired as late:
        passed, printed = False, (late.stdout or b"") + b"\nit has not ended in time\n"
    return passed, printed.decode(errors="replace"), time.monotonic() - began


def counted(passed, printed):
    """How many tests passed, failed and were left out. A program that did not come to its end has failed, whatever its exit code is."""
    said = COUNTED.findall(printed)
    of_all = tuple(map(int, said[-1])) if said else (0, 0, 0)
    return of_all if said and (passed or of_all[1]) else (of_all[0], 1, of_all[2])


def result(passed, failed, ignored, seconds):
    verdict = "FAILED" if failed else "ok"
    return f"test result: {verdict}. {passed} passed; {failed} failed; {ignored} ignored; 0 measured; 0 filtered out; finished in {seconds:.2f}s"


def main():
    waiting = list(programs())
    place = {name: at for at, name in enumerate(LONGEST_FIRST)}
    waiting.sort(key=lambda one: (place.get(one[0], len(place)), one[2], one[0]))
    lock, failed, counts, began = threading.Lock(), [], [], time.monotonic()

    def work():
        while True:
            with lock:
                if not waiting:
                    return
                name, program, folder = waiting.pop(0)
            passed, printed, seconds = run(name, program, folder)
            label = f"{os.path.relpath(folder)}: {name}"
            count = counted(passed, printed)
            passed = not count[1]
            with lock:
                if not passed:
                    failed.append(label)
                    print(f"\n--- {label} FAILED\n{printed}\n---", flush=True)
                counts.append(count)
                print(f"{'ok' if passed else 'FAILED'} {label}\n{result(*count, seconds)}", flush=True)

    programs_count = len(waiting)
    workers = [threading.Thread(target=work) for _ in range(AT_ONCE)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    for label in failed:
        print(f"failed: {label}", flush=True)
    seconds = time.monotonic() - began
    print(f"{programs_count - len(failed)} of {programs_count} test programs passed in {seconds:.0f} s, all of their tests:", flush=True)
    print(result(*map(sum, zip(*counts)), seconds), flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
