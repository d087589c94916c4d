//! The official clients of the API, unchanged from the public package index, against the real services. Each conversation is a row of
//! `docs/official-clients.md`: what was typed, what is expected, what was seen. The table is written by this test and compared by it.

mod cli;
mod conversation;
mod dbt;
mod git;
mod login;
mod sdk;

use std::path::PathBuf;

use conversation::Table;
use downbeat_integration_tests::{cluster::Cluster, process::Process, repository};

/// A program of the environment that `make tools` has filled with the official clients.
fn program(name: &str) -> PathBuf {
    let program = repository().join(".cache/tools/orchestra/bin").join(name);
    assert!(program.is_file(), "no {}: run the tests with `make test`, which installs it", program.display());
    program
}

/// The services, each a process of its own, with a gateway in front.
struct House {
    _cluster: Cluster,
    _gateway: Process,
    api: String,
    key: String,
    folder: tempfile::TempDir,
}

impl House {
    fn open() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let key_file = folder.path().join("callbacks-key");
        std::fs::write(&key_file, "a key of the workers for callbacks, long enough").expect("the folder is ours");
        let mut cluster = Cluster::start(folder.path(), 4);
        let port = downbeat_integration_tests::process::free_port();
        let (listen, url) = (format!("127.0.0.1:{port}"), format!("http://127.0.0.1:{port}/"));
        let key_file = key_file.to_str().expect("test folders are text");
        let host = format!("github=file://{}/", git::host(folder.path()).display());
        cluster.worker.terminate();
        cluster.restart_worker_with(&[
            "--callbacks",
            &listen,
            "--callbacks-url",
            &url,
            "--callbacks-key-file",
            key_file,
            "--git-protocol",
            "file",
            "--git-host",
            &host,
        ]);
        let (gateway, api) = cluster.gateway(&["--callbacks", &url, "--callbacks-key-file", key_file]);
        let key = cluster.addresses.downbeat_ok(&["key", "create", "official", "--role", "admin"]).trim().to_owned();
        downbeat_integration_tests::process::eventually(
            "the gateway knows the key",
            std::time::Duration::from_secs(20),
            || {
                let client = downbeat_integration_tests::http::Client::with_key(&api, &key);
                client
                    .send("GET", "/public/v1/accounts", &[], b"")
                    .is_ok_and(|answer| answer.status == 200)
                    .then_some(())
            },
        );
        Self { _cluster: cluster, _gateway: gateway, api, key, folder }
    }
}

#[test]
fn the_official_clients_work() {
    let house = House::open();
    let mut table = Table::default();
    cli::talk(&house, &mut table);
    git::talk(&house, &mut table);
    sdk::talk(&house, &mut table);
    dbt::talk(&house, &mut table);
    login::talk(&house, &mut table);
    table.compare(&repository().join("docs/official-clients.md"));
}
