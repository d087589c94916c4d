//! The real git, over folders and over a server of its own, friendly and not.

mod reading;
mod server;
mod writing;

use std::{os::unix::fs::symlink, process::Command, sync::Arc, time::Duration};

use downbeat_proto::events::v1::FailureClass;
use downbeat_runtime::blob::{BlobKey, BlobStore};
use serde_json::{Map, Value, json};
use tempfile::TempDir;
use uuid::Uuid;

use super::*;
use crate::connections::{Connections, Fields};
use crate::connectors::Submit;
use crate::process::{book::Page, log::TaskLog};
use crate::stop::{StopLevel, StopSender, stop_channel};

const TOKEN: &str = "t0ken-s3cret";

/// A task in folders of its own.
struct Scene {
    folder: TempDir,
    task: Task,
    asks: StopSender,
}

impl Scene {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| {
            let path = folder.path().join(name);
            std::fs::create_dir_all(&path).unwrap();
            path
        };
        let store = BlobStore::open(&at("blobs")).unwrap();
        let log =
            TaskLog::new(store.append(&BlobKey::task_log(Uuid::from_u128(1), Uuid::from_u128(2), 1)).await.unwrap());
        let page = Page::open(&at("processes"), &Uuid::new_v4().to_string()).unwrap();
        let (asks, stop) = stop_channel();
        let task = Task {
            offer: Default::default(),
            parameters: Map::new(),
            token: "token".to_owned(),
            resume: None,
            submit: Submit::nobody(),
            folder: at("attempt"),
            log,
            stop,
            page,
        };
        Self { folder, task, asks }
    }

    /// Reads a connection of these fields, as a task would, and fetches what it names.
    async fn fetch(&self, git: &Git, mut fields: Value, branch: Option<&str>, folders: Option<&str>) -> Step<Checkout> {
        // In a connection `file:` refers to a file: such an address stands in one.
        std::fs::write(self.folder.path().join("address"), fields["git_repository"].as_str().unwrap()).unwrap();
        fields["git_repository"] = "file:address".into();
        let file = self.folder.path().join("code.json");
        std::fs::write(&file, json!({ "integration": "PYTHON", "fields": fields }).to_string()).unwrap();
        let connections = Connections::new(Some(self.folder.path().to_owned()));
        let open = Fields::any_but(&["git_repository", "git_branch", "git_username", "git_host_key"]);
        let connection = connections.open("code", "PYTHON", open).await?.unwrap();
        self.task.log.learn(connection.secrets()).await;
        let repository = git.read(&connection, branch, folders, None)?.unwrap();
        git.check_out(&self.task, &repository).await
    }

    async fn log(&self) -> String {
        let store = BlobStore::open(&self.folder.path().join("blobs")).unwrap();
        let key = BlobKey::task_log(Uuid::from_u128(1), Uuid::from_u128(2), 1);
        let chunk = store.read(&key, 0, 1 << 20).await.unwrap();
        chunk.map(|chunk| String::from_utf8_lossy(&chunk.data).into_owned()).unwrap_or_default()
    }
}

fn git(folder: &Path, arguments: &[&str]) -> String {
    let mut command = Command::new("git");
    command.env("GIT_CONFIG_NOSYSTEM", "1").env("GIT_CONFIG_GLOBAL", "/dev/null").current_dir(folder);
    let ran = command.args(["-c", "user.name=a", "-c", "user.email=a@example.com"]).args(arguments).output().unwrap();
    assert!(ran.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&ran.stderr));
    String::from_utf8_lossy(&ran.stdout).trim().to_owned()
}

/// A repository with two branches, a tag, folders, a link that leads out of it, a hook and a submodule, and its commits: the first and the newest.
fn origin(folder: &Path) -> (String, String) {
    std::fs::create_dir_all(folder).unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    git(folder, &["init", "-q", "-b", "main"]);
    git(folder, &["config", "uploadpack.allowFilter", "true"]);
    write("load.py", "print('one')\n");
    write("jobs/a/x.py", "");
    write("jobs/b/y.py", "");
    git(folder, &["add", "."]);
    git(folder, &["commit", "-q", "-m", "one"]);
    git(folder, &["tag", "v1"]);
    let first = git(folder, &["rev-parse", "HEAD"]);
    git(folder, &["branch", "feature/x"]);
    write("load.py", "print('two')\n");
    write(".gitmodules", "[submodule \"sub\"]\n\tpath = sub\n\turl = ../sub\n");
    symlink("/etc/hostname", folder.join("out.py")).unwrap();
    write(".git/hooks/post-checkout", "#!/bin/sh\ntouch hooked\n");
    git(folder, &["add", "."]);
    git(folder, &["update-index", "--add", "--cacheinfo", &format!("160000,{first},sub")]);
    git(folder, &["commit", "-q", "-m", "two"]);
    (first, git(folder, &["rev-parse", "HEAD"]))
}

