//! What a person gets when something is wrong: what, where, what to do, and a status that says so.

use std::{path::Path, process::Output, time::Duration};

use downbeat_integration_tests::{
    cluster::{Addresses, Cluster, Dev, text},
    process::{Process, eventually, free_port},
    programs, repository,
};

/// Writes a pipeline file and applies it.
fn apply(addresses: &Addresses, folder: &Path, name: &str, source: &str) -> Output {
    let file = folder.join(name);
    std::fs::write(&file, source).expect("a file");
    addresses.downbeat(&["apply", file.to_str().expect("text")])
}

fn task(body: &str) -> String {
    format!("version: v1\nname: t\npipeline:\n  a:\n{body}")
}

fn inline(code: &str) -> String {
    task(&format!(
        "    integration: PYTHON\n    integration_job: PYTHON_EXECUTE_SCRIPT\n    parameters:\n      source: INLINE\n      \
         python_version: '3.11'\n      code: |\n        {code}\n"
    ))
}

#[test]
fn files_that_are_no_pipelines_are_refused_with_their_place() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let noop = "integration: DOWNBEAT, integration_job: NOOP, parameters: {}";
    let cases: &[(&str, String, &str)] = &[
        ("broken.yml", "version: v1\nname: [\n".to_owned(), "broken.yml:"),
        ("unknown.yml", task(&format!("    {{{noop}, depend_on: []}}\n")), "unknown key `depend_on`"),
        ("missing.yml", task(&format!("    {{{noop}, depends_on: [b]}}\n")), "missing.yml:5:"),
        (
            "cycle.yml",
            format!(
                "version: v1\nname: t\npipeline:\n  a: {{{noop}, depends_on: [b]}}\n  b: {{{noop}, depends_on: [a]}}\n"
            ),
            "cycle",
        ),
        ("type.yml", task(&format!("    {{{noop}, depends_on: 7}}\n")), "type.yml:5:"),
        (
            "wait.yml",
            task("    {integration: ORCHESTRA, integration_job: WAIT, parameters: {wait_minutes: 9999}}\n"),
            "wait.yml:5:",
        ),
    ];
    for (name, source, expected) in cases {
        let file = folder.path().join(name);
        std::fs::write(&file, source).expect("a file");
        let validated = std::process::Command::new(programs().join("downbeat")).arg("validate").arg(&file).output();
        let validated = validated.expect("downbeat starts");
        assert_eq!(validated.status.code(), Some(1), "{name}: {}", text(&validated));
        assert!(text(&validated).contains(expected), "{name}: {}", text(&validated));
    }
    let absent = std::process::Command::new(programs().join("downbeat")).args(["validate", "nowhere.yml"]).output();
    let absent = absent.expect("downbeat starts");
    assert_eq!(absent.status.code(), Some(2));
    assert!(text(&absent).contains("nowhere.yml"), "{}", text(&absent));

    let dev = Dev::start(folder.path(), 2);
    let refused = apply(&dev.addresses, folder.path(), "refused.yml", &cases[1].1);
    assert_eq!(refused.status.code(), Some(1));
    assert!(text(&refused).contains("refused.yml:5:"), "{}", text(&refused));
    let agent =
        "    integration: ORCHESTRA\n    integration_job: RUN_AGENT\n    parameters: {agent_id: x, prompt: y}\n";
    let unsupported = apply(&dev.addresses, folder.path(), "agent.yml", &task(agent));
    assert_eq!(unsupported.status.code(), Some(1));
    assert!(text(&unsupported).contains("ORCHESTRA/RUN_AGENT is not run by this version"), "{}", text(&unsupported));
    assert!(text(&dev.addresses.downbeat(&["run", "nobody"])).contains("no pipeline `nobody`"));
    assert!(text(&dev.addresses.downbeat(&["run", "show", "00000000"])).contains("00000000"));
    assert!(text(&dev.addresses.downbeat(&["run", "a", "--input", "x"])).contains("NAME=VALUE"));
}

