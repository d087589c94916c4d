//! Single files of repositories, as pipelines are committed: the real git, hosts that refuse, others who are faster, hostile names.

use std::{os::unix::fs::PermissionsExt as _, path::PathBuf};

use super::super::{Author, Camp, FileToCommit, Hosts, Provider, Written, push};
use super::*;
use crate::connections::Connection;

const OLD: &str = "version: v1\nname: Orders\npipeline: {}\n";
const NEW: &str = "version: v1\nname: Orders of today\npipeline: {}\n";
const PATH: &str = "pipelines/orders.yml";

/// A bare repository with one commit on `main`, and a worker's folders.
struct Place {
    folder: TempDir,
    first: String,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let work = folder.path().join("work");
        std::fs::create_dir_all(work.join("pipelines")).unwrap();
        std::fs::create_dir_all(folder.path().join("camp")).unwrap();
        git(&work, &["init", "-q", "-b", "main"]);
        std::fs::write(work.join(PATH), OLD).unwrap();
        std::fs::set_permissions(work.join(PATH), std::fs::Permissions::from_mode(0o755)).unwrap();
        std::fs::write(work.join("README"), "of everything else\n").unwrap();
        symlink("pipelines", work.join("link")).unwrap();
        symlink("orders.yml", work.join("pipelines/link.yml")).unwrap();
        git(&work, &["add", "."]);
        git(&work, &["commit", "-q", "-m", "one"]);
        git(folder.path(), &["clone", "-q", "--bare", "work", "code.git"]);
        let place = Self { folder, first: git(&work, &["rev-parse", "HEAD"]) };
        place.git(&["config", "uploadpack.allowFilter", "true"]);
        place.git(&["config", "http.receivepack", "true"]);
        place
    }

    fn bare(&self) -> PathBuf {
        self.folder.path().join("code.git")
    }

    fn git(&self, arguments: &[&str]) -> String {
        git(&self.bare(), arguments)
    }

    fn url(&self) -> String {
        format!("file://{}", self.bare().display())
    }

    /// What stands on a branch.
    fn text(&self, branch: &str) -> String {
        self.git(&["show", &format!("{branch}:{PATH}")]) + "\n"
    }

    fn hook(&self, script: &str) {
        let hook = self.bare().join("hooks/pre-receive");
        std::fs::create_dir_all(hook.parent().unwrap()).unwrap();
        std::fs::write(&hook, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(&hook, std::fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// A commit that somebody else has pushed there, on top of the first, as a branch of theirs.
    fn others(&self, file: &str, text: &str) -> String {
        let work = self.folder.path().join("work");
        std::fs::write(work.join(file), text).unwrap();
        git(&work, &["add", "."]);
        git(&work, &["commit", "-q", "-m", "theirs"]);
        git(&work, &["push", "-q", self.bare().to_str().unwrap(), "HEAD:refs/heads/theirs"]);
        git(&work, &["rev-parse", "HEAD"])
    }

    fn asked(&self, from: &str, branch: &str) -> FileToCommit {
        FileToCommit {
            provider: Provider::Git,
            repository: self.url(),
            from: from.to_owned(),
            branch: branch.to_owned(),
            path: PATH.to_owned(),
            text: NEW.to_owned(),
            base: of(OLD),
            message: "Orders of today".to_owned(),
            author: Author { name: "Ada L".to_owned(), mail: "ada@example.com".to_owned() },
            new_branch: false,
            time: Duration::from_secs(30),
        }
    }

    /// The provider's connection for this repository, which allows these branches.
    async fn allowing(&self, branches: &str) -> Connection {
        std::fs::write(self.folder.path().join("address"), self.url()).unwrap();
        self.connection(json!({ "git_repository": "file:address", "git_push": branches })).await
    }

    async fn connection(&self, fields: Value) -> Connection {
        let text = json!({ "integration": "GIT", "fields": fields }).to_string();
        std::fs::write(self.folder.path().join("default_git.json"), text).unwrap();
        let fields = Fields { open: &["git_repository", "git_push"], secret: &["git_token"] };
        Connections::new(Some(self.folder.path().to_owned())).open("", "GIT", fields).await.unwrap().unwrap()
    }

    async fn commit_as(&self, connection: Option<&Connection>, asked: FileToCommit) -> Result<Written, Failure> {
        let camp = Camp::below(&self.folder.path().join("camp"));
        let written = local().commit_file(&camp, &Hosts::default(), connection, asked).await;
        for folder in ["camp/attempts", "camp/processes"] {
            let left = std::fs::read_dir(self.folder.path().join(folder)).unwrap().count();
            assert_eq!(left, 0, "nothing is left in {folder}");
        }
        written
    }

    async fn commit(&self, asked: FileToCommit) -> Result<Written, Failure> {
        self.commit_as(Some(&self.allowing("*").await), asked).await
    }

    /// Where every branch is.
    fn branches(&self) -> String {
        self.git(&["for-each-ref", "--format=%(refname) %(objectname)"])
    }
}

fn of(text: &str) -> String {
    blake3::hash(text.as_bytes()).to_hex().to_string()
}

fn stands(written: Result<Written, Failure>) -> (String, String, bool) {
    match written.unwrap() {
        Written::Stands { commit, branch, changed } => (commit, branch, changed),
        other => panic!("{other:?}"),
    }
}

fn conflict(written: Result<Written, Failure>) -> String {
    match written.unwrap() {
        Written::Conflict(why) => why,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_commit_changes_the_text_of_one_file_and_says_who_wrote_it() {
    let place = Place::new();
    // Onto the branch itself, and onto a new one that begins there.
    for (branch, parent) in [("main", place.first.clone()), ("downbeat/orders", String::new())] {
        let before = place.git(&["rev-parse", "main"]);
        let base = if parent.is_empty() { of(NEW) } else { of(OLD) };
        let text = if parent.is_empty() { OLD } else { NEW };
        let asked = FileToCommit { base, text: text.to_owned(), ..place.asked("main", branch) };
        let (commit, on, changed) = stands(place.commit(asked).await);
        assert_eq!((on.as_str(), changed), (branch, true));
        assert_eq!(place.git(&["rev-parse", branch]), commit);
        assert_eq!(place.git(&["rev-parse", &format!("{branch}^")]), before);
        assert_eq!(place.text(branch), text);
        assert_eq!(place.git(&["diff", "--name-only", &before, &commit]), PATH, "and nothing else");
        assert!(place.git(&["ls-tree", &commit, PATH]).starts_with("100755"), "it can still be run");
        let said = place.git(&["log", "-1", "--format=%an <%ae>|%cn <%ce>|%B", &commit]);
        assert_eq!(said, "Ada L <ada@example.com>|Downbeat <downbeat@downbeat.invalid>|Orders of today");
    }
    assert_eq!(place.git(&["tag"]), "");
    place.git(&["fsck", "--strict"]);
}

#[tokio::test]
async fn a_branch_that_is_there_is_written_where_its_file_is_what_the_change_began_from() {
    let place = Place::new();
    place.git(&["branch", "topic", "main"]);
    let (first, ..) = stands(place.commit(place.asked("main", "topic")).await);
    let second = FileToCommit { base: of(NEW), text: format!("{NEW}# more\n"), ..place.asked("main", "topic") };
    let (second, ..) = stands(place.commit(second).await);
    assert_eq!(place.git(&["rev-parse", &format!("{second}^")]), first);
    assert_eq!(place.git(&["rev-parse", "main"]), place.first);
    // From the default branch, where nobody says from which.
    let asked = FileToCommit { branch: "refs/heads/other".to_owned(), ..place.asked("", "") };
    assert_eq!(stands(place.commit(asked).await).1, "other");
}

#[tokio::test]
async fn what_is_asked_for_twice_is_done_once() {
    let place = Place::new();
    let (commit, ..) = stands(place.commit(place.asked("main", "main")).await);
    let before = place.branches();
    assert_eq!(stands(place.commit(place.asked("main", "main")).await), (commit.clone(), "main".to_owned(), false));
    // Where a new branch would begin it stands already: there is nothing to commit.
    assert_eq!(stands(place.commit(place.asked("main", "topic")).await), (commit, "main".to_owned(), false));
    assert_eq!(place.branches(), before);
}

#[tokio::test]
async fn a_text_that_the_asker_has_not_seen_is_not_written_over() {
    let place = Place::new();
    place.others(PATH, "version: v1\nname: Theirs\npipeline: {}\n");
    let before = place.branches();
    let said = conflict(place.commit(place.asked("main", "theirs")).await);
    assert!(said.contains("orders.yml on branch theirs") && said.contains("somebody else"), "{said}");
    let said = conflict(place.commit(FileToCommit { base: of("else"), ..place.asked("main", "new") }).await);
    assert!(said.contains("on branch main") && said.contains(&place.first), "{said}");
    let said = conflict(place.commit(FileToCommit { base: String::new(), ..place.asked("main", "main") }).await);
    assert!(said.contains("it is there already"), "{said}");
    let gone = FileToCommit { path: "pipelines/gone.yml".to_owned(), ..place.asked("main", "main") };
    assert!(conflict(place.commit(gone).await).contains("not there any more"));
    assert_eq!(place.branches(), before);
}

#[tokio::test]
async fn a_new_file_has_its_folders_and_follows_no_link() {
    let place = Place::new();
    let new = |path: &str| FileToCommit { path: path.to_owned(), base: String::new(), ..place.asked("main", "main") };
    let (commit, ..) = stands(place.commit(new("a/b/new, or so.yml")).await);
    assert!(place.git(&["ls-tree", "-r", &commit]).contains("100644 blob"));
    assert_eq!(place.git(&["show", &format!("{commit}:a/b/new, or so.yml")]) + "\n", NEW);
    for path in ["link/orders.yml", "README/x.yml"] {
        let failure = place.commit(new(path)).await.unwrap_err();
        assert_eq!(failure.class, FailureClass::Misconfigured, "{}", failure.message);
        assert!(failure.message.contains("stands where a folder"), "{}", failure.message);
    }
    let failure = place.commit(FileToCommit { path: "pipelines/link.yml".to_owned(), ..place.asked("main", "main") });
    assert!(failure.await.unwrap_err().message.contains("it is a link"));
    assert_eq!(place.git(&["rev-parse", "main"]), commit);
}

#[tokio::test]
async fn whoever_is_slower_looks_again() {
    // The host takes another commit at the very moment; the first time.
    let race = |other: &str| {
        format!(
            "if [ ! -e raced ]; then touch raced; unset GIT_QUARANTINE_PATH; git update-ref refs/heads/main {other}; fi"
        )
    };
    let place = Place::new();
    let other = place.others("README", "of something else\n");
    place.hook(&race(&other));
    let (commit, _, changed) = stands(place.commit(place.asked("main", "main")).await);
    assert!(changed && place.bare().join("raced").exists());
    assert_eq!(place.git(&["rev-parse", "main^"]), other, "on top of theirs, which stays");
    assert_eq!(place.git(&["rev-parse", "main"]), commit);

    let place = Place::new();
    let other = place.others(PATH, "version: v1\nname: Theirs\npipeline: {}\n");
    place.hook(&race(&other));
    let said = conflict(place.commit(place.asked("main", "main")).await);
    assert!(said.contains(&other), "{said}");
    assert_eq!(place.git(&["rev-parse", "main"]), other);

    // Somebody else who does the very same.
    let place = Place::new();
    let other = place.others(PATH, NEW);
    place.hook(&race(&other));
    assert_eq!(stands(place.commit(place.asked("main", "main")).await), (other, "main".to_owned(), false));
}

#[tokio::test]
async fn the_words_of_this_git_for_a_branch_that_has_moved_are_known() {
    let place = Place::new();
    let work = place.folder.path().join("work");
    place.others("README", "x\n");
    for (lease, refspec) in [
        (format!("--force-with-lease=refs/heads/main:{}", "1".repeat(40)), "HEAD:refs/heads/main"),
        ("--force-with-lease=refs/heads/main:".to_owned(), "HEAD:refs/heads/main"),
    ] {
        let mut command = Command::new("git");
        command.current_dir(&work).env("LC_ALL", "C");
        let ran = command.args(["push", "--porcelain", &lease, "--", &place.url(), refspec]).output().unwrap();
        assert!(!ran.status.success());
        let said = String::from_utf8_lossy(&ran.stdout).into_owned();
        assert_eq!(push::why(&said, &said), push::Failed::Moved, "{said}");
    }
}

#[tokio::test]
async fn nobody_pushes_where_no_connection_says_so() {
    let place = Place::new();
    let before = place.branches();
    std::fs::write(place.folder.path().join("address"), place.url()).unwrap();
    std::fs::write(place.folder.path().join("elsewhere"), format!("file://{}", place.folder.path().display())).unwrap();
    let refused = async |connection: Option<&Connection>, branch: &str| {
        let failure = place.commit_as(connection, place.asked("main", branch)).await.unwrap_err();
        assert_eq!(failure.class, FailureClass::Misconfigured, "{}", failure.message);
        failure.message
    };
    let said = refused(None, "main").await;
    assert!(said.contains("default_git.json") && said.contains("git_push"), "{said}");
    for (fields, branch, why) in [
        (json!({ "git_repository": "file:address" }), "main", "git_push is not set"),
        (json!({ "git_repository": "file:address", "git_push": "" }), "main", "git_push is not set"),
        (json!({ "git_repository": "file:address", "git_push": "a b" }), "main", "no pattern of branches"),
        (
            json!({ "git_repository": "file:address", "git_push": "downbeat/*" }),
            "main",
            "does not allow the branch main",
        ),
        (json!({ "git_repository": "file:elsewhere", "git_push": "*" }), "main", "is for another repository"),
        (json!({ "git_push": "*" }), "main", "is for another repository"),
        (json!({ "git_repository": "file:address", "git_push": "*", "git_token": TOKEN }), "main", "git_token"),
    ] {
        let connection = place.connection(fields.clone()).await;
        let said = refused(Some(&connection), branch).await;
        assert!(said.contains(why) && !said.contains("s3cret"), "{fields}: {said}");
    }
    assert_eq!(place.branches(), before);
}

#[tokio::test]
async fn hostile_names_and_texts_are_refused_or_made_harmless() {
    let place = Place::new();
    let before = place.branches();
    let asked = || place.asked("main", "main");
    let branch = |name: &str| FileToCommit { branch: name.to_owned(), ..asked() };
    let from = |name: &str| FileToCommit { from: name.to_owned(), ..place.asked("", "new") };
    let at = |path: &str| FileToCommit { path: path.to_owned(), ..asked() };
    let message = |text: &str| FileToCommit { message: text.to_owned(), ..asked() };
    for (asked, why) in [
        (branch("refs/tags/v1"), "no name of a branch"),
        (branch(&place.first), "no name of a branch"),
        (branch("HEAD"), "no name of a branch"),
        (branch("--mirror"), "begins with `-`"),
        (branch("a:refs/heads/b"), "no name of a branch"),
        (branch("+main"), "is not there"),
        (branch("refs/notes/x"), "name a branch"),
        (branch("a..b"), "no name of a branch"),
        (branch(""), "it is empty"),
        (branch("main/under"), "stands in the way"),
        (from("nope"), "there is no branch nope"),
        (from("refs/tags/v1"), "no name of a branch"),
        (from("-x"), "begins with `-`"),
        (FileToCommit { from: "nope".to_owned(), ..place.asked("", "nope") }, "there is no branch nope"),
        (at(""), "is empty"),
        (at(".git/config"), "is no path"),
        (at(".github/workflows/run.yml"), "begins with a dot"),
        (at("pipelines/.hidden.yml"), "begins with a dot"),
        (at("setup.py"), "has to end with .yml"),
        (at("../x"), "is no path"),
        (at("a\nb"), "is no path"),
        (message(" \n "), "takes 1 to"),
        (message("a\u{1b}[31m"), "control character"),
        (message(&"x".repeat(crate::limits::GIT_MESSAGE_BYTES_MAX + 1)), "takes 1 to"),
        (FileToCommit { text: "a\0b".to_owned(), ..asked() }, "control characters"),
        (FileToCommit { text: "x".repeat(crate::limits::GIT_READ_FILE_BYTES_MAX + 1), ..asked() }, "at most 3145728"),
        (FileToCommit { repository: "ext::sh -c touch".to_owned(), ..asked() }, "the repository must be an address"),
    ] {
        let shown = format!("{} {} {}", asked.branch, asked.from, asked.path);
        match place.commit(asked).await {
            Err(failure) => {
                assert!(failure.message.contains(why), "{shown}: {}", failure.message);
                assert_eq!(failure.class, FailureClass::Misconfigured, "{shown}: {}", failure.message);
                assert!(!failure.message.contains('\u{1b}'));
            }
            // A plus is part of a name, and never means to overwrite.
            Ok(written) => assert!(why == "is not there" && stands(Ok(written)).1 == "+main", "{shown}"),
        }
    }
    place.git(&["update-ref", "-d", "refs/heads/+main"]);
    assert_eq!(place.branches(), before);

    let author = Author { name: "Eve <root@x>\ncommitter Ada".to_owned(), mail: "e v e>@x\n".to_owned() };
    let asked = FileToCommit { author, message: "-F /etc/passwd\r\n\r\n$(touch x)".to_owned(), ..asked() };
    let (commit, ..) = stands(place.commit(asked).await);
    let said = place.git(&["log", "-1", "--format=%an|%ae|%B", &commit]);
    assert_eq!(said, "Eve root@xcommitter Ada|eve@x|-F /etc/passwd\n\n$(touch x)");
    let nobody = Author { name: "<>".to_owned(), mail: ". ".to_owned() };
    let again = FileToCommit { author: nobody, base: of(NEW), text: OLD.to_owned(), ..place.asked("main", "main") };
    let (commit, ..) = stands(place.commit(again).await);
    assert_eq!(place.git(&["log", "-1", "--format=%an|%ae", &commit]), "Downbeat|downbeat@downbeat.invalid");
}

#[tokio::test]
async fn a_branch_that_has_to_be_new_is_nobodys_else() {
    let place = Place::new();
    let asked = || FileToCommit { new_branch: true, ..place.asked("main", "topic") };
    let first = stands(place.commit(asked()).await);
    assert!(first.2);
    // The same again, as after an answer that was lost.
    assert_eq!(stands(place.commit(asked()).await), (first.0.clone(), "topic".to_owned(), false));
    let other = FileToCommit { text: OLD.to_owned(), base: of(NEW), ..asked() };
    assert!(conflict(place.commit(other.clone()).await).contains("is there already"));
    stands(place.commit(FileToCommit { new_branch: false, ..other }).await);
}

#[tokio::test]
async fn what_fails_before_a_push_is_known_not_to_be_done() {
    let place = Place::new();
    std::fs::rename(place.bare(), place.folder.path().join("away")).unwrap();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let closed = format!("http://{}/code.git", listener.local_addr().unwrap());
    drop(listener);
    let fields = json!({ "git_repository": closed, "git_push": "*", "git_token": TOKEN });
    let connection = place.connection(fields).await;
    let asked = FileToCommit { repository: closed, ..place.asked("main", "main") };
    match place.commit_as(Some(&connection), asked).await {
        Ok(Written::Undone(why)) => assert!(!why.contains(TOKEN), "{why}"),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_large_text_arrives_whole() {
    let place = Place::new();
    let text = format!("{NEW}{}", "# ü and more\n".repeat(200_000));
    let asked = FileToCommit { text: text.clone(), ..place.asked("main", "main") };
    stands(place.commit(asked).await);
    assert_eq!(place.text("main"), text);
}

#[tokio::test]
async fn over_http_a_token_pushes_to_its_own_server_and_a_host_may_refuse() {
    let place = Place::new();
    let base = server::serve(place.folder.path(), TOKEN).await;
    let other = server::serve(place.folder.path(), TOKEN).await;
    let there = format!("{base}/code.git");
    let asked = |url: &str| FileToCommit { repository: url.to_owned(), ..place.asked("main", "main") };
    let fields = |token: Option<&str>| json!({ "git_repository": there, "git_push": "main", "git_token": token });

    let moved = json!({ "git_repository": format!("{base}/moved/x.git"), "git_push": "main", "git_token": TOKEN });
    for (connection, url, why) in [
        (fields(None), there.clone(), "git_token is missing"),
        (fields(Some(TOKEN)), format!("{other}/code.git"), "is for another repository"),
        (fields(Some("another-s3cret")), there.clone(), "git_token"),
        (fields(Some(TOKEN)), format!("{base}/other.git"), "is for another repository"),
        (moved, format!("{base}/moved/x.git"), "leads elsewhere"),
    ] {
        let connection = place.connection(connection).await;
        let failure = place.commit_as(Some(&connection), asked(&url)).await.unwrap_err();
        assert!(failure.message.contains(why) && !failure.message.contains("s3cret"), "{url}: {}", failure.message);
        assert_eq!(failure.class, FailureClass::Misconfigured, "{url}: {}", failure.message);
    }
    let connection = place.connection(fields(Some(TOKEN))).await;
    place.hook("echo 'main is frozen until Monday' >&2; exit 1");
    let failure = place.commit_as(Some(&connection), asked(&there)).await.unwrap_err();
    assert_eq!(failure.class, FailureClass::Misconfigured, "{}", failure.message);
    for part in ["main is frozen until Monday", "the host refuses it"] {
        assert!(failure.message.contains(part), "{}", failure.message);
    }
    assert_eq!(place.git(&["rev-parse", "main"]), place.first);
    std::fs::remove_file(place.bare().join("hooks/pre-receive")).unwrap();
    let (commit, ..) = stands(place.commit_as(Some(&connection), asked(&there)).await);
    assert_eq!(place.git(&["rev-parse", "main"]), commit);
    assert_eq!(place.text("main"), NEW);
}

#[tokio::test]
async fn no_setting_or_hook_of_the_worker_has_a_say() {
    let place = Place::new();
    // What stands in the place of a hook in the folder that git would make, or in a user's settings, is not looked at: see the module.
    let environment = local().environment(
        place.folder.path(),
        &Repository {
            address: address::Address::parse(&place.url(), &[address::Protocol::File]).unwrap(),
            reference: Reference::parse("main").unwrap(),
            folders: Vec::new(),
            access: access::Access::Open,
        },
        &[],
    );
    let set = |name: &str| {
        let key = environment.iter().find(|(key, value)| key.starts_with("GIT_CONFIG_KEY_") && value.as_str() == name);
        key.and_then(|(key, _)| environment.get(&key.replace("KEY", "VALUE")).cloned())
    };
    for (name, value) in [
        ("core.hooksPath", "/dev/null"),
        ("push.recurseSubmodules", "no"),
        ("push.followTags", "false"),
        ("push.gpgSign", "false"),
        ("protocol.allow", "never"),
    ] {
        assert_eq!(set(name).as_deref(), Some(value), "{name}");
    }
    assert_eq!(environment.get("GIT_CONFIG_GLOBAL").map(String::as_str), Some("/dev/null"));
}
