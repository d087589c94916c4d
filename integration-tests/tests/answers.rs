//! `downbeat now` and `downbeat broken` as a person reads them, over a real process: an upstream fails, is put right, and what waits says for
//! what.

use std::{path::Path, time::Duration};

use downbeat_domain::PipelineId;
use downbeat_integration_tests::{cluster::Dev, process::eventually};
use serde_json::Value;

const SOON: Duration = Duration::from_secs(60);

/// Fails as long as the file `broken` is there.
const SHOP: &str = "version: v1
name: Shop
pipeline:
  load:
    integration: PYTHON
    integration_job: PYTHON_EXECUTE_SCRIPT
    parameters:
      source: INLINE
      python_version: '3.11'
      code: |
        import pathlib
        if pathlib.Path('BROKEN').exists():
            raise SystemExit('the warehouse: permission denied for schema raw')
  sum:
    depends_on: [load]
    integration: DOWNBEAT
    integration_job: NOOP
    parameters: {}
";

const NIGHT: &str = "version: v1
name: Night
pipeline:
  shop:
    integration: ORCHESTRA
    integration_job: TRIGGER_PIPELINE
    parameters: {pipeline_id: SHOP_ID}
";

const SLOW: &str = "version: v1
name: Slow
pipeline:
  query:
    integration: DOWNBEAT
    integration_job: NOOP
    parameters: {}
    meta: {downbeat: {pool: {name: warehouse, slots: 2}}}
  decide:
    integration: ORCHESTRA
    integration_job: APPROVAL
    parameters: {message: 'Publish?'}
";

fn file(folder: &Path, name: &str, text: &str) -> String {
    let path = folder.join(name);
    std::fs::write(&path, text).expect("the folder is ours");
    path.to_str().expect("the path is text").to_owned()
}

#[test]
fn people_read_what_is_broken_and_what_waits() {
    let folder = tempfile::tempdir().expect("a folder");
    let inputs = tempfile::tempdir().expect("a folder");
    let dev = Dev::start(folder.path(), 2);
    let downbeat = |arguments: &[&str]| dev.addresses.downbeat_ok(arguments);
    assert_eq!(downbeat(&["broken"]), "Nothing is broken.\n");
    assert!(downbeat(&["now"]).starts_with("Nothing is live.\n"));

    let broken = inputs.path().join("broken");
    std::fs::write(&broken, "").expect("the folder is ours");
    let shop = SHOP.replace("BROKEN", broken.to_str().expect("the path is text"));
    let night = NIGHT.replace("SHOP_ID", &PipelineId::derive("default", "shop").to_string());
    downbeat(&["apply", &file(inputs.path(), "shop.yaml", &shop), "--as", "ada"]);
    downbeat(&["apply", &file(inputs.path(), "night.yaml", &night)]);
    assert!(!dev.addresses.downbeat(&["run", "night", "--wait"]).status.success());
    let text = eventually("the failure is shown", SOON, || {
        Some(downbeat(&["broken"])).filter(|text| !text.contains("goes on") && text.contains("explains"))
    });
    for part in [
        "1. CREDENTIALS_REFUSED  task load of shop (PYTHON) fails: ",
        "no run of it has ended well yet",
        "explains  task shop of night fails: it waits for a run of shop, which failed",
        "reach     1 skipped task: sum",
        "type      downbeat run restart ",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let answer: Value = serde_json::from_str(&downbeat(&["broken", "--json"])).expect("JSON");
    let group = &answer["groups"][0];
    assert_eq!((answer["failing_pipelines"].as_u64(), group["kind"].as_str()), (Some(2), Some("FAILURE")));
    let sequence = group["what"]["evidence"][0]["sequence"].as_u64().expect("a record");
    assert!(sequence > 0 && group["explains"][0]["rule"] == "STARTED_IT", "{answer:#}");

    // What it says to type puts it right, once the cause is gone.
    std::fs::remove_file(&broken).expect("it is there");
    let commands = group["commands"].as_array().expect("a list").iter().map(|it| it.as_str().expect("a text"));
    let restarts: Vec<&str> = commands.filter(|command| command.contains(" restart ")).collect();
    assert_eq!(restarts.len(), 2, "{answer:#}");
    for restart in restarts {
        let words: Vec<&str> = restart.split(' ').skip(1).chain(["--wait"]).collect();
        downbeat(&words);
    }
    eventually("nothing is broken any more", SOON, || (downbeat(&["broken"]) == "Nothing is broken.\n").then_some(()));

    // A pool that nobody has set the size of: only the coordinator knows.
    downbeat(&["run", &file(inputs.path(), "slow.yaml", SLOW), "--as", "ada"]);
    let text = eventually("both wait", SOON, || {
        Some(downbeat(&["now"])).filter(|text| text.contains("approval") && text.contains("pool"))
    });
    for part in ["LIVE\n", "slow  RUNNING", "ada started it", "WAITS\n", "slow query", "slow decide", "Ended since "] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let answer: Value = serde_json::from_str(&downbeat(&["now", "--json"])).expect("JSON");
    assert_eq!(answer["runs"].as_array().map(Vec::len), Some(1), "{answer:#}");
    let kinds: Vec<&str> =
        answer["waiting"].as_array().expect("a list").iter().filter_map(|it| it["kind"].as_str()).collect();
    assert_eq!(kinds, ["WORKER", "APPROVAL"], "{answer:#}");
    assert_eq!(answer["waiting"][0]["gates"][0]["kind"], "POOL", "{answer:#}");
    assert!(answer["counts"]["FAILED"].as_u64() >= Some(2), "{answer:#}");
}