#[test]
fn scripts_that_misbehave_end_with_a_clear_outcome() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let dev = Dev::start(folder.path(), 4);
    let run = |name: &str, source: &str| {
        let applied = apply(&dev.addresses, folder.path(), &format!("{name}.yml"), source);
        assert!(applied.status.success(), "{name}: {}", text(&applied));
        dev.addresses.downbeat(&["run", name, "--wait"])
    };

    let failed = run("fails", &inline("raise SystemExit('the table is empty')"));
    assert_eq!(failed.status.code(), Some(1));
    assert!(text(&failed).contains("FAILED") && text(&failed).contains("the table is empty"), "{}", text(&failed));

    let interpreter = inline("print(1)").replace("'3.11'", "'3.12'");
    let missing = Dev::start(&made(folder.path(), "missing"), 1);
    let applied = apply(&missing.addresses, folder.path(), "interpreter.yml", &interpreter);
    assert!(applied.status.success(), "{}", text(&applied));
    // Whether 3.12 is there depends on the machine; either it runs or the message says what to do.
    let output = missing.addresses.downbeat(&["run", "interpreter", "--wait"]);
    let said = text(&output);
    assert!(output.status.success() || said.contains("install it or set python_version to one of: 3.11"), "{said}");

    let loud = run("loud", &inline("print(('x' * 1023 + chr(10)) * 102400, end='')"));
    assert!(loud.status.success(), "{}", text(&loud));
    let log = dev.addresses.downbeat(&["logs", "last", "a"]).stdout;
    assert!(log.len() >= 100 * 1024 * 1024, "nothing is lost: {} bytes", log.len());
}

#[test]
fn a_run_is_cancelled_although_its_script_ignores_sigterm_and_leaves_children() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let dev = Dev::start(folder.path(), 2);
    let marker = folder.path().join("child");
    let code = format!(
        "import os, signal, subprocess, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); \
         child = subprocess.Popen(['sleep', '600']); open({:?}, 'w').write(str(child.pid)); time.sleep(600)",
        marker.display().to_string()
    );
    assert!(apply(&dev.addresses, folder.path(), "stubborn.yml", &inline(&code)).status.success());
    let run = dev.addresses.downbeat_ok(&["run", "stubborn"]).trim().to_owned();
    let child: u32 = eventually("the script runs", Duration::from_secs(60), || {
        std::fs::read_to_string(&marker).ok().and_then(|pid| pid.parse().ok())
    });
    dev.addresses.downbeat_ok(&["run", "cancel", &run, "--reason", "test"]);
    eventually("the run is cancelled", Duration::from_secs(30), || {
        dev.addresses.downbeat_ok(&["run", "show", &run]).lines().next()?.contains("CANCELLED").then_some(())
    });
    assert!(!runs(child), "the child {child} is gone before the run ends");
}

#[test]
fn a_taken_port_a_used_folder_and_a_foreign_log_are_said() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let dev = Dev::start(folder.path(), 1);
    let downbeat = programs().join("downbeat");
    let listen = dev.addresses.server.trim_start_matches("http://").to_owned();
    let other = folder.path().join("other");
    let data = dev.data.to_str().expect("text").to_owned();

    let port = std::process::Command::new(&downbeat)
        .args(["dev", "--listen", &listen, "--api", "127.0.0.1:0", "--data", other.to_str().expect("text")])
        .output()
        .expect("downbeat starts");
    assert!(!port.status.success() && text(&port).contains(&listen), "{}", text(&port));

    let used = std::process::Command::new(&downbeat)
        .args(["dev", "--listen", "127.0.0.1:0", "--api", "127.0.0.1:0", "--data", &data])
        .output()
        .expect("downbeat starts");
    assert!(!used.status.success() && text(&used).contains("data/log"), "{}", text(&used));
    drop(dev);

    // The projections of one log over another one.
    let second = made(folder.path(), "second");
    drop(Dev::start(&second, 1));
    std::fs::rename(second.join("data/log"), folder.path().join("aside")).expect("rename");
    std::fs::rename(Path::new(&data).join("log"), second.join("data/log")).expect("rename");
    let second_data = second.join("data");
    let foreign = std::process::Command::new(&downbeat)
        .args(["dev", "--listen", "127.0.0.1:0", "--api", "127.0.0.1:0", "--data", second_data.to_str().expect("text")])
        .output()
        .expect("downbeat starts");
    assert!(!foreign.status.success(), "{}", text(&foreign));
    assert!(text(&foreign).contains("log"), "{}", text(&foreign));

    let nobody = Addresses {
        server: format!("http://127.0.0.1:{}", free_port()),
        metadata: String::new(),
        log: String::new(),
        variables: Vec::new(),
    };
    let unreachable = std::process::Command::new(&downbeat).args(["run", "x", "--server", &nobody.server]).output();
    let unreachable = unreachable.expect("downbeat starts");
    assert_eq!(unreachable.status.code(), Some(2));
    assert!(text(&unreachable).contains("downbeat dev"), "{}", text(&unreachable));
}

