//! What is kept of files that are as they should be, and of those that are not.

use std::os::unix::fs::symlink;

use tempfile::TempDir;
use uuid::Uuid;

use super::*;
use crate::connections::Secret;
use crate::stop::stop_channel;

const OWNER: Owner = Owner { run: Uuid::from_u128(1), task_run: Uuid::from_u128(2), attempt: 1 };

/// The folder of an attempt with one for files inside, and a place where they are kept.
struct Place {
    attempt: TempDir,
    store: TempDir,
}

impl Place {
    fn new() -> Self {
        let place = Self { attempt: tempfile::tempdir().unwrap(), store: tempfile::tempdir().unwrap() };
        fs::create_dir(place.files()).unwrap();
        place
    }

    fn files(&self) -> PathBuf {
        self.attempt.path().join(FOLDER)
    }

    fn write(&self, path: &str, data: &[u8]) {
        let path = self.attempt.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, data).unwrap();
    }

    fn blobs(&self) -> BlobStore {
        BlobStore::open(self.store.path()).unwrap()
    }

    /// Keeps everything; what is listed, and what the log says.
    async fn keep(&self, own: &[&str], secrets: &[&str]) -> (Vec<String>, String) {
        let (_running, stop) = stop_channel();
        self.keep_until(own, secrets, stop).await
    }

    async fn keep_until(&self, own: &[&str], secrets: &[&str], stop: StopSignal) -> (Vec<String>, String) {
        let key = BlobKey::task_log(OWNER.run, OWNER.task_run, OWNER.attempt);
        let log = TaskLog::new(self.blobs().append(&key).await.unwrap());
        log.learn(&secrets.iter().map(|secret| Secret::new(*secret)).collect::<Vec<_>>()).await;
        keep((self.attempt.path(), own), OWNER, &self.blobs(), &log, stop).await;
        log.close().await;
        let said = self.blobs().get(&key, 1 << 20).await.unwrap().unwrap();
        let listed = self.blobs().artifacts((OWNER.run, OWNER.task_run, OWNER.attempt)).await.unwrap();
        for file in &listed {
            assert_eq!(self.stored(&file.name).await.len() as u64, file.bytes, "{}", file.name);
        }
        (listed.into_iter().map(|file| file.name).collect(), String::from_utf8(said).unwrap())
    }

    async fn stored(&self, name: &str) -> Vec<u8> {
        let key = BlobKey::task_artifact(OWNER.run, OWNER.task_run, OWNER.attempt, name);
        self.blobs().get(&key, 1 << 30).await.unwrap().unwrap()
    }
}

#[tokio::test]
async fn whoever_is_killed_meanwhile_is_not_held_up_and_nothing_stays_half() {
    let place = Place::new();
    for number in 0..8 {
        // Holes take no room on the way in, and time on the way out.
        let file = File::create(place.files().join(format!("{number}.bin"))).unwrap();
        file.set_len(KEPT_FILE_BYTES_MAX / 2).unwrap();
    }
    let (running, stop) = stop_channel();
    let kept = async { place.keep_until(&[], &[], stop).await };
    let killed = async {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        running.ask(StopLevel::Kill);
    };
    let ((listed, said), ()) = tokio::join!(kept, killed);
    assert!(listed.len() < 8 && said.contains("stopped while its files were stored"), "{listed:?} {said}");
    for number in listed.len()..8 {
        let key = BlobKey::task_artifact(OWNER.run, OWNER.task_run, OWNER.attempt, &format!("{number}.bin"));
        assert!(place.blobs().get(&key, 1 << 30).await.unwrap().is_none(), "{number}.bin is there");
    }
}

#[tokio::test]
async fn files_of_the_connector_come_first_and_those_for_people_in_the_order_of_their_names() {
    let place = Place::new();
    for (path, data) in [
        ("target/manifest.json", "{}"),
        ("target/other.json", "not asked for"),
        (".downbeat-artifacts/report.html", "<p>"),
        (".downbeat-artifacts/Bericht für März.csv", "a;b"),
        (".downbeat-artifacts/manifest.json", "the program's own"),
        (".downbeat-artifacts/empty", ""),
    ] {
        place.write(path, data.as_bytes());
    }
    let (listed, said) = place.keep(&["target/manifest.json", "target/run_results.json"], &[]).await;
    assert_eq!(listed, ["manifest.json", "Bericht für März.csv", "empty", "report.html"]);
    assert_eq!(place.stored("manifest.json").await, b"{}");
    assert!(said.contains("kept: manifest.json, Bericht für März.csv, empty, report.html"), "{said}");
    assert!(said.contains("\"manifest.json\" was left out: another one is called so"), "{said}");
    assert!(!said.contains("run_results"), "what is not there is nothing to speak of: {said}");
}

#[tokio::test]
async fn an_attempt_that_leaves_nothing_says_nothing() {
    let place = Place::new();
    assert_eq!(place.keep(&["target/manifest.json"], &[]).await, (Vec::new(), String::new()));
    fs::remove_dir(place.files()).unwrap();
    assert_eq!(place.keep(&[], &[]).await, (Vec::new(), String::new()));
}

