//! Files of repositories and states of commits, asked for as the coordinator asks for them.

use std::{
    path::Path,
    process::Command,
    sync::{Arc, Mutex},
};

use axum::{Router, body::Bytes, http::HeaderMap, http::Uri};
use downbeat_proto::{events::v1::FailureClass, worker::v1::Check};
use serde_json::{Value, json};

use super::*;
use crate::checks::Checks;
use crate::home::Home;
use crate::verdict::Verdict;

const TOKEN: &str = "t0ken-s3cret";
const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

fn git(folder: &Path, arguments: &[&str]) {
    let ran = Command::new("git")
        .current_dir(folder)
        .args(["-c", "user.name=a", "-c", "user.email=a@example.com"])
        .args(arguments)
        .output()
        .unwrap();
    assert!(ran.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&ran.stderr));
}

struct Scene {
    folder: tempfile::TempDir,
    checks: Checks,
}

impl Scene {
    fn new(hosts: &[String], connection: Option<(&str, Value)>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let connections = folder.path().join("connections");
        std::fs::create_dir_all(&connections).unwrap();
        if let Some((integration, fields)) = connection {
            let name = format!("default_{}.json", integration.to_lowercase());
            let text = json!({ "integration": integration, "fields": fields }).to_string();
            std::fs::write(connections.join(name), text).unwrap();
        }
        let home = Home::open(&folder.path().join("home")).unwrap();
        let also = ["http".to_owned(), "file".to_owned()];
        let connections = Connections::new(Some(connections));
        let hosts = Hosts::read(hosts, &also).unwrap();
        let repositories = Repositories::new(Git::new(&also), hosts, Camp::of(&home), connections.clone());
        Self { folder, checks: Checks::new(connections).with_repositories(repositories) }
    }

