//! Code from git repositories, run by a real worker: scripts and dbt, from a folder and over a real OpenSSH server.

// Helpers outside of #[test] functions may fail their test, too.
#![allow(clippy::unwrap_used)]

#[allow(dead_code, unreachable_pub, missing_docs, clippy::unwrap_used)]
mod support;

use std::{os::unix::fs::symlink, path::Path, process::Command};

use serde_json::{Value, json};
use support::{
    Stage, offer,
    openssh::{OpenSsh, folder_for_all},
    servers,
};

/// Says where it is, which variables it has of the connection, and whether anything of how the code came is within its reach.
const SCRIPT: &str = r#"
import os
print("here", sorted(os.listdir(".")))
print("linked", sorted(name for name in os.environ if name.startswith("PYTHON__") or "GIT" in name))
print("access", [n for n in range(6) if os.path.exists("../" * n + "git-access")])
"#;

fn git(folder: &Path, arguments: &[&str]) -> String {
    let mut command = Command::new("git");
    command.env("GIT_CONFIG_NOSYSTEM", "1").env("GIT_CONFIG_GLOBAL", "/dev/null").current_dir(folder);
    let ran = command.args(["-c", "user.name=a", "-c", "user.email=a@example.com"]).args(arguments).output().unwrap();
    assert!(ran.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&ran.stderr));
    String::from_utf8_lossy(&ran.stdout).trim().to_owned()
}

/// A repository of scripts; links in it lead out of it. Its newest commit.
fn origin(folder: &Path) -> String {
    std::fs::create_dir_all(folder.join("jobs/a")).unwrap();
    std::fs::write(folder.join("jobs/a/load.py"), SCRIPT).unwrap();
    std::fs::write(folder.join("top.py"), SCRIPT).unwrap();
    symlink("/etc/hostname", folder.join("out.py")).unwrap();
    symlink("/etc", folder.join("outside")).unwrap();
    symlink("/etc/hostname", folder.join("dbt_project.yml")).unwrap();
    git(folder, &["init", "-q", "-b", "main"]);
    git(folder, &["add", "."]);
    git(folder, &["commit", "-q", "-m", "one"]);
    git(folder, &["rev-parse", "HEAD"])
}

/// A worker with connections to these, by integration. An address of a folder stands in a file: in a connection `file:` refers to one.
async fn stage(folder: &Path, connections: &[(&str, &str, Value)]) -> Stage {
    for (name, integration, fields) in connections {
        servers::connection(folder, name, integration, fields);
    }
    let folder = folder.to_owned();
    Stage::with(|config| {
        config.connections = Some(folder);
        config.git_protocols = vec!["file".to_owned()];
    })
    .await
}

fn nothing_is_left(stage: &Stage) -> bool {
    std::fs::read_dir(stage.data().join("attempts")).unwrap().next().is_none()
}

