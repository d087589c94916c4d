//! Pipelines that live in git, with everything real: repositories on disk, git, worker, coordinator, gateway and command line.

use std::{path::Path, process::Command, time::Duration};

use downbeat_integration_tests::{
    cluster::{Dev, text},
    http::Client,
    process::eventually,
};
use serde_json::{Value, json};

const BASE: &str = "/api/engine/public";
const SECRET: &str = "a secret of the host";
const SOON: Duration = Duration::from_secs(30);

fn git(folder: &Path, arguments: &[&str]) -> String {
    let mut command = Command::new("git");
    command.env("GIT_CONFIG_NOSYSTEM", "1").env("GIT_CONFIG_GLOBAL", "/dev/null").current_dir(folder);
    command.args(["-c", "user.name=Ada", "-c", "user.email=ada@example.com"]);
    let ran = command.args(arguments).output().expect("git starts");
    assert!(ran.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&ran.stderr));
    String::from_utf8_lossy(&ran.stdout).trim().to_owned()
}

fn pipeline(name: &str) -> String {
    format!(
        "version: v1\nname: {name}\npipeline:\n  t: {{integration: DOWNBEAT, integration_job: NOOP, parameters: {{}}}}\n"
    )
}

/// A host with one repository, and a clone of it.
struct Host {
    folder: tempfile::TempDir,
}

impl Host {
    fn new() -> Self {
        let host = Self { folder: tempfile::tempdir().expect("a folder") };
        let (bare, clone) = (host.at("host/acme/etl.git"), host.at("clone"));
        std::fs::create_dir_all(&clone).expect("the folder is ours");
        git(&clone, &["init", "-q", "-b", "main"]);
        std::fs::create_dir_all(host.at("host/acme")).expect("the folder is ours");
        git(host.folder.path(), &["init", "-q", "--bare", "-b", "main", bare.to_str().expect("text")]);
        git(&clone, &["remote", "add", "origin", bare.to_str().expect("text")]);
        std::fs::write(host.at("secret"), SECRET).expect("the folder is ours");
        host
    }

    fn at(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(name)
    }

    /// Pushes a text of `orders.yml` to a branch: the commit.
    fn push(&self, branch: &str, text: &str) -> String {
        let clone = self.at("clone");
        std::fs::write(clone.join("orders.yml"), text).expect("the folder is ours");
        git(&clone, &["add", "-A"]);
        git(&clone, &["commit", "-q", "--allow-empty", "-m", branch]);
        git(&clone, &["push", "-q", "origin", &format!("HEAD:{branch}")]);
        git(&clone, &["rev-parse", "HEAD"])
    }

    /// A Downbeat that takes this host for GitLab, and looks every so many seconds.
    fn downbeat(&self, every: &str, more: &[&str]) -> (Dev, Client) {
        let host = format!("gitlab=file://{}/", self.at("host").display());
        let arguments = ["--git-protocol", "file", "--git-host", &host, "--git-sync-seconds", every];
        let dev = Dev::start_with(self.folder.path(), 2, &[&arguments, more].concat());
        let key = dev.addresses.downbeat_ok(&["key", "create", "git", "--role", "admin"]);
        let client = Client::with_key(&dev.api, key.trim());
        eventually("the gateway knows the key", SOON, || {
            (client.get(&format!("{BASE}/pipelines")).status == 200).then_some(())
        });
        eventually("the worker is there", SOON, || {
            let tried = dev.addresses.downbeat(&["import", "acme/none", "orders.yml", "--provider", "gitlab"]);
            (!text(&tried).contains("no worker")).then_some(())
        });
        (dev, client)
    }
}

fn shown(dev: &Dev) -> String {
    dev.addresses.downbeat_ok(&["pipeline", "show", "orders"])
}

