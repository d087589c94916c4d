"""An event from outside starts a run; a list of runs is read page by page; what nobody has is an error."""

from downbeat import Client, errors

PIPELINE = """\
version: v1
name: Started by events
inputs:
  table: {type: string}
meta:
  downbeat:
    triggers:
      - name: landed
        nats: sdkpython.*.landed
        when: event.data.rows > 0
        run_inputs: {table: event.data.table}
pipeline:
  look:
    integration: ORCHESTRA
    integration_job: APPROVAL
    parameters: {}
"""

with Client.from_environment() as client:
    client.pipelines.apply(PIPELINE, alias="sdk_python_events")
    started = set()
    for rows in (3, 0, 5):
        for taker in client.events.publish("sdkpython.eu.landed", {"rows": rows, "table": "orders"}):
            print(f"{rows} rows: {taker.pipeline} {taker.trigger}: {taker.outcome}")
            started.add(taker.run_id)
    started.discard("")

    listed = {run.id for run in client.runs.list(pipeline="sdk_python_events", page_size=1)}
    print(f"{len(started & listed)} of {len(started)} runs are listed")
    for run_id in started:
        client.runs.get(run_id).cancel("the example is over")

    try:
        client.run("there_is_no_such_pipeline")
    except errors.NotFound as error:
        print(f"refused: {error.message}")
