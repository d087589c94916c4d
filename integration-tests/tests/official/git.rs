//! `orchestra-cli` with pipelines whose files are in a repository: imported, run, updated, migrated. The repository is one of this machine, of which
//! the client sees by its path that it is one of GitHub's; the worker is told that GitHub's are there.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use downbeat_integration_tests::http::Client;
use serde_json::json;

use super::{
    House,
    cli::{BASE, CLI, cli},
    conversation::Table,
};

/// One task that says something.
fn pipeline(says: &str) -> String {
    format!(
        "version: v1
name: From git
pipeline:
  greet:
    tasks:
      hello:
        name: Say hello
        integration: PYTHON
        integration_job: PYTHON_EXECUTE_SCRIPT
        parameters:
          source: INLINE
          python_version: '3.11'
          code: print('{says}')
        depends_on: []
"
    )
}

/// Below which the worker finds what clients take for GitHub's repositories.
pub fn host(folder: &Path) -> PathBuf {
    folder.join("github.com")
}

fn git(folder: &Path, arguments: &[&str]) -> String {
    let mut command = Command::new("git");
    command.env("GIT_CONFIG_NOSYSTEM", "1").env("GIT_CONFIG_GLOBAL", "/dev/null").current_dir(folder);
    let ran = command.args(arguments).output().expect("git starts");
    assert!(ran.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&ran.stderr));
    String::from_utf8_lossy(&ran.stdout).trim().to_owned()
}

/// A clone of a repository with the pipeline.
fn clone(folder: &Path) -> PathBuf {
    let (first, bare, clone) = (folder.join("first"), host(folder).join("acme/etl.git"), folder.join("etl"));
    std::fs::create_dir_all(&first).expect("the folder is ours");
    let path = |path: &Path| path.to_str().expect("test folders are text").to_owned();
    git(&first, &["init", "-q", "-b", "main"]);
    std::fs::write(first.join("hello.yml"), pipeline("hello")).expect("the folder is ours");
    git(&first, &["add", "."]);
    git(&first, &["-c", "user.name=Ada", "-c", "user.email=ada@example.com", "commit", "-q", "-m", "First"]);
    git(folder, &["clone", "-q", "--bare", "first", &path(&bare)]);
    git(folder, &["clone", "-q", &path(&bare), "etl"]);
    git(&clone, &["config", "user.name", "Ada"]);
    git(&clone, &["config", "user.email", "ada@example.com"]);
    clone
}

/// Pushes a text to a branch: the commit.
fn push(clone: &Path, branch: &str, says: &str) -> String {
    git(clone, &["checkout", "-q", "-B", branch]);
    std::fs::write(clone.join("hello.yml"), pipeline(says)).expect("the folder is ours");
    git(clone, &["commit", "-q", "-a", "-m", says]);
    git(clone, &["push", "-q", "-u", "origin", branch]);
    let commit = git(clone, &["rev-parse", "HEAD"]);
    git(clone, &["checkout", "-q", "main"]);
    commit
}

/// A conversation with it.
struct Talk<'a> {
    house: &'a House,
    table: &'a mut Table,
    client: Client,
}