    async fn ask(&self, kind: &str, parameters: Value) -> Result<Value, Failure> {
        let check = Check {
            integration: INTEGRATION.to_owned(),
            sensor_type: kind.to_owned(),
            parameters: parameters.to_string(),
            timeout_seconds: 30,
            ..Check::default()
        };
        match self.checks.make(&check).await {
            Verdict::Passed { outputs } => Ok(serde_json::from_str(&outputs).unwrap()),
            Verdict::Failed(failure) => Err(failure),
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn a_worker_says_that_it_reads_repositories_and_does() {
    let scene = Scene::new(&[], None);
    let kinds = scene.checks.kinds();
    let offered = |kind: &str| kinds.iter().any(|it| it.integration == INTEGRATION && it.sensor_type == kind);
    assert!(offered(READ_FILE) && offered(COMMIT_STATUS));

    let code = scene.folder.path().join("code");
    std::fs::create_dir_all(&code).unwrap();
    git(&code, &["init", "-q", "-b", "main"]);
    std::fs::write(code.join("p.yml"), "name: \"ü\"\n").unwrap();
    git(&code, &["add", "."]);
    git(&code, &["commit", "-q", "-m", "one"]);
    let url = format!("file://{}", code.display());
    let found = scene.ask(READ_FILE, json!({ "provider": "GIT", "repository": url, "path": "p.yml" })).await.unwrap();
    assert_eq!((&found["branch"], &found["text"]), (&json!("main"), &json!("name: \"ü\"\n")));
    assert_eq!(found["commit"].as_str().unwrap().len(), 40);

    for (parameters, why) in [
        (json!({ "provider": "SVN", "repository": url }), "\"SVN\""),
        (json!({ "provider": "GIT", "repository": 7 }), "repository must be a text"),
        (json!({ "provider": "GIT", "repository": url, "path": "q.yml" }), "no such file"),
    ] {
        let failure = scene.ask(READ_FILE, parameters.clone()).await.unwrap_err();
        assert!(failure.message.contains(why), "{parameters}: {}", failure.message);
        assert_eq!(failure.class, FailureClass::Misconfigured);
    }
}

type Heard = Arc<Mutex<Vec<(String, HeaderMap, Value)>>>;

/// A host that answers as told, and what it heard.
async fn host(status: u16) -> (String, Heard) {
    let heard: Heard = Arc::default();
    let keep = Arc::clone(&heard);
    let router = Router::new().fallback(move |uri: Uri, headers: HeaderMap, body: Bytes| {
        let keep = Arc::clone(&keep);
        async move {
            keep.lock().unwrap().push((uri.to_string(), headers, serde_json::from_slice(&body).unwrap()));
            (axum::http::StatusCode::from_u16(status).unwrap(), [("location", "http://127.0.0.1:1/")], "{}")
        }
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    (url, heard)
}

fn state(provider: &str, repository: &str, state: &str) -> Value {
    json!({
        "provider": provider, "repository": repository, "commit": COMMIT, "state": state, "context": "downbeat/etl",
        "description": "x".repeat(500),
    })
}

#[tokio::test]
async fn hosts_are_told_of_commits_in_their_own_words() {
    for (provider, written, path, header, value, names) in [
        (
            "GITHUB",
            "success",
            format!("/api/v3/repos/acme/etl/statuses/{COMMIT}"),
            "authorization",
            format!("Bearer {TOKEN}"),
            ("success", "context"),
        ),
        (
            "GITHUB",
            "failure",
            format!("/api/v3/repos/acme/etl/statuses/{COMMIT}"),
            "authorization",
            format!("Bearer {TOKEN}"),
            ("failure", "context"),
        ),
        (
            "GITLAB",
            "failure",
            format!("/api/v4/projects/acme%2Fetl/statuses/{COMMIT}"),
            "private-token",
            TOKEN.to_owned(),
            ("failed", "name"),
        ),
    ] {
        let (url, heard) = host(201).await;
        let scene = Scene::new(
            &[format!("{}={url}", provider.to_lowercase())],
            Some((provider, json!({ "git_token": TOKEN }))),
        );
        let said = scene.ask(COMMIT_STATUS, state(provider, "acme/etl", written)).await.unwrap();
        assert_eq!(said, json!({ "said": true }));
        let heard = heard.lock().unwrap().clone();
        let [(at, headers, body)] = heard.as_slice() else { panic!("{heard:?}") };
        assert_eq!((at.as_str(), headers[header].to_str().unwrap()), (path.as_str(), value.as_str()));
        assert_eq!((&body["state"], &body[names.1]), (&json!(names.0), &json!("downbeat/etl")));
        assert_eq!(body["description"].as_str().unwrap().len(), crate::limits::GIT_STATUS_CHARS_MAX);
    }
}

#[tokio::test]
async fn without_a_token_or_a_host_nothing_is_said() {
    let (url, heard) = host(201).await;
    let hosts = [format!("github={url}")];
    let token = || Some(("GITHUB", json!({ "git_token": TOKEN })));
    for (scene, asked) in [
        (Scene::new(&hosts, None), state("GITHUB", "acme/etl", "success")),
        (Scene::new(&hosts, Some(("GITHUB", json!({})))), state("GITHUB", "acme/etl", "success")),
        (Scene::new(&hosts, token()), state("GITHUB", "https://elsewhere.test/acme/etl", "success")),
        (Scene::new(&hosts, token()), state("GITHUB", "acme/../etl", "success")),
        (Scene::new(&["github=file:///srv/".to_owned()], token()), state("GITHUB", "acme/etl", "success")),
        (Scene::new(&hosts, Some(("GIT", json!({ "git_token": TOKEN })))), state("GIT", "acme/etl", "success")),
    ] {
        assert_eq!(scene.ask(COMMIT_STATUS, asked.clone()).await.unwrap(), json!({ "said": false }), "{asked}");
    }
    assert!(heard.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_token_and_a_word_go_to_the_server_that_the_token_is_for_and_only_of_its_repositories() {
    let (provider, at_provider) = host(201).await;
    let (own, at_own) = host(201).await;
    let hosts = [format!("gitlab={provider}group/")];
    let of_provider = json!({ "git_token": TOKEN });
    let of_own = json!({ "git_token": TOKEN, "git_repository": format!("{own}x.git") });
    let over_ssh = json!({ "git_token": TOKEN, "git_repository": "git@git.test:x.git" });
    let with_api = |mut fields: Value| {
        fields["git_api"] = json!(format!("{own}api"));
        fields
    };
    let statuses = format!("projects/acme%2Fetl/statuses/{COMMIT}");
    let below_group = format!("provider /group/api/v4/{statuses}");
    let (usual, given) = (format!("own /api/v4/{statuses}"), format!("own /api/{statuses}"));
    for (fields, repository, heard) in [
        (&of_provider, "acme/etl".to_owned(), below_group.as_str()),
        (&of_provider, format!("{provider}group/acme/etl.git/"), &below_group),
        (&of_provider, format!("{provider}acme/etl"), ""),
        (&of_provider, format!("{own}acme/etl"), ""),
        (&of_provider, "git@elsewhere.test:acme/etl".to_owned(), ""),
        (&of_own, "acme/etl".to_owned(), ""),
        (&of_own, format!("{provider}group/acme/etl"), ""),
        (&of_own, format!("{own}acme/etl.git"), &usual),
        (&of_own, format!("{own}etl"), ""),
        (&of_own, format!("{own}acme%2Fetl/x"), ""),
        (&over_ssh, "acme/etl".to_owned(), ""),
        (&over_ssh, "git@git.test:acme/etl.git".to_owned(), ""),
        (&with_api(over_ssh.clone()), "git@git.test:acme/etl.git".to_owned(), &given),
        (&with_api(over_ssh.clone()), "ssh://git@git.test/acme/etl".to_owned(), &given),
        (&with_api(over_ssh.clone()), "https://git.test/acme/etl".to_owned(), ""),
        (&with_api(of_provider.clone()), "acme/etl".to_owned(), &given),
        (&with_api(of_provider.clone()), format!("{own}acme/etl"), ""),
    ] {
        let scene = Scene::new(&hosts, Some(("GITLAB", fields.clone())));
        let said = scene.ask(COMMIT_STATUS, state("GITLAB", &repository, "success")).await.unwrap();
        assert_eq!(said, json!({ "said": !heard.is_empty() }), "{fields} {repository}");
        let taken = |name: &str, all: &Heard| {
            let all = std::mem::take(&mut *all.lock().unwrap());
            all.into_iter().map(|(at, _, _)| format!("{name} {at}")).collect::<Vec<_>>()
        };
        let told = [taken("provider", &at_provider), taken("own", &at_own)].concat().join(", ");
        assert_eq!(told, heard, "{fields} {repository}");
    }
}

#[tokio::test]
async fn a_host_that_refuses_is_told_of_without_the_token() {
    for (status, class) in [
        (401, FailureClass::Misconfigured),
        (404, FailureClass::Misconfigured),
        (302, FailureClass::Misconfigured),
        (429, FailureClass::Transient),
        (503, FailureClass::Transient),
    ] {
        let (url, heard) = host(status).await;
        let scene = Scene::new(&[format!("github={url}")], Some(("GITHUB", json!({ "git_token": TOKEN }))));
        let failure = scene.ask(COMMIT_STATUS, state("GITHUB", "acme/etl", "success")).await.unwrap_err();
        assert_eq!(failure.class, class, "{}", failure.message);
        assert!(
            failure.message.contains(&status.to_string()) && !failure.message.contains(TOKEN),
            "{}",
            failure.message
        );
        assert_eq!(heard.lock().unwrap().len(), 1, "once, and nowhere else");
    }
}