#[tokio::test]
async fn links_folders_and_pipes_are_left_out_and_never_waited_for() {
    let place = Place::new();
    let outside = tempfile::NamedTempFile::new().unwrap();
    fs::write(outside.path(), "of somebody else").unwrap();
    symlink(outside.path(), place.files().join("link")).unwrap();
    symlink("/nowhere", place.files().join("dangling")).unwrap();
    fs::create_dir(place.files().join("folder")).unwrap();
    let made = std::process::Command::new("mkfifo").arg(place.files().join("pipe")).status().unwrap();
    assert!(made.success());
    place.write(".downbeat-artifacts/file", b"mine");
    fs::create_dir(place.attempt.path().join("elsewhere")).unwrap();
    place.write("elsewhere/manifest.json", b"{}");
    symlink(place.attempt.path().join("elsewhere"), place.attempt.path().join("target")).unwrap();

    let (listed, said) = place.keep(&["target/manifest.json"], &[]).await;
    assert_eq!(listed, ["file"]);
    for (name, why) in
        [("link", "a link"), ("dangling", "a link"), ("folder", "no regular file"), ("pipe", "no regular file")]
    {
        assert!(said.contains(&format!("{name:?} was left out: it is {why}")), "{said}");
    }
}

#[tokio::test]
async fn a_folder_that_became_a_link_is_not_looked_into() {
    let place = Place::new();
    let outside = tempfile::tempdir().unwrap();
    fs::write(outside.path().join("secret"), "of somebody else").unwrap();
    fs::remove_dir(place.files()).unwrap();
    symlink(outside.path(), place.files()).unwrap();
    assert_eq!(place.keep(&[], &[]).await, (Vec::new(), String::new()));
}

#[tokio::test]
async fn credentials_are_in_no_file_and_in_no_name() {
    let place = Place::new();
    let mut large = vec![b'x'; KEPT_READ_BYTES - 4];
    large.extend_from_slice(b"s3cret-word at the border, and s3cret-wor");
    place.write(".downbeat-artifacts/large", &large);
    place.write(".downbeat-artifacts/s3cret-word.txt", b"named so");
    let (listed, said) = place.keep(&[], &["s3cret-word"]).await;
    assert_eq!(listed, ["large"]);
    let stored = place.stored("large").await;
    assert!(stored.ends_with(b"xxx*** at the border, and s3cret-wor"), "nothing is lost");
    assert!(said.contains("\"***.txt\" was left out: a credential is in its name"), "{said}");
    assert!(!said.contains("s3cret"), "{said}");
}

#[tokio::test]
async fn names_that_no_terminal_should_see_are_left_out() {
    let place = Place::new();
    for name in ["a\nFAILED: not true", "\u{1b}[2J", "a\\b"] {
        place.write(&format!("{FOLDER}/{name}"), b"x");
    }
    let (listed, said) = place.keep(&[], &[]).await;
    assert_eq!(listed, Vec::<String>::new());
    assert_eq!(said.lines().count(), 3, "{said}");
    assert!(!said.contains('\u{1b}') && said.lines().all(|line| line.starts_with("[downbeat] \"")), "{said}");
}

#[tokio::test]
async fn what_is_too_large_or_too_many_is_left_out_and_the_rest_is_kept() {
    let place = Place::new();
    let sparse = |name: &str, bytes: u64| File::create(place.files().join(name)).unwrap().set_len(bytes).unwrap();
    sparse("huge", KEPT_FILE_BYTES_MAX + 1);
    place.write(".downbeat-artifacts/small", b"x");
    let (listed, said) = place.keep(&[], &[]).await;
    assert_eq!(listed, ["small"]);
    assert!(said.contains("\"huge\" was left out: it has more than 64 MiB"), "{said}");

    let place = Place::new();
    for number in 0..KEPT_FILES_MAX + KEPT_REASONS_SHOWN + 2 {
        place.write(&format!("{FOLDER}/{number:04}"), b"x");
    }
    let (listed, said) = place.keep(&[], &[]).await;
    assert_eq!(listed.len(), KEPT_FILES_MAX);
    assert!(said.contains("\"0100\" was left out: 100 files are kept of one attempt"), "{said}");
    assert!(said.ends_with("2 further files were left out\n"), "{said}");
}

#[tokio::test]
async fn all_files_of_an_attempt_share_their_room() {
    let place = Place::new();
    let key = BlobKey::task_log(OWNER.run, OWNER.task_run, 7);
    let log = TaskLog::new(place.blobs().append(&key).await.unwrap());
    let blobs = place.blobs();
    let mut keeping = Keeping {
        owner: OWNER,
        blobs: &blobs,
        log: &log,
        kept: Vec::new(),
        bytes: 0,
        left_out: Vec::new(),
        storing: None,
    };
    assert_eq!(keeping.room().0, KEPT_FILE_BYTES_MAX);
    keeping.bytes = KEPT_BYTES_MAX - 3;
    place.write(".downbeat-artifacts/a", b"1234");
    place.write(".downbeat-artifacts/b", b"123");
    assert!(keeping.take("a", &place.files().join("a")).await.unwrap_err().contains("256 MiB together"));
    keeping.take("b", &place.files().join("b")).await.unwrap();
    assert_eq!((keeping.bytes, keeping.room().0), (KEPT_BYTES_MAX, 0));
}