#[tokio::test]
async fn scripts_run_from_the_commit_that_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let code = folder.path().join("code");
    let commit = origin(&code);
    std::fs::write(folder.path().join("address"), format!("file://{}\n", code.display())).unwrap();
    let fields = json!({ "git_repository": "file:address", "api_key": "s3cret-of-the-script" });
    let linked = [("default_python", "PYTHON", fields.clone()), ("default_dbt_core", "DBT_CORE", fields)];
    let mut stage = stage(folder.path(), &linked).await;

    let parameters = json!({ "command": "python load.py", "project_dir": "jobs/a", "python_version": "3.11" });
    let with = |name: &str, value: &str| {
        let mut parameters = parameters.clone();
        parameters[name] = value.into();
        parameters
    };
    let cases = [
        (parameters.clone(), "succeeded", "", "here ['load.py']"),
        (with("branch", "main"), "succeeded", "", "ready from an earlier run"),
        (with("shallow_clone_dirs", "jobs/a"), "succeeded", "", "here ['load.py']"),
        (with("branch", &commit), "succeeded", "", "here ['load.py']"),
        (with("branch", "nope"), "misconfigured", "there is no such branch", ""),
        (with("branch", "--upload-pack=x"), "misconfigured", "the parameter branch", ""),
        (with("project_dir", "outside"), "misconfigured", "project_dir \"outside\" leads out", ""),
        (with("project_dir", "jobs/b"), "misconfigured", "project_dir \"jobs/b\" cannot be read", ""),
        (with("command", "python ../../out.py"), "misconfigured", "leads out of the repository", ""),
        (with("command", "python ../../../../x"), "failed", "exit code 2", ""),
    ];
    for ((parameters, word, expected, printed), task) in cases.into_iter().zip(1..) {
        stage.offer(vec![offer(task, "PYTHON", "PYTHON_EXECUTE_SCRIPT", parameters.clone())]).await;
        let (said, text, _) = stage.told(task).await;
        let log = stage.log(task).await;
        assert_eq!(said, word, "{parameters}: {text}\n{log}");
        assert!(text.contains(expected), "{parameters}: {text}");
        assert!(log.contains(printed) && !log.contains("s3cret"), "{parameters}: {log}");
        if said == "succeeded" {
            assert!(log.contains(&format!("git: commit {commit} (")), "{log}");
            assert!(log.contains("linked ['PYTHON__DEFAULT_PYTHON__API_KEY']") && log.contains("access []"), "{log}");
        }
        assert!(nothing_is_left(&stage), "{parameters}");
    }

    stage.offer(vec![offer(90, "DBT_CORE", "DBT_CORE_EXECUTE", json!({ "commands": "dbt build" }))]).await;
    let (said, text, _) = stage.told(90).await;
    assert!(said == "misconfigured" && text.contains("\"dbt_project.yml\" leads out"), "{said} {text}");
    let elsewhere = json!({ "commands": "dbt build", "project_dir": "jobs" });
    stage.offer(vec![offer(91, "DBT_CORE", "DBT_CORE_EXECUTE", elsewhere)]).await;
    let (said, text, _) = stage.told(91).await;
    assert!(said == "misconfigured" && text.contains("checkout/jobs holds no dbt_project.yml"), "{said} {text}");
    stage.shut_down().await;
}

#[tokio::test]
async fn over_ssh_only_the_server_that_is_named_is_believed() {
    let Some(server) = OpenSsh::start().await else { return };
    let served = folder_for_all();
    let code = served.path().join("code");
    let commit = origin(&code);
    // Git gives away what belongs to whom it runs for.
    let owner = if std::fs::metadata("/proc/self").is_ok_and(|found| std::os::unix::fs::MetadataExt::uid(&found) == 0) {
        Command::new("chown").args(["-R", "65532"]).arg(&code).status().unwrap().success()
    } else {
        true
    };
    assert!(owner);
    let fields = server.fields();
    let text = |name: &str| fields[name].as_str().unwrap().to_owned();
    let address = format!("ssh://{}@127.0.0.1:{}{}", text("username"), server.port, code.display());
    let known = format!("127.0.0.1 {}", text("host_key"));
    let stranger = std::fs::read_to_string(server.folder.path().join("user.pub")).unwrap();
    let other = format!("file:{}", server.folder.path().join("host").display());
    let fields =
        |key: &str, host: &str| json!({ "git_repository": address, "git_private_key": key, "git_host_key": host });
    let folder = tempfile::tempdir().unwrap();
    let linked = [
        ("right", "PYTHON", fields(&text("private_key"), &known)),
        ("stranger", "PYTHON", fields(&text("private_key"), &stranger)),
        ("unknown", "PYTHON", fields(&other, &known)),
    ];
    let mut stage = stage(folder.path(), &linked).await;
    let cases = [
        ("right", "succeeded", ""),
        ("stranger", "misconfigured", "another key than git_host_key says"),
        ("unknown", "misconfigured", "does not take git_private_key"),
    ];
    for ((name, word, expected), task) in cases.into_iter().zip(1..) {
        let parameters = json!({ "command": "python top.py", "python_version": "3.11" });
        let mut offer = offer(task, "PYTHON", "PYTHON_EXECUTE_SCRIPT", parameters);
        offer.connection = name.to_owned();
        stage.offer(vec![offer]).await;
        let (said, text, _) = stage.told(task).await;
        let log = stage.log(task).await;
        assert_eq!(said, word, "{name}: {text}\n{log}");
        assert!(text.contains(expected), "{name}: {text}");
        if said == "succeeded" {
            assert!(log.contains(&format!("git: commit {commit}")) && log.contains("access []"), "{log}");
        }
        assert!(nothing_is_left(&stage), "{name}");
    }
    stage.shut_down().await;
}
