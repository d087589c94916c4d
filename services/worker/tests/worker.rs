//! A real worker, over a real socket, with real processes.

// Helpers outside of #[test] functions may fail their test, too.
#![allow(clippy::unwrap_used)]

#[allow(dead_code, unreachable_pub, missing_docs, clippy::unwrap_used)]
mod support;

use std::{
    path::Path,
    time::{Duration, Instant},
};

use downbeat_proto::events::v1::FailureClass;
use downbeat_proto::worker::v1::{Offer, report::Report as ReportKind};
use serde_json::{Value, json};
use support::{Stage, is_running, offer};

fn inline(task: u32, code: &str) -> Offer {
    inline_with(task, code, json!({}))
}

fn inline_with(task: u32, code: &str, more: Value) -> Offer {
    let mut parameters = json!({ "source": "INLINE", "python_version": "3.11", "code": code });
    for (name, value) in more.as_object().unwrap() {
        parameters[name] = value.clone();
    }
    offer(task, "PYTHON", "PYTHON_EXECUTE_SCRIPT", parameters)
}

fn failed(report: &ReportKind) -> (FailureClass, &str, &str) {
    match report {
        ReportKind::Failed(failed) => (failed.failure_class(), &failed.message, &failed.outputs),
        other => panic!("not failed: {other:?}"),
    }
}

fn outputs(report: &ReportKind) -> Value {
    match report {
        ReportKind::Succeeded(done) if done.outputs.is_empty() => json!({}),
        ReportKind::Succeeded(done) => serde_json::from_str(&done.outputs).unwrap(),
        other => panic!("not succeeded: {other:?}"),
    }
}

#[tokio::test]
async fn the_worker_says_what_it_can_do_and_answers_no_op_tasks() {
    let mut stage = Stage::new().await;
    let of = |sealed_only: bool| {
        let jobs = stage.hello.jobs.iter().filter(move |job| job.sealed_only == sealed_only);
        jobs.map(|job| job.integration_job.as_str()).collect::<Vec<_>>()
    };
    // Without connections of its own only what needs none, and the rest with connections that it is given.
    let jobs = of(false);
    assert!(of(true).contains(&"POSTGRES_RUN_QUERY") && of(true).contains(&"SNOWFLAKE_RUN_QUERY"), "{:?}", of(true));
    let without = ["PYTHON_EXECUTE_SCRIPT", "DBT_CORE_EXECUTE", "HTTP_REQUEST", "DUCKDB_EXECUTE_QUERY", "NOOP"];
    assert_eq!(jobs, without);
    assert_eq!((stage.hello.worker_id.len(), stage.hello.in_hand.len()), (16, 0));

    let offers = (0..100).map(|task| offer(task, "DOWNBEAT", "NOOP", json!({}))).collect();
    stage.offer(offers).await;
    let reports = stage.reports().await;
    assert_eq!(reports.len(), 200, "all in one message");
    assert!(reports.iter().zip(1..).all(|(report, number)| report.number == number));
    stage.shut_down().await;
}

#[tokio::test]
async fn what_was_not_acknowledged_is_said_again_after_a_reconnect() {
    let mut stage = Stage::new().await;
    stage.offer(vec![offer(1, "DOWNBEAT", "NOOP", json!({}))]).await;
    let first = stage.reports().await;
    stage.reconnect().await;
    assert_eq!(stage.hello.in_hand, [support::attempt(1)]);
    assert_eq!(stage.reports().await, first);
    stage.shut_down().await;
}

