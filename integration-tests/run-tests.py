"""Runs every test program of the workspace, two at a time: most of them wait for other programs for most of their time.

Promises: the same programs as `cargo test --workspace`, each in the folder of its package; a program that fails is printed whole, and all others run
all the same. Those that take long (the list below) begin first. Knows nothing about what they test. Documentation tests are cargo's.
"""

import json
import os
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


def main():
    waiting = list(programs())
    place = {name: at for at, name in enumerate(LONGEST_FIRST)}
    waiting.sort(key=lambda one: (place.get(one[0], len(place)), one[2], one[0]))
    lock, failed, began = threading.Lock(), [], time.monotonic()

    def work():
        while True:
            with lock:
                if not waiting:
                    return
                name, program, folder = waiting.pop(0)
            passed, printed, seconds = run(name, program, folder)
            label = f"{os.path.relpath(folder)}: {name}"
            with lock:
                if not passed:
                    failed.append(label)
                    print(f"\n--- {label} FAILED\n{printed}\n---", flush=True)
                print(f"{'ok' if passed else 'FAILED'} {label} {seconds:.1f} s", flush=True)

    count = len(waiting)
    workers = [threading.Thread(target=work) for _ in range(AT_ONCE)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    print(f"{count - len(failed)} of {count} test programs passed in {time.monotonic() - began:.0f} s", flush=True)
    for label in failed:
        print(f"failed: {label}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