#[test]
fn a_dbt_project_that_does_not_parse_or_does_not_pass_says_which_node_and_why() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let dev = Dev::start(folder.path(), 1);
    let project = made(folder.path(), "project");
    let models = made(&project, "models");
    // The packages of the demo, so that they are installed once.
    let demo = repository().join("deploy/examples/weather/dbt/requirements.txt");
    std::fs::copy(demo, project.join("requirements.txt")).expect("a copy");
    let write = |path: std::path::PathBuf, text: &str| std::fs::write(path, text).expect("a file");
    write(project.join("dbt_project.yml"), "name: shop\nversion: '1.0'\nprofile: shop\nmodel-paths: [models]\n");
    write(
        project.join("profiles.yml"),
        "shop:\n  target: dev\n  outputs:\n    dev: {type: duckdb, path: ':memory:'}\n",
    );
    write(models.join("orders.sql"), "select * from {{ ref('nowhere') }}");
    let source = "version: v1\nname: shop\npipeline:\n  build:\n    integration: DBT_CORE\n    integration_job: DBT_CORE_EXECUTE\n    \
                  parameters: {project_dir: project, commands: dbt build, python_version: '3.11'}\n";
    assert!(apply(&dev.addresses, folder.path(), "shop.yml", source).status.success());

    let unparsed = dev.addresses.downbeat(&["run", "shop", "--wait"]);
    assert_eq!(unparsed.status.code(), Some(1));
    assert!(text(&unparsed).contains("a node named 'nowhere' which was not found"), "{}", text(&unparsed));
    assert!(dev.addresses.downbeat_ok(&["logs", "last", "build"]).contains("nowhere"));

    write(models.join("orders.sql"), "select 1 as id union all select 1 as id");
    write(
        models.join("schema.yml"),
        "models:\n  - name: orders\n    columns:\n      - name: id\n        data_tests: [unique]\n",
    );
    let untrue = dev.addresses.downbeat(&["run", "shop", "--wait"]);
    assert_eq!(untrue.status.code(), Some(1));
    assert!(text(&untrue).contains("unique_orders_id"), "{}", text(&untrue));
    let lineage = dev.addresses.downbeat_ok(&["lineage", "last"]);
    assert!(lineage.contains("tests passed 0/1"), "what ran is recorded although the task failed: {lineage}");
}

#[test]
fn projections_of_another_stream_are_refused() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut cluster = Cluster::start(folder.path(), 1);
    cluster.projector.terminate();
    cluster.coordinator.kill9();
    cluster.nats.stop().expect("ours");
    std::fs::remove_dir_all(cluster.nats.store()).expect("the stream is gone");
    cluster.nats.restart().expect("ours");
    cluster.restart_coordinator();

    cluster.restart_projector();
    let status = cluster.projector.wait(Duration::from_secs(30));
    let printed = cluster.projector.printed();
    assert!(status.is_some_and(|status| !status.success()), "{printed}");
    assert!(printed.matches("DOWNBEAT_LOG_0@").count() >= 2, "both logs are named: {printed}");
}

#[test]
fn services_wait_for_nats_at_the_start_and_in_the_middle() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let nowhere = format!("nats://127.0.0.1:{}", free_port());
    let listen = format!("127.0.0.1:{}", free_port());
    let waiting = Process::start(
        &programs().join("downbeat-coordinator"),
        &["--log", &nowhere, "--listen", &listen],
        &folder.path().join("waiting.txt"),
    );
    let mut waiting = waiting.expect("the coordinator starts");
    eventually("it says that it waits", Duration::from_secs(20), || {
        waiting.printed().contains("waiting for the log").then_some(())
    });
    assert!(waiting.ended().is_none(), "{}", waiting.printed());
    waiting.terminate();

    let mut cluster = Cluster::start(&made(folder.path(), "cluster"), 2);
    assert!(apply(&cluster.addresses, folder.path(), "short.yml", &inline("print('ok')")).status.success());
    cluster.nats.kill9().expect("ours");
    let mut started = cluster.addresses.command(&["run", "short", "--wait"]);
    let mut run = Process::start_with(&mut started, &folder.path().join("run.txt")).expect("downbeat starts");
    eventually("the coordinator says that it waits", Duration::from_secs(30), || {
        cluster.coordinator.printed().contains("waiting for the log").then_some(())
    });
    cluster.nats.restart().expect("ours");
    let status = run
        .wait(Duration::from_secs(60))
        .unwrap_or_else(|| panic!("does not go on:\n{}", cluster.coordinator.printed()));
    assert!(status.success(), "{}\n{}", run.printed(), cluster.coordinator.printed());
}

/// A zombie that nobody has collected yet runs no more.
fn runs(pid: u32) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    status.lines().any(|line| line.starts_with("State:") && !line.contains('Z'))
}

fn made(folder: &Path, name: &str) -> std::path::PathBuf {
    let made = folder.join(name);
    std::fs::create_dir_all(&made).expect("a folder");
    made
}