/// Clients of OpenLineage read there whose child their work is.
#[tokio::test]
async fn a_script_is_told_which_task_run_it_is_of_unless_the_task_says_otherwise() {
    let mut stage = Stage::new().await;
    let code = "import os\nprint('parent', os.environ.get('OPENLINEAGE_PARENT_ID'))\nprint('root', os.environ.get('OPENLINEAGE_ROOT_PARENT_ID'))";
    let (run, task_run) = (uuid::Uuid::from_u128(1), support::task_run_id(1));
    let named = Offer { pipeline_alias: "daily_load".to_owned(), task_id: "load/orders".to_owned(), ..inline(1, code) };
    outputs(&stage.run(named).await);
    let expected = format!("parent downbeat/daily_load.load%2Forders/{task_run}\nroot downbeat/daily_load/{run}\n");
    assert!(stage.log(1).await.contains(&expected), "{}", stage.log(1).await);

    let variables = json!({ "environment_variables": "{\"OPENLINEAGE_PARENT_ID\": \"mine/job/1\"}" });
    outputs(&stage.run(inline_with(2, code, variables)).await);
    assert!(stage.log(2).await.contains("parent mine/job/1\nroot None\n"), "{}", stage.log(2).await);
    stage.shut_down().await;
}

#[tokio::test]
async fn scripts_succeed_fail_and_leave_their_log() {
    let mut stage = Stage::new().await;
    let code = "import os, sys\nprint('hello', os.environ['A'], os.environ['B'])\nprint('oops', file=sys.stderr)\nassert 'DOWNBEAT_WORKER_DATA' not in os.environ";
    let variables = json!({ "environment_variables": "{\"A\": \"text\", \"B\": 2}" });
    outputs(&stage.run(inline_with(1, code, variables)).await);
    assert!(stage.log(1).await.contains("hello text 2\noops\n"), "{}", stage.log(1).await);

    let end = stage.run(inline(2, "print('before')\nraise SystemExit('no data today')")).await;
    let (class, message, _) = failed(&end);
    assert_eq!(class, FailureClass::JobFailed);
    assert!(message.starts_with("exit code 1: ") && message.contains("no data today"), "{message}");
    assert!(stage.log(2).await.contains("before\n"));
    stage.shut_down().await;
}

#[tokio::test]
async fn what_cannot_run_is_explained() {
    let mut stage = Stage::with(|config| config.python_3_12 = Some("/nowhere/python3.12".into())).await;
    let cases = [
        (json!({ "source": "INLINE", "code": "1", "python_version": "3.12" }), "python 3.12 not found"),
        (json!({ "source": "INLINE", "code": "1", "package_manager": "CONDA" }), "PIP, UV, POETRY"),
        (json!({ "source": "INLINE", "code": "1", "command": "bash x" }), "command must be"),
        (json!({ "source": "INLINE" }), "parameter code"),
        (json!({ "command": "python x.py" }), "applied without a folder"),
        (json!({ "source": "SVN" }), "one of: GIT, INLINE"),
        (json!({ "source": "INLINE", "code": "1", "set_outputs": "yes" }), "set_outputs must be true or false"),
        (json!({ "source": "INLINE", "code": "1", "build_command": "a | b" }), "build_command"),
        (json!({ "source": "INLINE", "code": "1", "environment_variables": "A=1" }), "environment_variables"),
    ];
    for ((parameters, expected), task) in cases.into_iter().zip(1..) {
        let end = stage.run(offer(task, "PYTHON", "PYTHON_EXECUTE_SCRIPT", parameters)).await;
        let (class, message, _) = failed(&end);
        assert_eq!(class, FailureClass::Misconfigured, "{message}");
        assert!(message.contains(expected), "{message}");
        assert!(stage.log(task).await.contains(expected), "the log says it, too");
    }
    let end = stage.run(offer(90, "FIVETRAN", "SYNC", json!({}))).await;
    assert!(failed(&end).1.contains("FIVETRAN/SYNC"));
    stage.shut_down().await;
}

