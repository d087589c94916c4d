//! The SDKs against a real Downbeat: their own tests, examples among them, run as people run them, through the gateway and with a key of its own.
//! Both need their tools from `make tools`; where these are missing, that is a failure with a word what to do.

use std::{
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use downbeat_integration_tests::{
    cluster::{Dev, nats_program},
    http::Client,
    process::{Process, eventually},
    repository,
};

/// How long the tests of one SDK may take.
const TESTS_AT_MOST: Duration = Duration::from_secs(180);

/// Something that `make tools` has installed.
fn installed(path: &str) -> PathBuf {
    let path = repository().join(path);
    assert!(path.exists(), "no {}: run the tests with `make test`, which installs it", path.display());
    path
}

/// A Downbeat, and a key for one of the SDKs.
fn open(folder: &Path, name: &str) -> (Dev, String) {
    let dev = Dev::start(folder, 8);
    let key = dev.addresses.downbeat_ok(&["key", "create", name, "--role", "admin"]).trim().to_owned();
    eventually("the gateway knows the key", Duration::from_secs(20), || {
        let answer = Client::with_key(&dev.api, &key).send("GET", "/public/v1/accounts", &[], b"");
        answer.is_ok_and(|answer| answer.status == 200).then_some(())
    });
    (dev, key)
}

/// Runs tests to their end; returns what they printed.
fn run(command: &mut Command, dev: &Dev, key: &str, folder: &Path) -> String {
    command.env("DOWNBEAT_URL", &dev.api).env("DOWNBEAT_KEY", key).env("DOWNBEAT_NATS_SERVER", nats_program());
    let mut tests = Process::start_with(command, &folder.join("tests.txt")).expect("the tests start");
    let ended = tests.wait(TESTS_AT_MOST);
    let printed = tests.printed();
    let status = ended.unwrap_or_else(|| panic!("the tests have not ended after {TESTS_AT_MOST:?}:\n{printed}"));
    assert!(status.success(), "the tests ended with {status}:\n{printed}");
    printed
}

#[test]
fn the_sdk_for_python_works() {
    let folder = tempfile::tempdir().expect("a folder");
    let python = installed(".cache/tools/sdk/python/bin/python");
    let (dev, key) = open(folder.path(), "sdk-python");
    let mut tests = Command::new(python);
    tests.args(["-m", "pytest"]).current_dir(repository().join("sdk/python"));
    let printed = run(&mut tests, &dev, &key, folder.path());
    assert!(printed.contains(" passed") && !printed.contains(" skipped"), "every test is run:\n{printed}");
}

#[test]
fn the_sdk_for_typescript_works() {
    let folder = tempfile::tempdir().expect("a folder");
    installed("sdk/typescript/node_modules/typescript");
    let (dev, key) = open(folder.path(), "sdk-typescript");
    let mut tests = Command::new("npm");
    tests.args(["test", "--silent"]).current_dir(repository().join("sdk/typescript"));
    let printed = run(&mut tests, &dev, &key, folder.path());
    assert!(printed.contains("# fail 0") && printed.contains("# skipped 0"), "every test is run:\n{printed}");
}

/// What is generated is committed, and types are what they are said to be.
#[test]
fn what_is_committed_is_what_is_generated() {
    let python = installed(".cache/tools/sdk/python/bin/python");
    installed("sdk/typescript/node_modules/.bin/protoc-gen-es");
    let checks: [(&[&str], &str); 2] = [(&["../generate.py", "--check"], "generate.py"), (&["-m", "mypy"], "mypy")];
    for (arguments, what) in checks {
        let check = Command::new(&python).args(arguments).current_dir(repository().join("sdk/python")).output();
        let check = check.expect("Python starts");
        let printed = format!("{}{}", String::from_utf8_lossy(&check.stdout), String::from_utf8_lossy(&check.stderr));
        assert!(check.status.success(), "{what} ended with {}:\n{printed}", check.status);
    }
}