impl Talk<'_> {
    fn says(&mut self, arguments: &str, code: i32, words: &[&str]) {
        self.says_of(arguments, arguments, code, words);
    }

    /// The same of a command that is shown otherwise: there is something in it that is another one each time.
    fn says_of(&mut self, arguments: &str, shown: &str, code: i32, words: &[&str]) {
        let said = cli(self.house, &arguments.split(' ').collect::<Vec<_>>());
        self.table.says(CLI, &format!("orchestra {shown}"), &said, code, words);
    }

    /// Of the newest run.
    fn run(&mut self, what: &str, branch: &str, commit: &str) {
        let run = self.client.get(&format!("{BASE}/pipeline_runs?page_size=1")).json()["results"][0].clone();
        let link = format!("https://github.com/acme/etl/commit/{commit}");
        let right = run["branch"] == branch && run["commit"] == commit && run["gitLink"] == link.as_str();
        let seen = if right { format!("branch {branch}, its commit, a link to it") } else { run.to_string() };
        self.table.brings(CLI, what, &format!("branch {branch}, its commit, a link to it"), &seen);
    }

    fn sync(&self, alias: &str) {
        let synced = self.client.ask("POST", &format!("{BASE}/pipelines/{alias}/sync"), Some(&json!({})));
        assert_eq!(synced.status, 200, "{}", synced.text());
    }

    fn storage(&mut self, what: &str, alias: &str, expected: &str) {
        let found = self.client.get(&format!("{BASE}/pipeline?alias={alias}")).json();
        let text = |name: &str| found[name].as_str().unwrap_or_default().to_owned();
        let seen = format!(
            "{} {}, {}: {}, version {}",
            text("storageProvider"),
            text("repository"),
            text("defaultBranch"),
            text("yamlPath"),
            found["publishedVersionNumber"]
        );
        self.table.brings(CLI, what, expected, &seen);
    }
}

pub fn talk(house: &House, table: &mut Table) {
    let folder = house.folder.path();
    let clone = clone(folder);
    let first = git(&clone, &["rev-parse", "HEAD"]);
    let mut talk = Talk { house, table, client: Client::with_key(&house.api, &house.key) };
    talk.says("pipeline import --path etl/hello.yml --alias from_git", 0, &["imported successfully"]);
    talk.storage("... and where it is kept", "from_git", "GITHUB acme/etl, main: hello.yml, version 1");
    talk.says(
        "pipeline import --path etl/hello.yml --alias from_git",
        1,
        &["status 400", "there is a pipeline `from_git` already"],
    );
    talk.says("pipeline run --alias from_git --wait --force", 0, &["status: SUCCEEDED"]);
    talk.run("... and the run's origin", "main", &first);

    let topic = push(&clone, "topic", "from a branch");
    talk.says("pipeline run --alias from_git --branch topic --wait --force", 0, &["status: SUCCEEDED"]);
    talk.run("... and the run's origin", "topic", &topic);
    let run = |commit: &str| format!("pipeline run --alias from_git --commit {commit} --wait --force");
    talk.says_of(&run(&topic), &run("COMMIT"), 0, &["status: SUCCEEDED"]);
    talk.says(
        "pipeline run --alias from_git --branch nowhere --no-wait --force",
        1,
        &["status 400", "there is no branch nowhere"],
    );

    std::fs::write(clone.join("hello.yml"), pipeline("updated")).expect("the folder is ours");
    talk.says(
        "pipeline update --path etl/hello.yml --alias from_git --publish --force",
        0,
        &["Updated git-backed pipeline", "on branch 'main'"],
    );
    talk.sync("from_git");
    let pushed = git(&clone, &["rev-parse", "HEAD"]);
    talk.says("pipeline run --alias from_git --wait --force", 0, &["status: SUCCEEDED"]);
    talk.run("... and the run's origin, once the push was looked at", "main", &pushed);
    talk.says(
        "pipeline run --path etl/hello.yml --wait --force",
        0,
        &["Using git-backed run target branch 'main'", "status: SUCCEEDED"],
    );

    std::fs::write(folder.join("mover.yml"), pipeline("moved")).expect("the folder is ours");
    talk.says("pipeline new --path mover.yml --alias mover --publish", 0, &["created successfully"]);
    talk.says(
        "pipeline migrate --path etl/mover.yml --alias mover --force",
        0,
        &["Migrated pipeline", "to git-backed storage at 'mover.yml'"],
    );
    talk.sync("mover");
    talk.storage("... and where it is kept", "mover", "GITHUB acme/etl, main: mover.yml, version 1");
    talk.says("pipeline run --alias mover --wait --force", 0, &["status: SUCCEEDED"]);
}
