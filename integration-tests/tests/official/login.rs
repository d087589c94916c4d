//! `orchestra login`: the browser is the test's, everything else is real. What is logged in works as a key does, until somebody ends it.

use std::{path::PathBuf, process::Command, time::Duration};

use downbeat_integration_tests::{http::Client, process::eventually, repository};
use serde_json::{Value, json};

use super::{
    House,
    conversation::{Said, Table, run},
    program,
};

const CLI: &str = "orchestra-cli 0.5.2";

/// Somebody at a machine of their own, without a key in its environment.
struct Somebody<'a> {
    house: &'a House,
    home: PathBuf,
    /// What they paste where they are asked for a key.
    key: String,
}

impl Somebody<'_> {
    fn types(&self, arguments: &str) -> Said {
        let browser = repository().join("integration-tests/tests/official/shim/browser.py");
        // With `&` the client does not wait for it, as for a real one.
        let browser = format!("{} {} %s &", program("python").display(), browser.display());
        let mut command = Command::new(program("orchestra"));
        command
            .args(arguments.split(' '))
            .current_dir(self.house.folder.path())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", &self.home)
            .env("COLUMNS", "500")
            .env("NO_COLOR", "1")
            .env("TERM", "dumb")
            .env("BASE_URL", &self.house.api)
            .env("BROWSER", browser)
            .env("SIGN_IN_KEY", &self.key);
        run(&mut command)
    }

    fn cache(&self) -> PathBuf {
        self.home.join(".orchestra/credentials.json")
    }

    /// What the client keeps of its login.
    fn kept(&self) -> Value {
        let text = std::fs::read_to_string(self.cache()).expect("the client keeps its login");
        let all: Value = serde_json::from_str(&text).expect("JSON");
        all[&self.house.api].clone()
    }

    /// Lets the client believe that its access token has expired.
    fn ages(&self) {
        let mut kept = self.kept();
        kept["expires_at"] = json!(0);
        std::fs::write(self.cache(), json!({ &self.house.api: kept }).to_string()).expect("the folder is ours");
    }
}

pub fn talk(house: &House, table: &mut Table) {
    let addresses = &house._cluster.addresses;
    let home = house.folder.path().join("home");
    std::fs::create_dir(&home).expect("the folder is ours");
    let key = addresses.downbeat_ok(&["key", "create", "laptop", "--role", "editor"]).trim().to_owned();
    eventually("the gateway knows the key", Duration::from_secs(20), || {
        (Client::with_key(&house.api, &key).get("/public/v1/accounts").status == 200).then_some(())
    });
    let ada = Somebody { house, home, key };
    let mut says = |arguments: &str, told: &str, code: i32, words: &[&str]| {
        let shown =
            if told.is_empty() { format!("orchestra {arguments}") } else { format!("orchestra {arguments}, {told}") };
        table.says(CLI, &shown, &ada.types(arguments), code, words);
    };
    says("accounts use default", "before a login", 1, &["orchestra login"]);
    says("login", "a key is pasted in the browser", 0, &["Logged in to", "(default)"]);
    says("accounts list", "by the login", 0, &["\"name\": \"default\"", "\"default\": true"]);
    says("accounts use default", "", 0, &["Default account: default"]);
    says("pipeline new --path hello.yml --alias logged_in --publish", "by the login", 0, &["created successfully"]);
    says("pipeline list", "by the login", 0, &["\"alias\": \"logged_in\""]);
    let before = ada.kept();
    ada.ages();
    says("pipeline list", "after an hour: the tokens are refreshed", 0, &["\"alias\": \"logged_in\""]);
    let after = ada.kept();
    for token in ["access_token", "refresh_token"] {
        assert!(after[token].is_string() && after[token] != before[token], "{token} is another one");
    }
    let listed = addresses.downbeat_ok(&["login", "list"]);
    assert!(listed.contains("key:laptop") && listed.contains("Orchestra CLI"), "{listed}");
    let id = listed.lines().nth(1).and_then(|row| row.split_whitespace().last()).expect("an id");
    assert!(addresses.downbeat_ok(&["login", "end", id]).contains("ended: login"));
    let token = after["access_token"].as_str().expect("a token").to_owned();
    closed(&house.api, &token);
    says("pipeline list", "after `downbeat login end`", 1, &["401"]);
    ada.ages();
    says(
        "pipeline list",
        "when the client would refresh it",
        1,
        &["Your Orchestra login has expired", "orchestra login"],
    );

    says("login", "once more", 0, &["Logged in to", "(default)"]);
    says("pipeline list", "by the new login", 0, &["\"alias\": \"logged_in\""]);
    addresses.downbeat_ok(&["key", "revoke", "laptop"]);
    closed(&house.api, ada.kept()["access_token"].as_str().expect("a token"));
    says("pipeline list", "after the key is revoked that was pasted", 1, &["401"]);
}

/// Waits until the gateway has heard that a token opens nothing any more, which it hears at once.
fn closed(api: &str, token: &str) {
    eventually("the login is closed", Duration::from_secs(5), || {
        (Client::with_key(api, token).get("/public/v1/accounts").status == 401).then_some(())
    });
}