#[tokio::test]
async fn a_script_that_ignores_sigterm_and_its_children_die_on_a_stop() {
    let mut stage = Stage::new().await;
    let mark = "31.4159001";
    let code = format!(
        "import signal, subprocess, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nsubprocess.Popen(['sleep', '1{mark}'])\nsubprocess.Popen(['sleep', '2{mark}'], start_new_session=True)\nprint('deaf')\ntime.sleep(1000)"
    );
    stage.offer(vec![inline(1, &code)]).await;
    stage.log_with(1, "deaf").await;
    assert!(is_running(mark));
    let asked = Instant::now();
    stage.stop(1).await;
    let reports = stage.outcome(1).await;
    assert!(matches!(reports.last(), Some(ReportKind::Stopped(_))), "{reports:?}");
    assert!(asked.elapsed() >= Duration::from_secs(9), "the grace was not kept");
    assert!(!is_running(mark), "something is left");
    stage.shut_down().await;
}

#[tokio::test]
async fn children_left_behind_are_killed_and_named_in_the_log() {
    let mut stage = Stage::new().await;
    let mark = "31.4159002";
    let code = format!(
        "import subprocess\nsubprocess.Popen(['sleep', '1{mark}'])\nsubprocess.Popen(['sleep', '2{mark}'], start_new_session=True)"
    );
    outputs(&stage.run(inline(1, &code)).await);
    assert!(!is_running(mark));
    assert!(stage.log(1).await.contains("2 process(es) that the program left behind were killed"));
    stage.shut_down().await;
}

#[tokio::test]
async fn a_flood_of_output_is_taken_whole() {
    let mut stage = Stage::new().await;
    let code = "import sys\nline = 'x' * 1023 + '\\n'\nfor _ in range(100):\n    sys.stdout.write(line * 1024)\nprint('the end')";
    outputs(&stage.run(inline(1, code)).await);
    let folder = stage.folder.path().join("blobs/task-logs");
    let size: u64 = files(&folder).iter().map(|path| path.metadata().unwrap().len()).sum();
    assert!(size > 100 << 20, "{size}");
    stage.shut_down().await;
}

#[tokio::test]
async fn a_shutdown_stops_what_runs_and_says_so() {
    let stage = Stage::new().await;
    stage.offer(vec![inline(1, "import time\nprint('runs')\ntime.sleep(31415.9003)")]).await;
    stage.log_with(1, "runs").await;
    let attempts = stage.data().join("attempts");
    assert_eq!(std::fs::read_dir(&attempts).unwrap().count(), 1);
    let data = stage.folder.path().to_path_buf();
    stage.shut_down().await;
    assert!(!data.join("worker/attempts").exists() || files(&data.join("worker/attempts")).is_empty());
}

#[tokio::test]
async fn a_second_worker_in_the_folder_is_refused() {
    let stage = Stage::new().await;
    let config = downbeat_worker::WorkerConfig::new("http://127.0.0.1:9", stage.data(), stage.data().join("b"));
    let (_ask, shutdown) = tokio::sync::watch::channel(false);
    let error = downbeat_worker::run(config, shutdown).await.unwrap_err();
    assert_eq!(error.kind(), downbeat_worker::ErrorKind::FolderInUse);
    stage.shut_down().await;
}