fn local() -> Git {
    Git::new(&["file".to_owned(), "http".to_owned()])
}

fn failed(ended: Step<Checkout>) -> Failure {
    match ended {
        Err(Ending::Failed(failure)) => {
            assert!(!failure.message.contains("s3cret"), "{}", failure.message);
            failure
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn one_commit_is_fetched_and_nothing_of_it_runs() {
    let place = tempfile::tempdir().unwrap();
    let (first, newest) = origin(place.path());
    let url = format!("file://{}", place.path().display());
    let cases = [
        (None, None, &newest),
        (None, Some("main"), &newest),
        (None, Some("feature/x"), &first),
        (Some("feature/x"), None, &first),
        (Some("feature/x"), Some("main"), &newest),
        (None, Some("refs/tags/v1"), &first),
        (None, Some(first.as_str()), &first),
    ];
    for (own, branch, commit) in cases {
        let scene = Scene::new().await;
        let fields = json!({ "git_repository": url, "git_branch": own });
        let checkout = scene.fetch(&local(), fields, branch, None).await.unwrap();
        assert_eq!(&checkout.commit, commit, "{own:?} {branch:?}");
        let text = std::fs::read_to_string(checkout.folder.join("load.py")).unwrap();
        assert_eq!(text.contains("two"), commit == &newest);
        assert!(checkout.folder.join(".git/shallow").is_file() || commit == &first, "no history comes with it");
        assert!(!checkout.folder.join("hooked").exists() && !checkout.folder.join("sub/load.py").exists());
        assert!(scene.log().await.contains(&format!("git: commit {commit}")), "{}", scene.log().await);
    }
}

#[tokio::test]
async fn only_the_folders_that_are_wanted_come() {
    let place = tempfile::tempdir().unwrap();
    origin(place.path());
    let fields = json!({ "git_repository": format!("file://{}", place.path().display()) });
    let scene = Scene::new().await;
    let checkout = scene.fetch(&local(), fields.clone(), None, Some("jobs/a")).await.unwrap();
    let there = |name: &str| checkout.folder.join(name).exists();
    assert_eq!(["load.py", "jobs/a/x.py", "jobs/b"].map(there), [true, true, false]);

    let missing = failed(Scene::new().await.fetch(&local(), fields, None, Some("jobs/a, jobs/nope")).await);
    assert_eq!(missing.class, FailureClass::Misconfigured);
    assert!(missing.message.contains("\"jobs/nope\"") && missing.message.contains("shallow_clone_dirs"));
}

#[tokio::test]
async fn what_is_not_there_or_not_allowed_is_told_apart() {
    let place = tempfile::tempdir().unwrap();
    origin(place.path());
    let url = format!("file://{}", place.path().display());
    let nowhere = format!("{url}/nowhere");
    let unknown = "0123456789012345678901234567890123456789";
    let cases = [
        (local(), json!({ "git_repository": url }), Some("nope"), "there is no such branch"),
        (local(), json!({ "git_repository": url }), Some(unknown), "there is no such commit"),
        (local(), json!({ "git_repository": url }), Some("--upload-pack=touch x"), "begins with `-`"),
        (local(), json!({ "git_repository": url, "git_branch": "a..b" }), None, "the field git_branch is"),
        (local(), json!({ "git_repository": nowhere }), None, "does not appear to be a git repository"),
        (local(), json!({ "git_repository": "ext::sh -c s3cret" }), None, "the field git_repository"),
        (local(), json!({ "git_repository": "https://u:s3cret@h/x" }), None, "git_token"),
        (local(), json!({ "git_repository": url, "git_token": TOKEN }), None, "is for addresses with https"),
        (local(), json!({ "git_repository": "https://h/x", "git_token": "t0ken\ns3cret" }), None, "line break"),
        (
            local(),
            json!({ "git_repository": "https://h/x", "git_private_key": "s3cret" }),
            None,
            "is for addresses with ssh",
        ),
        (local(), json!({ "git_repository": "git@h:x" }), None, "git_private_key is missing"),
        (
            local(),
            json!({ "git_repository": "git@h:x", "git_private_key": "s3cret" }),
            None,
            "git_host_key must say who",
        ),
        (Git::default(), json!({ "git_repository": url }), None, "one of these protocols: https, ssh"),
        (Git::default(), json!({ "git_repository": "https://169.254.169.254/x" }), None, "link-local"),
    ];
    for (git, fields, branch, why) in cases {
        let failure = failed(Scene::new().await.fetch(&git, fields.clone(), branch, None).await);
        assert!(failure.message.contains(why), "{fields}: {}", failure.message);
        assert_eq!(failure.class, FailureClass::Misconfigured, "{fields}: {}", failure.message);
    }
    let refused = json!({ "git_repository": "http://127.0.0.1:1/x" });
    let failure = failed(Scene::new().await.fetch(&local(), refused, None, None).await);
    assert_eq!(failure.class, FailureClass::Transient, "{}", failure.message);
}

#[tokio::test]
async fn a_checkout_is_bounded_in_bytes_and_in_files() {
    let place = tempfile::tempdir().unwrap();
    origin(place.path());
    let fields = json!({ "git_repository": format!("file://{}", place.path().display()) });
    for (bytes, files, why) in [(1024, 200_000, "larger than 0 MiB"), (1 << 30, 12, "larger than 12 files and folders")]
    {
        let bounds = Bounds { bytes, files, ..Bounds::default() };
        let git = Git { bounds, ..local() };
        let failure = failed(Scene::new().await.fetch(&git, fields.clone(), None, None).await);
        assert!(failure.message.contains(why) && failure.message.contains("shallow_clone_dirs"), "{}", failure.message);
    }
}

/// Takes connections and says nothing; hears of each.
async fn silent() -> (String, tokio::sync::mpsc::UnboundedReceiver<tokio::net::TcpStream>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/code.git", listener.local_addr().unwrap());
    let (sender, receiver) = tokio::sync::mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            if sender.send(stream).is_err() {
                return;
            }
        }
    });
    (url, receiver)
}