#[test]
fn a_push_is_the_next_version_and_what_is_no_pipeline_is_kept_out() {
    // Given a pipeline in a repository, and a host that says when something is pushed
    let host = Host::new();
    let first = host.push("main", &pipeline("One"));
    let secret = format!("gitlab={}", host.at("secret").display());
    let (dev, client) = host.downbeat("0", &["--git-webhook-secret", &secret]);
    let import = ["import", "acme/etl", "orders.yml", "--provider", "gitlab"];
    let imported = dev.addresses.downbeat_ok(&import);
    assert!(imported.contains("imported: pipeline `orders` version 1") && imported.contains(&first), "{imported}");
    for part in ["GITLAB acme/etl, branch main: orders.yml", &first, "version     1"] {
        assert!(shown(&dev).contains(part), "{part}: {}", shown(&dev));
    }

    // When a text is pushed and the host says so
    let second = host.push("main", &pipeline("Two"));
    let push = json!({"ref": "refs/heads/main", "project": {"path_with_namespace": "acme/etl"}}).to_string();
    let say = |provider: &str, token: &str| {
        let target = format!("/hooks/git/{provider}");
        Client::new(&dev.api).send("POST", &target, &[("x-gitlab-token", token)], push.as_bytes()).expect("an answer")
    };
    for (provider, token, status) in
        [("gitlab", "another", 401), ("gitlab", "", 401), ("github", SECRET, 404), ("svn", SECRET, 404)]
    {
        assert_eq!(say(provider, token).status, status, "{provider} {token}");
    }
    assert!(shown(&dev).contains("version     1"));
    assert_eq!(say("gitlab", SECRET).json(), json!({ "pipelines": 1 }));
    // Then it is the current version
    eventually("the push is the next version", SOON, || {
        let shown = shown(&dev);
        (shown.contains("version     2") && shown.contains(&second)).then_some(())
    });

    // When what is pushed is no pipeline
    let third = host.push("main", "version: v1\nname: Three\n");
    assert_eq!(say("gitlab", SECRET).status, 200);
    // Then the current version stays, and it is said why
    let failing = eventually("the failure is shown", SOON, || Some(shown(&dev)).filter(|it| it.contains("not synced")));
    for part in ["version     2", &third, "orders.yml:1:1: error"] {
        assert!(failing.contains(part), "{part}: {failing}");
    }
    let found = client.get(&format!("{BASE}/pipeline?alias=orders")).json();
    assert_eq!((&found["publishedVersionNumber"], &found["lastSyncedCommit"]), (&json!(2), &json!(third)));
    assert!(found["syncFailure"].as_str().is_some_and(|said| said.contains("orders.yml:1:1")), "{found}");
    let refused = dev.addresses.downbeat(&["sync", "orders"]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(text(&refused).contains("orders.yml:1:1: error"), "{}", text(&refused));
}

#[test]
fn branches_are_looked_at_by_themselves() {
    let host = Host::new();
    host.push("main", &pipeline("One"));
    let (dev, _client) = host.downbeat("1", &[]);
    dev.addresses.downbeat_ok(&["import", "acme/etl", "orders.yml", "--provider", "gitlab"]);
    let second = host.push("main", &pipeline("Two"));
    eventually("the push is the next version", SOON, || shown(&dev).contains(&second).then_some(()));
    assert!(shown(&dev).contains("version     2"), "{}", shown(&dev));
    let audit = dev.addresses.downbeat_ok(&["audit"]);
    assert!(audit.lines().any(|line| line.contains("git") && line.contains("APPLY_PIPELINE")), "{audit}");
}

#[test]
fn files_are_read_and_run_at_branches_and_commits() {
    let host = Host::new();
    let first = host.push("main", &pipeline("One"));
    let topic = host.push("topic", &pipeline("Two"));
    let (dev, client) = host.downbeat("0", &[]);
    dev.addresses.downbeat_ok(&["import", "acme/etl", "orders.yml", "--provider", "gitlab"]);

    let run = dev.addresses.downbeat(&["run", "orders", "--branch", "topic", "--wait"]);
    assert!(run.status.success(), "{}", text(&run));
    let newest = client.get(&format!("{BASE}/pipeline_runs?page_size=1")).json()["results"][0].clone();
    let of = |name: &str| newest[name].as_str().unwrap_or_default().to_owned();
    assert_eq!((of("branch"), of("commit"), of("pipelineName")), ("topic".to_owned(), topic.clone(), "Two".to_owned()));
    assert_eq!(of("gitLink"), format!("https://gitlab.com/acme/etl/-/commit/{topic}"));
    let run = dev.addresses.downbeat(&["run", "orders", "--commit", &topic, "--wait"]);
    assert!(run.status.success(), "{}", text(&run));
    assert!(shown(&dev).contains("version     1 (draft 2)"), "{}", shown(&dev));

    for (query, expected) in [
        ("branch=topic".to_owned(), pipeline("Two")),
        (format!("commit={topic}"), pipeline("Two")),
        (format!("commit={first}"), pipeline("One")),
        ("branch=main".to_owned(), pipeline("One")),
    ] {
        let read = client.get(&format!("{BASE}/pipeline/data?alias=orders&{query}"));
        assert_eq!((read.status, read.text()), (200, expected), "{query}");
    }
    for (query, why) in [
        ("branch=nope", "there is no branch nope"),
        ("branch=-x", "git allows no branch"),
        ("commit=abc", "the full id of a commit"),
        ("branch=main&version=1", "give one of"),
    ] {
        let refused = client.get(&format!("{BASE}/pipeline?alias=orders&{query}"));
        assert_eq!(refused.status, 400, "{query}: {}", refused.text());
        assert!(refused.text().contains(why), "{query}: {}", refused.text());
    }
}

#[test]
fn imports_that_cannot_be_say_why() {
    let host = Host::new();
    host.push("main", &pipeline("One"));
    let (dev, client) = host.downbeat("0", &[]);
    let body = |change: &[(&str, &str)]| {
        let mut body = json!({
            "storage_provider": "GITLAB", "repository": "acme/etl", "default_branch": "main", "yaml_path": "orders.yml", "alias": "orders",
        });
        for (name, value) in change {
            body[*name] = Value::from(*value);
        }
        body
    };
    let import = |change: &[(&str, &str)]| client.ask("POST", &format!("{BASE}/pipelines/import"), Some(&body(change)));
    for (change, status, why) in [
        (vec![("yaml_path", "other.yml")], 400, "other.yml of file://"),
        (vec![("repository", "acme/none")], 400, "does not appear to be a git repository"),
        (vec![("repository", "../../etc/passwd")], 400, "storage.repository"),
        (vec![("default_branch", "--upload-pack=x")], 400, "git allows no branch"),
        (vec![("yaml_path", "../orders.yml")], 400, "storage.yaml_path"),
        (vec![("storage_provider", "SVN")], 400, "storage.provider"),
        (vec![("storage_provider", "GIT"), ("repository", "file:///nowhere/at/all")], 400, "git repository"),
    ] {
        let refused = import(&change);
        assert_eq!(refused.status, status, "{change:?}: {}", refused.text());
        assert!(refused.text().contains(why), "{change:?}: {}", refused.text());
    }
    let made = import(&[]);
    assert_eq!(made.status, 201, "{}", made.text());
    assert_eq!((&made.json()["alias"], &made.json()["data"]["name"]), (&json!("orders"), &json!("One")));
    assert_eq!(import(&[]).status, 400);

    // A folder of this machine, as the worker was told that it may.
    let clone = host.at("clone");
    let local = dev.addresses.downbeat_ok(&["import", clone.to_str().expect("text"), "orders.yml", "--alias", "local"]);
    assert!(local.contains("imported: pipeline `local` version 1"), "{local}");
    // One of Downbeat's own moves into a repository, and is what stands there.
    let file = host.at("mine.yml");
    std::fs::write(&file, pipeline("Mine")).expect("the folder is ours");
    dev.addresses.downbeat_ok(&["apply", file.to_str().expect("text"), "--alias", "mine"]);
    // It was not applied through this gateway, which hears of it a moment later.
    eventually("the pipeline is seen", SOON, || {
        (client.get(&format!("{BASE}/pipeline?alias=mine")).status == 200).then_some(())
    });
    let refused = client.ask("POST", &format!("{BASE}/pipelines/mine/start"), Some(&json!({ "branch": "main" })));
    assert_eq!(refused.status, 400, "{}", refused.text());
    let storage = json!({
        "storage_provider": "GITLAB", "repository": "acme/etl", "default_branch": "main", "path": "orders.yml", "sync": true,
    });
    let moved = client.ask("PATCH", &format!("{BASE}/pipelines/storage-settings?alias=mine"), Some(&storage));
    assert_eq!((moved.status, &moved.json()["data"]["name"]), (200, &json!("One")), "{}", moved.text());
}

/// A connection of the host that lets some branches be written.
fn allowing(host: &Host, branches: &str) -> std::path::PathBuf {
    let folder = host.at("connections");
    std::fs::create_dir_all(&folder).expect("the folder is ours");
    let text = json!({ "integration": "GITLAB", "fields": { "git_push": branches } }).to_string();
    std::fs::write(folder.join("default_gitlab.json"), text).expect("the folder is ours");
    folder
}

/// Imports the pipeline, which the gateway hears of a moment later.
fn import(dev: &Dev, client: &Client) {
    dev.addresses.downbeat_ok(&["import", "acme/etl", "orders.yml", "--provider", "gitlab"]);
    eventually("the pipeline is seen", SOON, || {
        (client.get(&format!("{BASE}/pipeline?alias=orders")).status == 200).then_some(())
    });
}

impl Host {
    fn head(&self, branch: &str) -> String {
        git(&self.at("host/acme/etl.git"), &["rev-parse", branch])
    }

    fn file(&self, branch: &str) -> String {
        git(&self.at("host/acme/etl.git"), &["show", &format!("{branch}:orders.yml")]) + "\n"
    }
}

fn commit(client: &Client, text: &str, base: &str, branch: &str) -> (u16, Value) {
    let body =
        json!({ "yaml": text, "baseYaml": base, "branch": branch, "message": format!("To {branch}\n\nand more") });
    let answer = client.ask("POST", &format!("{BASE}/pipelines/orders/commit"), Some(&body));
    (answer.status, answer.json())
}

#[test]
fn a_change_is_committed_to_the_branch_that_counts_and_to_others() {
    // Given a pipeline in a repository whose connection lets branches be written
    let host = Host::new();
    host.push("main", &pipeline("One"));
    let folder = allowing(&host, "main, downbeat/*");
    let (dev, client) = host.downbeat("0", &["--connections", folder.to_str().expect("text")]);
    import(&dev, &client);

    // When a change is committed to the branch that counts
    let (status, done) = commit(&client, &pipeline("Two"), &pipeline("One"), "");
    assert_eq!(status, 200, "{done}");
    // Then it stands there, is the current version, and the log says who asked
    assert_eq!((&done["branch"], &done["changed"], &done["counts"]), (&json!("main"), &json!(true), &json!(true)));
    assert_eq!((&done["commit"], &done["version"]), (&json!(host.head("main")), &json!(2)), "{done}");
    assert_eq!(done["commitLink"], json!(format!("https://gitlab.com/acme/etl/-/commit/{}", host.head("main"))));
    assert_eq!(done.get("pullRequestLink"), None);
    assert_eq!(host.file("main"), pipeline("Two"));
    assert!(shown(&dev).contains("version     2") && shown(&dev).contains(&host.head("main")), "{}", shown(&dev));
    let author = git(&host.at("host/acme/etl.git"), &["log", "-1", "--format=%an <%ae> %cn: %s", "main"]);
    assert_eq!(author, "key:git <key-git@downbeat.invalid> Downbeat: To");
    let audit = || dev.addresses.downbeat_ok(&["audit", "--json", "--kind", "COMMIT_PIPELINE_FILE"]);
    let rows = eventually("the audit has both rows", SOON, || Some(audit()).filter(|it| it.contains("was committed")));
    for part in ["key:git", "asked to commit pipeline orders to branch main of acme/etl", &host.head("main")] {
        assert!(rows.contains(part), "{part}: {rows}");
    }

    // When the next one goes to a branch of its own
    let (status, topic) = commit(&client, &pipeline("Three"), &pipeline("Two"), "downbeat/three");
    assert_eq!((status, &topic["counts"], &topic["version"]), (200, &json!(false), &json!(3)), "{topic}");
    let proposed = topic["pullRequestLink"].as_str().expect("a link");
    assert!(proposed.contains("source_branch%5D=downbeat%2Fthree") && proposed.contains("target_branch%5D=main"));
    // Then it runs there, and the current version stays
    let run = dev.addresses.downbeat(&["run", "orders", "--branch", "downbeat/three", "--wait"]);
    assert!(run.status.success(), "{}", text(&run));
    let newest = client.get(&format!("{BASE}/pipeline_runs?page_size=1")).json()["results"][0].clone();
    assert_eq!((&newest["commit"], &newest["pipelineVersionNumber"]), (&topic["commit"], &json!(3)), "{newest}");
    assert!(shown(&dev).contains("version     2 (draft 3)"), "{}", shown(&dev));

    // The same again is done already; another one goes on from there.
    let (status, again) = commit(&client, &pipeline("Three"), &pipeline("Two"), "downbeat/three");
    assert_eq!((status, &again["changed"], &again["commit"]), (200, &json!(false), &topic["commit"]), "{again}");
    let (status, more) = commit(&client, &pipeline("Four"), &pipeline("Three"), "downbeat/three");
    assert_eq!((status, &more["version"]), (200, &json!(4)), "{more}");

    // From the command line, of the version that the change began from.
    let file = host.at("five.yml");
    std::fs::write(&file, pipeline("Five")).expect("the folder is ours");
    let arguments = ["commit", "orders", file.to_str().expect("text"), "--base", "2", "-m", "Five"];
    let typed = dev.addresses.downbeat_ok(&arguments);
    assert!(typed.contains("committed: pipeline `orders` is branch main") && typed.contains("(version 5)"), "{typed}");
    assert_eq!(host.file("main"), pipeline("Five"));
    let typed = dev.addresses.downbeat_ok(&arguments);
    assert!(typed.contains("unchanged: pipeline `orders` is branch main"), "{typed}");

    // A text that is longer than what sensors are asked.
    let long = format!("{}{}", pipeline("Long"), "# and so on\n".repeat(40_000));
    let (status, done) = commit(&client, &long, &pipeline("Five"), "");
    assert_eq!((status, &done["changed"]), (200, &json!(true)), "{done}");
    assert_eq!(host.file("main"), long);

    // A branch that has to be new.
    let new = |branch: &str| {
        let body =
            json!({ "yaml": pipeline("New"), "baseYaml": long, "branch": branch, "message": "x", "newBranch": true });
        client.ask("POST", &format!("{BASE}/pipelines/orders/commit"), Some(&body)).status
    };
    assert_eq!((new("downbeat/three"), new("downbeat/new"), new("downbeat/new")), (409, 200, 200));
}

#[test]
fn what_somebody_else_wrote_is_not_written_over_and_who_may_not_commit_is_told_why() {
    let host = Host::new();
    host.push("main", &pipeline("One"));
    let folder = allowing(&host, "main, downbeat/*");
    let (dev, client) = host.downbeat("0", &["--connections", folder.to_str().expect("text")]);
    import(&dev, &client);

    // Two editors began from the same text, and one has pushed with git.
    let theirs = host.push("main", &pipeline("Theirs"));
    for branch in ["", "downbeat/mine"] {
        let (status, refused) = commit(&client, &pipeline("Mine"), &pipeline("One"), branch);
        let said = refused["detail"].as_str().unwrap_or_default().to_owned();
        assert_eq!(status, 409, "{refused}");
        assert!(said.contains("orders.yml on branch main") && said.contains(&theirs), "{said}");
    }
    assert_eq!(host.head("main"), theirs);
    let (status, _) = commit(&client, &pipeline("Mine"), &pipeline("Theirs"), "");
    assert_eq!((status, host.file("main")), (200, pipeline("Mine")));

    let before = git(&host.at("host/acme/etl.git"), &["for-each-ref"]);
    let mine = pipeline("Mine");
    for (new, base, branch, status, why) in [
        (pipeline("X"), mine.as_str(), "release/1", 400, "the field git_push does not allow the branch release/1"),
        (pipeline("X"), mine.as_str(), "-x", 400, "git allows no branch"),
        ("version: v1\nname: X\n".to_owned(), mine.as_str(), "", 422, "pipeline"),
    ] {
        let (found, refused) = commit(&client, &new, base, branch);
        assert_eq!(found, status, "{branch}: {refused}");
        assert!(refused.to_string().contains(why), "{branch}: {refused}");
    }
    let no_message = json!({ "yaml": pipeline("X"), "baseYaml": mine, "message": " " });
    let refused = client.ask("POST", &format!("{BASE}/pipelines/orders/commit"), Some(&no_message));
    assert_eq!(refused.status, 400, "{}", refused.text());
    // A change of what runs is an editor's.
    for (role, status) in [("viewer", 403), ("operator", 403), ("editor", 200)] {
        let key = dev.addresses.downbeat_ok(&["key", "create", role, "--role", role]);
        let theirs = Client::with_key(&dev.api, key.trim());
        eventually("the gateway knows the key", SOON, || {
            (theirs.get(&format!("{BASE}/pipelines")).status == 200).then_some(())
        });
        let (found, said) = commit(&theirs, &mine, &mine, "");
        assert_eq!(found, status, "{role}: {said}");
    }
    assert_eq!(git(&host.at("host/acme/etl.git"), &["for-each-ref"]), before);

    // The file counts for another pipeline, which is not changed through this one.
    dev.addresses.downbeat_ok(&["import", "acme/etl", "orders.yml", "--provider", "gitlab", "--alias", "twin"]);
    let (status, refused) = commit(&client, &pipeline("X"), &mine, "");
    assert_eq!(status, 400, "{refused}");
    assert!(refused.to_string().contains("also the file of another pipeline"), "{refused}");
    let audit = dev.addresses.downbeat_ok(&["audit", "--json", "--kind", "COMMIT_PIPELINE_FILE"]);
    for part in ["FILE_OF_ANOTHER", "NOT_COMMITTED", "git_push"] {
        assert!(audit.contains(part), "{part}: {audit}");
    }
}

#[test]
fn without_the_word_of_a_connection_nobody_pushes() {
    let host = Host::new();
    host.push("main", &pipeline("One"));
    let (dev, client) = host.downbeat("0", &[]);
    import(&dev, &client);
    let (status, refused) = commit(&client, &pipeline("Two"), &pipeline("One"), "");
    assert_eq!(status, 400, "{refused}");
    for part in ["nobody may push there", "default_gitlab.json", "git_push"] {
        assert!(refused.to_string().contains(part), "{part}: {refused}");
    }
    assert_eq!(host.file("main"), pipeline("One"));
}

#[test]
fn after_a_crash_in_between_the_log_has_who_asked_and_asking_again_settles_it() {
    // Given a host that takes its time
    let host = Host::new();
    host.push("main", &pipeline("One"));
    let folder = allowing(&host, "main");
    let connections = ["--connections", folder.to_str().expect("text")];
    let (mut dev, client) = host.downbeat("0", &connections);
    import(&dev, &client);
    let (arrived, go, hook) = (host.at("arrived"), host.at("go"), host.at("host/acme/etl.git/hooks/pre-receive"));
    let script =
        format!("#!/bin/sh\ntouch {}\nwhile [ ! -e {} ]; do sleep 0.05; done\n", arrived.display(), go.display());
    std::fs::create_dir_all(hook.parent().expect("a folder")).expect("the folder is ours");
    std::fs::write(&hook, script).expect("the folder is ours");
    let executable = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(&hook, executable).expect("the file is ours");

    // When everything ends while it is pushed
    let asking = std::thread::spawn(move || {
        let body = json!({ "yaml": pipeline("Two"), "baseYaml": pipeline("One"), "message": "Two" });
        client.ask("POST", &format!("{BASE}/pipelines/orders/commit"), Some(&body)).status
    });
    eventually("the push has arrived", SOON, || arrived.exists().then_some(()));
    dev.process.kill9();
    assert!(!matches!(asking.join(), Ok(200)), "nobody has heard that it was done");
    std::fs::write(&go, "").expect("the folder is ours");

    // Then the log has who asked for what, and nothing of an end
    let host_of = format!("gitlab=file://{}/", host.at("host").display());
    let arguments = ["--git-protocol", "file", "--git-host", &host_of, "--git-sync-seconds", "0"];
    let dev = Dev::start_with(host.folder.path(), 2, &[&arguments[..], &connections].concat());
    let audit = || dev.addresses.downbeat_ok(&["audit", "--json", "--kind", "COMMIT_PIPELINE_FILE"]);
    let rows = eventually("the audit has what was asked", SOON, || Some(audit()).filter(|it| it.contains("asked to")));
    assert_eq!(rows.lines().count(), 1, "{rows}");
    assert!(rows.contains("key:git") && rows.contains("branch main of acme/etl"), "{rows}");
    // and whether it was taken or not, asking again ends with it being there, once.
    let file = host.at("two.yml");
    std::fs::write(&file, pipeline("Two")).expect("the folder is ours");
    let done = eventually("a worker commits", SOON, || {
        let arguments = ["commit", "orders", file.to_str().expect("text"), "--base", "1", "-m", "Two"];
        let tried = dev.addresses.downbeat(&arguments);
        tried.status.success().then(|| text(&tried))
    });
    assert!(done.contains("pipeline `orders` is branch main"), "{done}");
    assert_eq!(host.file("main"), pipeline("Two"));
    let count = git(&host.at("host/acme/etl.git"), &["rev-list", "--count", "main"]);
    assert_eq!(count, "2");
}
