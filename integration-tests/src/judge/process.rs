//! The official offline validator as a process: a document goes in, its messages come out.

use std::{
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

const SCRIPT: &str = include_str!("judge.py");

/// How the judge grades a message. Both mean that it does not accept the document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grade {
    /// `ERROR`.
    Error,
    /// `WARNING`.
    Warning,
}

/// A message of the judge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Its weight.
    pub grade: Grade,
    /// The line, from 1.
    pub line: u64,
    /// The column, from 1.
    pub column: u64,
    /// What it says.
    pub text: String,
}

/// A running judge. It is killed when this value is dropped.
#[derive(Debug)]
pub struct Judge {
    child: Child,
    questions: ChildStdin,
    answers: BufReader<ChildStdout>,
}

/// A Python that has the package `orchestra-lang`, from `DOWNBEAT_JUDGE_PYTHON`.
///
/// `None` after printing "skipped: ..." when there is none.
///
/// # Panics
/// When there is none and `CI=true`: there, nothing passes silently.
pub fn find_python() -> Option<PathBuf> {
    let found = std::env::var_os("DOWNBEAT_JUDGE_PYTHON").map(PathBuf::from).filter(|file| file.is_file());
    if found.is_none() {
        let reason = "no judge: run `make judge`, or set DOWNBEAT_JUDGE_PYTHON to a Python with orchestra-lang";
        assert!(std::env::var("CI").as_deref() != Ok("true"), "{reason}");
        println!("skipped: {reason}");
    }
    found
}

impl Judge {
    /// Starts one.
    ///
    /// # Panics
    /// When Python does not start.
    pub fn start(python: &Path) -> Self {
        let mut command = Command::new(python);
        command.args(["-c", SCRIPT]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap_or_else(|error| panic!("{} does not start: {error}", python.display()));
        let questions = child.stdin.take().expect("stdin is piped");
        let answers = BufReader::new(child.stdout.take().expect("stdout is piped"));
        Self { child, questions, answers }
    }

    /// What it says about a document; nothing means that it accepts it.
    ///
    /// # Panics
    /// When the judge dies of the document.
    pub fn messages(&mut self, document: &str) -> Vec<Message> {
        let question = serde_json::to_string(document).expect("texts are JSON");
        let asked = writeln!(self.questions, "{question}").and_then(|()| self.questions.flush());
        let mut line = String::new();
        let answered = asked.and_then(|()| self.answers.read_line(&mut line));
        assert!(answered.is_ok() && !line.is_empty(), "the judge died of this document:\n{document}");
        let read: Vec<(String, u64, u64, String)> = serde_json::from_str(&line).expect("the judge answers JSON");
        let message = |(grade, line, column, text): (String, u64, u64, String)| {
            let grade = if grade == "warning" { Grade::Warning } else { Grade::Error };
            Message { grade, line, column, text }
        };
        read.into_iter().map(message).collect()
    }
}

impl Drop for Judge {
    fn drop(&mut self) {
        // A process that has ended already cannot be killed; either way it is waited for.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
