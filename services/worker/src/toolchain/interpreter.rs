//! Finds Python interpreters: the one that the operator named, or the first on PATH that really answers with its version
//! (shims of version managers exist without an interpreter behind them).

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::Stdio,
};

use tokio::{process::Command, sync::Mutex, time::timeout};

use crate::attempt::Failure;
use crate::limits::INTERPRETER_ANSWER_WAIT;

/// The versions that a task may name, newest first.
pub(crate) const VERSIONS: [&str; 2] = ["3.12", "3.11"];

/// An interpreter that answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Interpreter {
    pub(crate) path: PathBuf,
    /// As it says itself, for example `3.11.15`.
    pub(crate) version: String,
}

/// Looks interpreters up and remembers those that it found (not those it missed: they may be installed meanwhile).
#[derive(Debug)]
pub(crate) struct Interpreters {
    named: BTreeMap<&'static str, PathBuf>,
    search: Vec<PathBuf>,
    found: Mutex<BTreeMap<String, Interpreter>>,
}

impl Interpreters {
    /// `named`: what the operator chose, by version. `search`: the folders of PATH.
    pub(crate) fn new(named: BTreeMap<&'static str, PathBuf>, search: Vec<PathBuf>) -> Self {
        Self { named, search, found: Mutex::default() }
    }

    /// The interpreter of this version, or without one the newest that is there.
    ///
    /// # Errors
    /// As [`Interpreters::find`].
    pub(crate) async fn find_or_newest(&self, version: Option<&str>) -> Result<Interpreter, Failure> {
        let Some(version) = version else {
            let [newest, older @ ..] = &VERSIONS;
            let missing = match self.find(newest).await {
                Ok(found) => return Ok(found),
                Err(missing) => missing,
            };
            for version in older {
                if let Ok(found) = self.find(version).await {
                    return Ok(found);
                }
            }
            return Err(missing);
        };
        self.find(version).await
    }

    /// The interpreter of a version like `3.12`.
    ///
    /// # Errors
    /// MISCONFIGURED, with what was looked for and which versions are there.
    pub(crate) async fn find(&self, version: &str) -> Result<Interpreter, Failure> {
        if let Some(known) = self.found.lock().await.get(version) {
            return Ok(known.clone());
        }
        let (candidates, looked_for) = self.candidates(version);
        for candidate in candidates {
            if let Some(interpreter) = ask(&candidate, version).await {
                self.found.lock().await.insert(version.to_owned(), interpreter.clone());
                return Ok(interpreter);
            }
        }
        Err(Failure::misconfigured(format!(
            "python {version} not found: looked for {looked_for}; {}",
            self.advice(version).await
        )))
    }

    fn candidates(&self, version: &str) -> (Vec<PathBuf>, String) {
        if let Some(named) = self.named.get(version) {
            return (vec![named.clone()], format!("{} (the worker's setting)", named.display()));
        }
        let names = [format!("python{version}"), "python3".to_owned(), "python".to_owned()];
        let paths = names.iter().flat_map(|name| self.search.iter().map(move |folder| folder.join(name)));
        (paths.filter(|path| path.is_file()).collect(), format!("{} on PATH", names.join(", ")))
    }

    async fn advice(&self, missing: &str) -> String {
        let mut there = Vec::new();
        for version in VERSIONS.into_iter().filter(|version| *version != missing) {
            for candidate in self.candidates(version).0 {
                if ask(&candidate, version).await.is_some() {
                    there.push(version);
                    break;
                }
            }
        }
        match there.as_slice() {
            [] => format!("install it, or name one with DOWNBEAT_WORKER_PYTHON_{}", missing.replace('.', "_")),
            there => format!("install it or set python_version to one of: {}", there.join(", ")),
        }
    }
}

async fn ask(path: &Path, version: &str) -> Option<Interpreter> {
    let mut command = Command::new(path);
    command.arg("--version").stdin(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
    let answer = timeout(INTERPRETER_ANSWER_WAIT, command.output()).await.ok()?.ok()?;
    let text = String::from_utf8_lossy(&answer.stdout);
    let said = text.trim().strip_prefix("Python ")?;
    let fits = answer.status.success() && said.strip_prefix(version).is_some_and(|rest| rest.starts_with('.'));
    fits.then(|| Interpreter { path: path.to_path_buf(), version: said.to_owned() })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn script(folder: &Path, name: &str, text: &str) {
        let path = folder.join(name);
        std::fs::write(&path, format!("#!/bin/sh\n{text}\n")).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    }

    #[tokio::test]
    async fn shims_that_fail_and_other_versions_are_passed_over() {
        let (shims, real) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        script(shims.path(), "python3.12", "echo 'not installed' >&2; exit 127");
        script(shims.path(), "python3", "echo Python 3.1.2");
        script(real.path(), "python3", "echo Python 3.12.9");
        let search = vec![shims.path().to_path_buf(), real.path().to_path_buf()];
        let found = Interpreters::new(BTreeMap::new(), search).find("3.12").await.unwrap();
        assert_eq!(found, Interpreter { path: real.path().join("python3"), version: "3.12.9".to_owned() });
    }

    #[tokio::test]
    async fn a_missing_one_is_explained_with_those_that_are_there() {
        let folder = tempfile::tempdir().unwrap();
        script(folder.path(), "python3.11", "echo Python 3.11.4");
        let interpreters = Interpreters::new(BTreeMap::new(), vec![folder.path().to_path_buf()]);
        let message = interpreters.find("3.12").await.unwrap_err().message;
        assert!(message.starts_with("python 3.12 not found: looked for python3.12"), "{message}");
        assert!(message.ends_with("install it or set python_version to one of: 3.11"), "{message}");
    }

    #[tokio::test]
    async fn the_operators_choice_is_the_only_candidate() {
        let folder = tempfile::tempdir().unwrap();
        script(folder.path(), "python3.11", "echo Python 3.11.4");
        let named = BTreeMap::from([("3.11", PathBuf::from("/nowhere/python"))]);
        let interpreters = Interpreters::new(named, vec![folder.path().to_path_buf()]);
        assert!(interpreters.find("3.11").await.unwrap_err().message.contains("/nowhere/python"));
    }
}
