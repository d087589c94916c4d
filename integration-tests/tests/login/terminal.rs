//! `downbeat login`: somebody at a terminal logs in, works through the gateway, and logs out; or works there with a key.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
};

use downbeat_integration_tests::{
    cluster::{Dev, text},
    http::Client,
    programs,
};
use serde_json::Value;

use super::{
    browser::{Browser, sent_to},
    house,
};

/// Somebody with settings of their own, who knows the gateway's address and no other.
struct Person {
    settings: PathBuf,
    api: String,
}

impl Person {
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(programs().join("downbeat"));
        command.args(arguments).env_clear().env("XDG_CONFIG_HOME", &self.settings).env("DOWNBEAT_URL", &self.api);
        command
    }

    fn types(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().expect("downbeat starts")
    }

    fn well(&self, arguments: &[&str]) -> String {
        let output = self.types(arguments);
        assert!(output.status.success(), "{arguments:?}: {}", text(&output));
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    fn badly(&self, arguments: &[&str], expected: &str) {
        let output = self.types(arguments);
        assert!(!output.status.success() && text(&output).contains(expected), "{arguments:?}: {}", text(&output));
    }

    fn file(&self) -> PathBuf {
        self.settings.join("downbeat/logins.json")
    }

    fn kept(&self) -> Value {
        serde_json::from_slice(&std::fs::read(self.file()).expect("logins")).expect("JSON")
    }

    /// `downbeat login`, up to the page that it names.
    fn logs_in(&self) -> (Child, String) {
        let mut command = self.command(&["login", &self.api]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut login = command.spawn().expect("downbeat starts");
        let mut lines = BufReader::new(login.stderr.take().expect("a pipe")).lines();
        let page = lines.find_map(|line| {
            let line = line.expect("text");
            line.trim().strip_prefix(&self.api).map(ToOwned::to_owned)
        });
        // Whatever else it says has somewhere to go.
        std::thread::spawn(move || lines.for_each(drop));
        (login, page.expect("it says where to sign in"))
    }

    /// Where the browser ends for whoever has this key.
    fn signs_in(&self, page: &str, key: &str) -> String {
        let mut browser = Browser::at(&self.api);
        let form = browser.opens(page);
        assert_eq!(form.status, 200, "{}", form.text());
        sent_to(&browser.fills_in(&form, "key", key))
    }
}

fn lands(address: &str) -> u16 {
    let (host, path) = address.strip_prefix("http://").and_then(|rest| rest.split_once('/')).expect("an address");
    Client::new(&format!("http://{host}")).get(&format!("/{path}")).status
}

fn apply(dev: &Dev, folder: &Path) {
    let file = folder.join("waits.yml");
    let source = "version: v1\nname: Waits\npipeline:\n  person:\n    integration: ORCHESTRA\n    integration_job: APPROVAL\n    parameters: {}\n";
    std::fs::write(&file, source).expect("the folder is ours");
    dev.addresses.downbeat_ok(&["apply", file.to_str().expect("test folders are text")]);
}

#[test]
fn somebody_logs_in_works_and_logs_out() {
    let folder = tempfile::tempdir().expect("a folder");
    let (dev, key) = house(&folder, "operator");
    apply(&dev, folder.path());
    let person = Person { settings: folder.path().join("settings"), api: dev.api.clone() };
    person.badly(&["runs"], "no key and no login");

    let (login, page) = person.logs_in();
    let address = person.signs_in(&page, &key);
    // What is not of this sign-in changes nothing.
    assert_eq!(lands(&address.replace("state=", "state=x")), 400);
    assert_eq!(lands(&address), 200);
    let ended = login.wait_with_output().expect("it ends");
    assert!(ended.status.success(), "{}", text(&ended));
    assert!(text(&ended).contains("logged in at"), "{}", text(&ended));

    let kept = person.kept();
    let of = |kept: &Value, field: &str| kept[&dev.api][field].as_str().expect("text").to_owned();
    assert!(!text(&ended).contains(&of(&kept, "access_token")), "no token is printed");
    let mode = std::fs::metadata(person.file()).expect("logins").permissions().mode() & 0o777;
    assert_eq!(mode, 0o600);

    assert!(person.well(&["pipeline", "list"]).contains("waits"));
    person.well(&["run", "waits"]);
    assert!(person.well(&["runs"]).contains("waits"));
    person.badly(&["key", "list"], "needs the role ADMIN");

    // A token that is about to expire is renewed by one of those who need it, and all of them go on.
    let mut old = kept.clone();
    old[&dev.api]["expires_at"] = 0.into();
    std::fs::write(person.file(), old.to_string()).expect("the folder is ours");
    let at_once: Vec<Child> = (0..4)
        .map(|_| person.command(&["runs"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts"))
        .collect();
    for one in at_once {
        let output = one.wait_with_output().expect("it ends");
        assert!(output.status.success(), "{}", text(&output));
    }
    let renewed = person.kept();
    assert_ne!(of(&kept, "refresh_token"), of(&renewed, "refresh_token"));

    in_one_process(&person, &renewed);

    let renewed = person.kept();
    assert!(person.well(&["logout", &dev.api]).contains("logged out"));
    person.badly(&["runs"], "no key and no login");
    let opens = Client::with_key(&dev.api, &of(&renewed, "access_token")).get("/api/engine/public/pipelines");
    assert_eq!(opens.status, 401, "what was given back opens nothing");
    assert!(person.well(&["logout", &dev.api]).contains("nobody was logged in"));
}

/// Twenty questions at once find that the token is about to expire: one renews it, and no thread is held up meanwhile.
fn in_one_process(person: &Person, kept: &Value) {
    const QUESTIONS: usize = 20;
    let mut command = person.command(&["mcp", "--url", &person.api]);
    command.env("TOKIO_WORKER_THREADS", "2").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut program = command.spawn().expect("downbeat starts");
    let mut input = program.stdin.take().expect("a pipe");
    let mut answers = BufReader::new(program.stdout.take().expect("a pipe")).lines().map(|line| line.expect("text"));
    let hello = r#"{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}"#;
    writeln!(input, "{hello}").expect("it reads");
    assert!(answers.next().is_some_and(|answer| answer.contains("protocolVersion")));
    let mut old = kept.clone();
    old[&person.api]["expires_at"] = 0.into();
    std::fs::write(person.file(), old.to_string()).expect("the folder is ours");
    for id in 1..=QUESTIONS {
        let question = r#""method":"tools/call","params":{"name":"whats_happening","arguments":{}}"#;
        writeln!(input, r#"{{"jsonrpc":"2.0","id":{id},{question}}}"#).expect("it reads");
    }
    drop(input);
    let (say, told) = std::sync::mpsc::channel();
    std::thread::spawn(move || say.send(answers.collect::<Vec<_>>()));
    let answers = told.recv_timeout(std::time::Duration::from_secs(60)).expect("it answers all, and ends");
    assert_eq!(answers.iter().filter(|answer| answer.contains("\"result\"")).count(), QUESTIONS, "{answers:?}");
    assert!(program.wait().expect("it ends").success());
}

#[test]
fn whose_browser_is_elsewhere_pastes_where_it_ended() {
    let folder = tempfile::tempdir().expect("a folder");
    let (dev, key) = house(&folder, "viewer");
    let person = Person { settings: folder.path().join("settings"), api: dev.api.clone() };
    let (mut login, page) = person.logs_in();
    let address = person.signs_in(&page, &key);
    let mut input = login.stdin.take().expect("a pipe");
    writeln!(input, "hello\n\n{address}").expect("it listens");
    let ended = login.wait_with_output().expect("it ends");
    assert!(ended.status.success(), "{}", text(&ended));
    person.well(&["pipeline", "list"]);
    // The login has ended elsewhere: that is said, with what to do.
    dev.addresses.downbeat_ok(&["key", "revoke", "ada"]);
    super::closed(&dev.api, person.kept()[&dev.api]["access_token"].as_str().expect("text"));
    let mut old = person.kept();
    old[&dev.api]["expires_at"] = 0.into();
    std::fs::write(person.file(), old.to_string()).expect("the folder is ours");
    person.badly(&["runs"], "log in again with `downbeat login");
    drop(input);
}

#[test]
fn a_key_opens_the_gateway_to_the_command_line() {
    let folder = tempfile::tempdir().expect("a folder");
    let (dev, key) = house(&folder, "viewer");
    apply(&dev, folder.path());
    let person = Person { settings: folder.path().join("settings"), api: dev.api.clone() };
    let with = |key: &str, arguments: &[&str]| {
        let output = person.command(arguments).env("DOWNBEAT_KEY", key).output().expect("downbeat starts");
        (output.status.success(), text(&output))
    };
    let (well, said) = with(&key, &["pipeline", "list"]);
    assert!(well && said.contains("waits"), "{said}");
    for (key, arguments, expected) in [
        (key.as_str(), ["run", "waits"].as_slice(), "needs the role OPERATOR"),
        ("downbeat_wrong", &["runs"], "this key is not known"),
        ("two\nlines", &["runs"], "characters that no key has"),
    ] {
        let (well, said) = with(key, arguments);
        assert!(!well && said.contains(expected), "{arguments:?}: {said}");
    }
    let file = folder.path().join("key");
    std::fs::write(&file, format!("{key}\n")).expect("the folder is ours");
    let path = file.to_str().expect("test folders are text");
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).expect("the file is ours");
    person.badly(&["pipeline", "list", "--key-file", path], "chmod 600");
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).expect("the file is ours");
    assert!(person.well(&["pipeline", "list", "--key-file", path]).contains("waits"));
    for (url, expected) in [
        ("http://downbeat.example.com", "must begin with https://"),
        ("https://user:hunter2@downbeat.example.com", "holds a credential"),
        ("nowhere", "is wrong"),
    ] {
        person.badly(&["login", url], expected);
        // A key goes there as little.
        let keyed = person.command(&["runs", "--url", url]).env("DOWNBEAT_KEY", &key).output().expect("it starts");
        let said = text(&keyed);
        assert!(!keyed.status.success() && said.contains(expected) && !said.contains("hunter2"), "{url}: {said}");
    }
}