#[tokio::test]
async fn the_published_sdk_sets_outputs_status_and_logs() {
    let mut stage = Stage::new().await;
    let code = "import os\nfrom orchestra_sdk.orchestra import OrchestraSDK\nfrom orchestra_sdk.enum import TaskRunStatus\nsdk = OrchestraSDK(api_key=os.environ['ORCHESTRA_API_KEY'], send_logs=True)\nopen('orchestra.log', 'w').write('from the log file')\nassert sdk.set_output('rows', {'n': [1, 2]})\nassert sdk.set_output('rows', 3)\nassert sdk.update_task(status=TaskRunStatus.WARNING, message='late')\n";
    let build = json!({ "build_command": "pip install orchestra-sdk==0.2.0" });
    let with_outputs = json!({ "build_command": "pip install orchestra-sdk==0.2.0", "set_outputs": true });

    let end = stage.run(inline_with(1, code, with_outputs.clone())).await;
    let ReportKind::Succeeded(done) = &end else { panic!("{end:?}\n{}", stage.log(1).await) };
    assert_eq!((done.outcome, done.message.as_str(), done.outputs.as_str()), (2, "late", r#"{"rows":3}"#));

    // The same environment, ready from before; outputs that were not asked for are left out, and the log says so.
    assert_eq!(outputs(&stage.run(inline_with(2, code, build)).await), json!({}));
    let log = stage.log(2).await;
    assert!(log.contains("ready from an earlier run") && log.contains("\"rows\" was ignored"), "{log}");

    let failing = format!(
        "{code}sdk.update_task(status=TaskRunStatus.FAILED, message='broken')\n@sdk.run()\ndef work():\n    print('at work')\nwork()\nsdk.update_task(status=TaskRunStatus.FAILED, message='no good')"
    );
    let end = stage.run(inline_with(3, &failing, with_outputs)).await;
    let (class, message, outputs) = failed(&end);
    assert_eq!((class, message), (FailureClass::JobFailed, "the script reported that it failed: no good"));
    assert_eq!(outputs, r#"{"rows":3}"#);
    assert!(stage.log(3).await.contains("from the log file"), "{}", stage.log(3).await);
    stage.shut_down().await;
}

fn files(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let paths = entries.map(|entry| entry.unwrap().path());
    paths.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

/// A project of poetry's with one package, a wheel beside it: nothing of it comes from an index.
fn poetry_project(folder: &Path) {
    let write = |name: &str, text: &str| {
        let path = folder.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    write("tiny/__init__.py", "VALUE = 41\n");
    write("tiny-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: tiny\nVersion: 1.0\n");
    write(
        "tiny-1.0.dist-info/WHEEL",
        "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    );
    write("tiny-1.0.dist-info/RECORD", "tiny/__init__.py,,\ntiny-1.0.dist-info/RECORD,,\n");
    let wheel = "tiny-1.0-py3-none-any.whl";
    let zip = ["-m", "zipfile", "-c", wheel, "tiny", "tiny-1.0.dist-info"];
    assert!(std::process::Command::new("python3").args(zip).current_dir(folder).status().unwrap().success());
    std::fs::remove_dir_all(folder.join("tiny")).unwrap();
    write(
        "pyproject.toml",
        "[project]\nname = \"x\"\nversion = \"0.1.0\"\nrequires-python = \">=3.11\"\n[tool.poetry]\npackage-mode = false\n\
         [tool.poetry.dependencies]\ntiny = { path = \"tiny-1.0-py3-none-any.whl\" }\n",
    );
    write("load.py", "import tiny\nprint('value', tiny.VALUE + 1)\n");
}

#[tokio::test]
async fn what_poetry_has_locked_is_installed_once() {
    let mut stage = Stage::new().await;
    let folder = stage.folder.path().join("project");
    poetry_project(&folder);
    let install = "poetry install --no-root";
    let cases = [
        ("poetry lock && poetry install --no-root", "python load.py", "environment: built in"),
        (install, "python load.py", "environment: built in"),
        (install, "poetry run python load.py", "ready from an earlier run"),
    ];
    for ((build, command, expected), task) in cases.into_iter().zip(1..) {
        let parameters = json!({
            "command": command, "build_command": build, "package_manager": "POETRY", "python_version": "3.11",
        });
        let source_root = folder.to_string_lossy().into_owned();
        let offer = Offer { source_root, ..offer(task, "PYTHON", "PYTHON_EXECUTE_SCRIPT", parameters) };
        let end = stage.run(offer).await;
        let log = stage.log(task).await;
        assert!(matches!(end, ReportKind::Succeeded(_)), "{end:?}\n{log}");
        assert!(log.contains("value 42") && log.contains(expected), "{log}");
    }
    stage.shut_down().await;
}