/// Whether a text stands in the arguments of any process.
fn in_arguments(text: &str) -> bool {
    let entries = std::fs::read_dir("/proc").unwrap().flatten();
    entries.into_iter().any(|entry| {
        let line = std::fs::read(entry.path().join("cmdline")).unwrap_or_default();
        String::from_utf8_lossy(&line).contains(text)
    })
}

#[tokio::test]
async fn a_server_that_says_nothing_is_left_after_a_time() {
    let (url, _heard) = silent().await;
    let git = Git { bounds: Bounds { wait: Duration::from_millis(400), ..Bounds::default() }, ..local() };
    let scene = Scene::new().await;
    let failure = failed(scene.fetch(&git, json!({ "git_repository": url }), None, None).await);
    assert_eq!(failure.class, FailureClass::TimedOut);
    assert!(failure.message.contains("0.4 s"), "{}", failure.message);
    assert!(!in_arguments(&url), "git is gone");
}

#[tokio::test]
async fn a_stop_ends_git_and_meanwhile_its_arguments_hold_no_credential() {
    let (url, mut heard) = silent().await;
    let scene = Arc::new(Scene::new().await);
    let inside = Arc::clone(&scene);
    let fields = json!({ "git_repository": url, "git_token": TOKEN });
    let fetching = tokio::spawn(async move { inside.fetch(&local(), fields, None, None).await });
    let _stream = heard.recv().await.unwrap();
    let pair = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, format!("x-access-token:{TOKEN}"));
    assert!(in_arguments(&url) && !in_arguments(TOKEN) && !in_arguments(&pair));
    scene.asks.ask(StopLevel::Gentle);
    assert!(matches!(fetching.await.unwrap(), Err(Ending::Stopped)));
    assert!(!in_arguments(&url), "git is gone");
}

#[tokio::test]
async fn a_token_opens_a_repository_over_http_and_is_seen_nowhere() {
    let place = tempfile::tempdir().unwrap();
    let (_, newest) = origin(&place.path().join("code"));
    let base = server::serve(place.path(), TOKEN).await;
    let fields =
        |path: &str, token: Option<&str>| json!({ "git_repository": format!("{base}/{path}"), "git_token": token });

    let scene = Scene::new().await;
    let checkout = scene.fetch(&local(), fields("code/.git", Some(TOKEN)), None, Some("jobs/a")).await.unwrap();
    assert_eq!(checkout.commit, newest);
    assert!(checkout.folder.join("jobs/a/x.py").is_file() && !checkout.folder.join("jobs/b").exists());
    let config = std::fs::read_to_string(checkout.folder.join(".git/config")).unwrap();
    let log = scene.log().await;
    assert!(!config.contains("Authorization") && !log.contains("s3cret") && !log.contains("Authorization"), "{log}");

    for (path, token, class, why) in [
        ("code/.git", None, FailureClass::Misconfigured, "set git_token"),
        ("code/.git", Some("another-s3cret"), FailureClass::Misconfigured, "git_token"),
        ("none", Some(TOKEN), FailureClass::Misconfigured, "there is none, or the credentials may not read it"),
        ("moved/.git", Some(TOKEN), FailureClass::Misconfigured, "leads elsewhere"),
        ("metadata/.git", Some(TOKEN), FailureClass::Misconfigured, "leads elsewhere"),
        ("busy/.git", Some(TOKEN), FailureClass::Transient, "503"),
    ] {
        let failure = failed(Scene::new().await.fetch(&local(), fields(path, token), None, None).await);
        assert_eq!(failure.class, class, "{path}: {}", failure.message);
        assert!(failure.message.contains(why), "{path}: {}", failure.message);
    }
}
