"""Lists of runs are read page by page; a start that is repeated is one run; what nobody has is an error."""

import uuid

from downbeat import Client, errors, instant

PIPELINE = """\
version: v1
name: Waits for a person
pipeline:
  decide:
    integration: ORCHESTRA
    integration_job: APPROVAL
    parameters: {}
"""

with Client.from_environment() as client:
    client.pipelines.apply(PIPELINE, alias="sdk_python_list")
    batch = uuid.uuid4()
    started = {client.run("sdk_python_list", idempotency_key=f"{batch}-{number}").id for number in (1, 2, 3, 3)}

    # Two rows a page; the next page is asked for when it is needed.
    listed = [run for run in client.runs.list(pipeline="sdk_python_list", page_size=2) if run.id in started]
    print(f"{len(listed)} of {len(started)} runs are listed; the newest is of {instant(listed[0].created_at):%Y}")
    for run in listed:
        client.runs.get(run.id).cancel("the example is over")

    try:
        client.run("there_is_no_such_pipeline")
    except errors.NotFound as error:
        print(f"refused: {error.message}")
