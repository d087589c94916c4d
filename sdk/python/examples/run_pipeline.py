"""Applies a pipeline, runs it, follows it, and reads what came of it.

    DOWNBEAT_URL=http://127.0.0.1:7400 DOWNBEAT_KEY=downbeat_... python run_pipeline.py
"""

from downbeat import Client, RunChange, name_of

PIPELINE = """\
version: v1
name: Greeting
inputs:
  who: {type: string, default: world}
pipeline:
  hello:
    integration: PYTHON
    integration_job: PYTHON_EXECUTE_SCRIPT
    parameters:
      source: INLINE
      code: print("hello ${{ inputs.who }}")
  goodbye:
    integration: PYTHON
    integration_job: PYTHON_EXECUTE_SCRIPT
    parameters:
      source: INLINE
      code: print("and goodbye")
    depends_on: [hello]
"""


def show(change: RunChange) -> None:
    for task in change.changed:
        print(f"{name_of(task)} is {task.status}")


with Client.from_environment(reason="the example") as client:
    applied = client.pipelines.apply(PIPELINE, alias="sdk_python_greeting")
    print(f"version {applied.version} of {applied.alias}")

    run = client.run(applied.alias, inputs={"who": "moon"})
    result = run.wait(progress=show, timeout=120, check=True)
    print(f"the run {result.status}")

    for line in run.logs("hello"):
        print(f"  {line}")
    for said in run.why("goodbye"):
        print(f"- {said.text}")
