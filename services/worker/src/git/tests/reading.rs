//! Single files of repositories, as pipelines are read: the real git, friendly and hostile.

use std::path::PathBuf;

use super::super::{Camp, FileAsked, Found, Hosts, Provider, read};
use super::*;
use crate::connections::Connection;

const PIPELINE: &str = "version: v1\nname: Orders\npipeline: {}\n";

/// What is asked in most tests, of a repository that is a folder.
fn asked(repository: &str) -> FileAsked {
    FileAsked {
        provider: Provider::Git,
        repository: repository.to_owned(),
        branch: String::new(),
        commit: String::new(),
        path: "pipelines/orders.yml".to_owned(),
        known: String::new(),
        time: Duration::from_secs(30),
    }
}

/// A repository with a pipeline, and much that is none; its commits: the first and the newest.
fn repository(folder: &Path) -> (String, String) {
    let (first, _) = origin(folder);
    let write = |name: &str, bytes: &[u8]| {
        let path = folder.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    };
    write("pipelines/orders.yml", PIPELINE.as_bytes());
    write("pipelines/-x.yml", PIPELINE.as_bytes());
    write("binary.yml", b"name: \0\x01\x02");
    write("latin.yml", b"name: \xfcber");
    write("large.yml", &vec![b'#'; crate::limits::GIT_READ_FILE_BYTES_MAX + 1]);
    write("lfs.yml", b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n");
    symlink("/etc", folder.join("etc")).unwrap();
    symlink("/etc/hostname", folder.join("link.yml")).unwrap();
    symlink("pipelines", folder.join("inside")).unwrap();
    git(folder, &["add", "."]);
    git(folder, &["update-index", "--add", "--cacheinfo", &format!("160000,{first},sub")]);
    git(folder, &["commit", "-q", "-m", "three"]);
    git(folder, &["branch", "topic"]);
    (first, git(folder, &["rev-parse", "HEAD"]))
}

async fn file(asked: FileAsked) -> Result<Found, Failure> {
    let place = tempfile::tempdir().unwrap();
    let camp = Camp::below(place.path());
    let found = local().read_file(&camp, &Hosts::default(), None, asked).await;
    for folder in ["attempts", "processes"] {
        let left = std::fs::read_dir(place.path().join(folder)).unwrap().count();
        assert_eq!(left, 0, "nothing is left in {folder}");
    }
    found
}

#[tokio::test]
async fn a_file_is_read_at_a_branch_a_commit_or_where_the_repository_is() {
    let place = tempfile::tempdir().unwrap();
    let (first, newest) = repository(place.path());
    let url = format!("file://{}", place.path().display());
    let text = Some(PIPELINE.to_owned());
    for (branch, commit, expected) in [
        ("", "", "main"),
        ("main", "", "main"),
        ("topic", "", "topic"),
        ("topic", newest.as_str(), "topic"),
        ("refs/heads/topic", newest.as_str(), "topic"),
        ("", newest.as_str(), ""),
        // It is at another commit, or there is none: whether this one is on it is not known.
        ("feature/x", newest.as_str(), ""),
        ("nope", newest.as_str(), ""),
        (first.as_str(), newest.as_str(), ""),
    ] {
        let asked = FileAsked { branch: branch.to_owned(), commit: commit.to_owned(), ..asked(&url) };
        let expected = Found { commit: newest.clone(), branch: expected.to_owned(), text: text.clone() };
        assert_eq!(file(asked).await.unwrap(), expected, "{branch} {commit}");
    }
    let odd = file(FileAsked { path: "pipelines/-x.yml".to_owned(), ..asked(&url) }).await.unwrap();
    assert_eq!(odd.text, text);

    // What is known is not read, and a head alone costs no fetch.
    let known = file(FileAsked { known: newest.clone(), ..asked(&url) }).await.unwrap();
    assert_eq!((known.commit.as_str(), known.text), (newest.as_str(), None));
    let head = file(FileAsked { path: String::new(), branch: "feature/x".to_owned(), ..asked(&url) }).await.unwrap();
    assert_eq!(head, Found { commit: first, branch: "feature/x".to_owned(), text: None });
}

#[tokio::test]
async fn what_is_no_file_of_the_repository_is_refused_with_the_reason() {
    let place = tempfile::tempdir().unwrap();
    let (_, newest) = repository(place.path());
    let url = format!("file://{}", place.path().display());
    let unknown = "0123456789012345678901234567890123456789";
    let at = |path: &str| FileAsked { path: path.to_owned(), ..asked(&url) };
    let branch = |name: &str| FileAsked { branch: name.to_owned(), ..asked(&url) };
    let commit = |hash: &str| FileAsked { commit: hash.to_owned(), ..asked(&url) };
    for (asked, why) in [
        (at("nope.yml"), "no such file"),
        (at("etc/hostname"), "links on the way to it are not followed"),
        (at("inside/orders.yml"), "links on the way to it are not followed"),
        (at("link.yml"), "it is a link"),
        (at("pipelines"), "it is a folder"),
        (at("sub"), "it is a submodule"),
        (at("binary.yml"), "control characters"),
        (at("latin.yml"), "no text in UTF-8"),
        (at("large.yml"), "at most 3145728 are read"),
        (at("lfs.yml"), "Git LFS"),
        (at("../../etc/hostname"), "is no path"),
        (at("/etc/hostname"), "is no path"),
        (at(".git/config"), "is no path"),
        (at("a/.GIT/config"), "is no path"),
        (at(":(top)load.py"), "is no path"),
        (at("a\\b"), "is no path"),
        (at("a\nb"), "is no path"),
        (branch("nope"), "there is no branch nope in it"),
        (branch("--upload-pack=touch x"), "begins with `-`"),
        (branch("a..b"), "no name of a branch"),
        (commit(unknown), "no such commit"),
        (commit("HEAD"), "whole hash"),
        (commit("-x"), "begins with `-`"),
        (FileAsked { branch: "a..b".to_owned(), ..commit(&newest) }, "no name of a branch"),
        (asked("file:///nowhere/at/all"), "does not appear to be a git repository"),
        (asked("ext::sh -c touch"), "the repository must be an address"),
        (asked("--upload-pack=x"), "the repository must be an address"),
        (asked("https://169.254.169.254/x"), "link-local"),
        (asked("git@127.0.0.1:x"), "ssh needs a key"),
        (FileAsked { provider: Provider::Github, ..asked("../etc") }, "owner/name"),
    ] {
        let shown = format!("{asked:?}");
        let failure = file(asked).await.unwrap_err();
        assert!(failure.message.contains(why), "{shown}: {}", failure.message);
        assert_eq!(failure.class, FailureClass::Misconfigured, "{shown}: {}", failure.message);
    }
    // Where folders are not allowed, none is read.
    let camp = Camp::below(place.path());
    let refused = Git::default().read_file(&camp, &Hosts::default(), None, commit(&newest)).await.unwrap_err();
    assert!(refused.message.contains("--git-protocol"), "{}", refused.message);
}

#[tokio::test]
async fn names_lead_to_folders_where_the_operator_says_so() {
    let place = tempfile::tempdir().unwrap();
    let bare = place.path().join("github.com/acme/etl.git");
    let work = place.path().join("work");
    std::fs::create_dir_all(&work).unwrap();
    let (_, newest) = repository(&work);
    git(place.path(), &["clone", "-q", "--bare", "work", bare.to_str().unwrap()]);
    let base = format!("github=file://{}/", place.path().join("github.com").display());
    let hosts = Hosts::read(&[base], &["file".to_owned()]).unwrap();
    let asked = FileAsked { provider: Provider::Github, ..asked("acme/etl") };
    let found = local().read_file(&Camp::below(place.path()), &hosts, None, asked).await.unwrap();
    assert_eq!((found.commit, found.text.as_deref()), (newest, Some(PIPELINE)));
}

/// A connection of the provider that anybody's repositories have.
async fn connection(folder: &Path, fields: Value) -> Connection {
    let text = json!({ "integration": "GIT", "fields": fields }).to_string();
    std::fs::write(folder.join("default_git.json"), text).unwrap();
    let fields = Fields { open: &["git_repository", "git_username"], secret: &["git_token"] };
    Connections::new(Some(folder.to_owned())).open("", "GIT", fields).await.unwrap().unwrap()
}

#[tokio::test]
async fn a_token_goes_to_its_own_server_and_nowhere_else() {
    let place = tempfile::tempdir().unwrap();
    repository(&place.path().join("code"));
    let base = server::serve(place.path(), TOKEN).await;
    let other = server::serve(place.path(), TOKEN).await;
    let camp = Camp::below(place.path());
    let own =
        connection(place.path(), json!({ "git_repository": format!("{base}/any.git"), "git_token": TOKEN })).await;
    let read =
        async |url: String, connection| local().read_file(&camp, &Hosts::default(), connection, asked(&url)).await;

    let found = read(format!("{base}/code/.git"), Some(&own)).await.unwrap();
    assert_eq!(found.text.as_deref(), Some(PIPELINE));
    for (url, connection, class, why) in [
        // The server would take it; it is not shown, as the connection is for another one.
        (format!("{other}/code/.git"), Some(&own), FailureClass::Misconfigured, "set git_token"),
        (format!("{base}/code/.git"), None, FailureClass::Misconfigured, "set git_token"),
        (format!("{base}/none"), Some(&own), FailureClass::Misconfigured, "there is none"),
        (format!("{base}/moved/.git"), Some(&own), FailureClass::Misconfigured, "leads elsewhere"),
        (format!("{base}/metadata/.git"), Some(&own), FailureClass::Misconfigured, "leads elsewhere"),
        (format!("{base}/busy/.git"), Some(&own), FailureClass::Transient, "503"),
    ] {
        let failure = read(url.clone(), connection).await.unwrap_err();
        assert!(failure.message.contains(why) && !failure.message.contains(TOKEN), "{url}: {}", failure.message);
        assert_eq!(failure.class, class, "{url}: {}", failure.message);
    }
}

#[tokio::test]
async fn a_token_of_a_server_of_ones_own_is_not_shown_at_the_providers() {
    let place = tempfile::tempdir().unwrap();
    repository(&place.path().join("code"));
    let base = server::serve(place.path(), TOKEN).await;
    let other = server::serve(place.path(), TOKEN).await;
    let hosts = Hosts::read(&[format!("github={base}/")], &["http".to_owned()]).unwrap();
    let camp = Camp::below(place.path());
    let asked = || FileAsked { provider: Provider::Github, ..asked("code/.git") };

    let of_the_provider = connection(place.path(), json!({ "git_token": TOKEN })).await;
    let found = local().read_file(&camp, &hosts, Some(&of_the_provider), asked()).await.unwrap();
    assert_eq!(found.text.as_deref(), Some(PIPELINE));

    let fields = json!({ "git_repository": format!("{other}/any.git"), "git_token": TOKEN });
    let of_the_other = connection(place.path(), fields).await;
    let failure = local().read_file(&camp, &hosts, Some(&of_the_other), asked()).await.unwrap_err();
    // The server would take the token; this is what it says to who shows none.
    assert!(failure.message.contains("set git_token"), "{}", failure.message);
    let there = FileAsked { repository: format!("{other}/code/.git"), ..asked() };
    let found = local().read_file(&camp, &hosts, Some(&of_the_other), there).await.unwrap();
    assert_eq!(found.text.as_deref(), Some(PIPELINE));
}

#[tokio::test]
async fn of_a_read_that_nobody_waits_for_nothing_is_left() {
    let (url, mut heard) = silent().await;
    let place = tempfile::tempdir().unwrap();
    let camp = Camp::below(place.path());
    let git = local();
    let hosts = Hosts::default();
    let mut reading = Box::pin(git.read_file(&camp, &hosts, None, asked(&url)));
    let _stream = tokio::select! {
        ended = &mut reading => panic!("{ended:?}"),
        stream = heard.recv() => stream.unwrap(),
    };
    assert!(in_arguments("ls-remote"));
    drop(reading);
    let empty = |folder: PathBuf| std::fs::read_dir(folder).unwrap().count() == 0;
    let gone = async {
        while !empty(place.path().join("attempts")) || !empty(place.path().join("processes")) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), gone).await.expect("git is ended and its folder goes");
}

#[tokio::test]
async fn a_read_ends_after_its_time() {
    let (url, _heard) = silent().await;
    let failure = file(FileAsked { time: Duration::from_millis(400), ..asked(&url) }).await.unwrap_err();
    assert_eq!(failure.class, FailureClass::TimedOut, "{}", failure.message);
}

#[test]
fn the_modules_own_words_are_read() {
    let said = "ref: refs/heads/trunk\tHEAD\n0f\tHEAD\n1f\trefs/heads/HEAD\n";
    assert_eq!(read::head(said, &Reference::Default), Some(("0f".to_owned(), "trunk".to_owned())));
    let named = Reference::parse("x").unwrap();
    assert_eq!(read::head("0f\trefs/heads/a/refs/heads/x\n", &named), None);
}
