//! Commands and files on a real OpenSSH server.

// Helpers outside of #[test] functions may fail their test, too.
#![allow(clippy::unwrap_used)]

#[allow(dead_code, unreachable_pub, missing_docs, clippy::unwrap_used)]
mod support;

use serde_json::{Value, json};
use support::{
    Stage, is_running, offer,
    openssh::{OpenSsh, folder_for_all},
    servers,
};

async fn stage(server: &OpenSsh) -> (Stage, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    for integration in ["LINUX_SSH", "WINDOWS_SSH", "SFTP"] {
        let name = format!("default_{}", integration.to_ascii_lowercase());
        servers::connection(folder.path(), &name, integration, &server.fields());
    }
    (Stage::with(|config| config.connections = Some(folder.path().to_owned())).await, folder)
}

const LINUX: (&str, &str) = ("LINUX_SSH", "LINUX_SSH_EXECUTE_COMMAND");

#[tokio::test]
async fn commands_print_into_the_log_and_end_as_their_exit_says() {
    let Some(server) = OpenSsh::start().await else { return };
    let (mut stage, _folder) = stage(&server).await;
    let cases = [
        (LINUX, "echo out; echo err >&2", "succeeded", "", "out"),
        (("WINDOWS_SSH", "WINDOWS_SSH_COMMAND"), "echo $DOWNBEAT_TOKEN", "succeeded", "", "-2-1"),
        (LINUX, "echo $OPENLINEAGE_PARENT_ID", "succeeded", "", "downbeat/test.task3/00000000-"),
        (LINUX, "echo first; echo no such table; exit 3", "failed", "exit code 3: no such table", "first"),
        (LINUX, "kill -9 $$", "failed", "killed by signal KILL", ""),
        (LINUX, "head -c 3000000 /dev/zero | tr '\\0' x", "succeeded", "", "xxx"),
        (LINUX, "a\0b", "misconfigured", "null character", ""),
    ];
    for (((integration, job), command, word, expected, printed), task) in cases.into_iter().zip(1..) {
        stage.offer(vec![offer(task, integration, job, json!({ "command": command }))]).await;
        let (said, text, _) = stage.told(task).await;
        assert_eq!(said, word, "{command}: {text}");
        assert!(text.contains(expected), "{command}: {text}");
        assert!(stage.log(task).await.contains(printed), "{command}: {}", stage.log(task).await);
    }
    stage.shut_down().await;
}

#[tokio::test]
async fn a_stop_ends_the_command_on_the_other_machine_or_says_that_it_is_unconfirmed() {
    let Some(server) = OpenSsh::start().await else { return };
    let (mut stage, _folder) = stage(&server).await;
    for (command, task, word, expected) in [
        ("echo begun; exec sleep 987651", 1, "stopped", ""),
        ("trap '' TERM; echo begun; sleep 987652; sleep 987653", 2, "stopped", ""),
    ] {
        stage.offer(vec![offer(task, LINUX.0, LINUX.1, json!({ "command": command }))]).await;
        stage.log_with(task, "\nbegun").await;
        stage.stop(task).await;
        let (said, text, _) = stage.told(task).await;
        assert_eq!(said, word, "{text}\n{}", stage.log(task).await);
        assert!(text.contains(expected), "{text}");
        assert!(!is_running(&format!("sleep 98765{task}")), "{command}");
    }
    stage.shut_down().await;
}

#[tokio::test]
async fn a_server_that_is_lost_leaves_a_command_that_is_not_run_again() {
    let Some(server) = OpenSsh::start().await else { return };
    let (mut stage, folder) = stage(&server).await;
    // Its parent is the part of the server that holds the line.
    let command = "echo begun; sleep 1; kill -9 $PPID; sleep 60";
    stage.offer(vec![offer(1, LINUX.0, LINUX.1, json!({ "command": command }))]).await;
    let (said, text, _) = stage.told(1).await;
    assert!(said == "unknown" && text.contains("nobody knows"), "{said}: {text}");

    let mut stranger = server.fields();
    stranger["host_key"] = json!("SHA256:somebody/else");
    servers::connection(folder.path(), "default_linux_ssh", "LINUX_SSH", &stranger);
    stage.offer(vec![offer(2, LINUX.0, LINUX.1, json!({ "command": "true" }))]).await;
    let (said, text, _) = stage.told(2).await;
    assert!(said == "misconfigured" && text.contains("somebody else may answer"), "{said}: {text}");
    stage.shut_down().await;
}

#[tokio::test]
async fn files_are_put_as_a_whole_and_got_again() {
    let Some(server) = OpenSsh::start().await else { return };
    let (mut stage, _folder) = stage(&server).await;
    let place = folder_for_all();
    let file = place.path().join("a file.csv");
    std::fs::write(place.path().join("large"), vec![b'x'; 4 << 20]).unwrap();
    std::fs::write(place.path().join("binary"), [0, 255]).unwrap();
    let at = |name: &str| place.path().join(name).to_string_lossy().into_owned();
    let mut task = 0;
    let large = "é".repeat(700_000);
    for (job, parameters, word, expected) in [
        ("SFTP_PUT_FILE", json!({ "file_path": file, "contents": large }), "succeeded", "1400000 bytes"),
        ("SFTP_GET_FILE", json!({ "file_path": file, "set_outputs": false }), "succeeded", "1400000 bytes"),
        (
            "SFTP_PUT_FILE",
            json!({ "file_path": file, "contents": "AP8=", "content_format": "BASE64" }),
            "succeeded",
            "2 bytes",
        ),
        (
            "SFTP_GET_FILE",
            json!({ "file_path": file, "content_format": "BASE64" }),
            "succeeded",
            r#"{"contents":"AP8=","size":2}"#,
        ),
        ("SFTP_GET_FILE", json!({ "file_path": at("binary") }), "misconfigured", "no UTF-8 text"),
        ("SFTP_PUT_FILE", json!({ "file_path": file, "contents": "x", "overwrite": false }), "failed", "already"),
        (
            "SFTP_PUT_FILE",
            json!({ "file_path": at("new"), "contents": "", "overwrite": false }),
            "succeeded",
            "0 bytes",
        ),
        ("SFTP_PUT_FILE", json!({ "file_path": at("no/folder"), "contents": "x" }), "failed", "No such file"),
        ("SFTP_GET_FILE", json!({ "file_path": at("absent") }), "failed", "absent"),
        ("SFTP_GET_FILE", json!({ "file_path": at("large") }), "misconfigured", "larger than 3 MiB"),
        ("SFTP_GET_FILE", json!({ "file_path": place.path() }), "failed", ""),
    ] {
        task += 1;
        stage.offer(vec![offer(task, "SFTP", job, parameters.clone())]).await;
        let (said, text, operation) = stage.told(task).await;
        assert_eq!(said, word, "{job} {}: {text}", shown(&parameters));
        assert!(text.contains(expected), "{job} {}: {text}", shown(&parameters));
        if said == "succeeded" {
            assert!(operation.unwrap().asset.starts_with("sftp://127.0.0.1:"));
        }
    }
    let mut names: Vec<_> = std::fs::read_dir(place.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["a file.csv", "binary", "large", "new"], "nothing half is left");
    stage.shut_down().await;
}

fn shown(parameters: &Value) -> String {
    parameters.to_string().chars().take(200).collect()
}
