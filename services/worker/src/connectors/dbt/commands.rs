//! Runs the dbt commands of a task in their order, and says why they failed in dbt's own words.

use std::path::Path;

use super::{
    Invocation, Project, artifacts, collect,
    freshness::{self, Looked},
    resume,
    state::{self, State},
};
use crate::attempt::{Ending, Failure, cut};
use crate::connectors::Step;
use crate::process::run::{Exit, out_of_memory};
use crate::toolchain::{
    run_in,
    words::{Command, Joiner, split},
};

/// Lines of dbt's output that an error message repeats.
const LINES_SHOWN: usize = 12;

/// What the commands left.
pub(super) struct Ran {
    /// Of every command that wrote results, in order.
    pub(super) invocations: Vec<Invocation>,
    /// How new the data of sources is, of every command that measured it, in order.
    pub(super) looked: Vec<Looked>,
    pub(super) ending: Ending,
}

/// Splits the parameter and checks that every command is one of dbt's.
pub(super) fn read(line: &str) -> Result<Vec<Command>, Failure> {
    let commands = split(line).map_err(|reason| Failure::misconfigured(format!("commands: {reason}")))?;
    for command in &commands {
        if command.words[0] != "dbt" || command.words.len() < 2 {
            return Err(Failure::misconfigured(format!(
                "commands: each must be `dbt` and its arguments, not `{}`",
                command.words.join(" ")
            )));
        }
    }
    Ok(commands)
}

/// Runs the commands. The task fails when a command failed and neither `||` nor anything after it made good for it: unlike in a
/// shell a failure before `;` is not forgotten. With `resumes`, a command that finds nothing to do is no failure, either: what is
/// left may be the work of another one.
pub(super) async fn run(project: &Project<'_>, commands: &[Command], resumes: bool, state: &mut State) -> Step<Ran> {
    let mut invocations: Vec<Invocation> = Vec::new();
    let mut looked: Vec<Looked> = Vec::new();
    let mut failures = Vec::new();
    let mut failed: Option<String> = None;
    for command in commands {
        match (command.joiner, &failed) {
            (Joiner::Always, _) => failures.extend(failed.take()),
            (Joiner::And, Some(_)) | (Joiner::Or, None) => continue,
            (Joiner::And, None) | (Joiner::Or, Some(_)) => {}
        }
        let plan = state.before(project, command).await;
        let measured = look(project, &command.words, (&state::folder(project), false), &looked).await;
        looked.extend(measured);
        let Some(words) = plan.words.clone() else {
            project.task.log.line(&format!("nothing of `{}` has changed", command.words.join(" "))).await;
            let reused = state.after(project, plan, None).await;
            invocations.extend(placed(project, &command.words, reused).await);
            failed = None;
            continue;
        };
        let line = words.join(" ");
        project.task.log.line(&format!("$ {line}")).await;
        let ran = run_in(project.task, project.environment.program(&words, &project.folder)?).await?;
        if ran.exit == Exit::Stopped {
            return Err(Ending::Stopped);
        }
        let fresh = read_artifacts(project, &invocations).await;
        let tail = project.task.log.tail().await;
        let measured = look(project, &words, (&project.target, true), &looked).await;
        let mut reasons = fresh.as_ref().map(collect::failures).unwrap_or_default();
        reasons.extend(measured.iter().flat_map(Looked::failures));
        looked.extend(measured);
        failed = describe_failure(&line, &ran.exit, &reasons, &tail);
        if resumes && failed.is_some() && fresh.is_none() && resume::found_nothing(&tail) {
            project.task.log.line("nothing of what is left is this command's work").await;
            failed = None;
        }
        let left = state.after(project, plan, fresh).await;
        invocations.extend(placed(project, &words, left).await);
    }
    failures.extend(failed);
    let ending = if failures.is_empty() {
        let mut warnings = collect::warnings(&invocations);
        warnings.extend(looked.iter().flat_map(Looked::warnings));
        Ending::Succeeded { warning: !warnings.is_empty(), outputs: String::new(), message: cut(warnings.join("; ")) }
    } else {
        Failure::job(failures.join("\n")).into()
    };
    Ok(Ran { invocations, looked, ending })
}

/// The artifacts in the target folder, if the last command wrote them.
async fn read_artifacts(project: &Project<'_>, before: &[Invocation]) -> Option<Invocation> {
    match artifacts::read(&project.target) {
        // Commands without results of their own leave those of the one before.
        Ok(found) => found.filter(|found| before.iter().all(|before| before.id() != found.id())),
        Err(reason) => {
            project.task.log.line(&format!("no metadata was collected: {reason}")).await;
            None
        }
    }
}

/// How new the data of sources is, if dbt measured that and left it in this folder; and whether the user asked for it.
async fn look(
    project: &Project<'_>,
    words: &[String],
    (folder, asked): (&Path, bool),
    before: &[Looked],
) -> Vec<Looked> {
    let mut found = match freshness::new(folder, asked, before) {
        Ok(found) => found,
        Err(reason) => {
            project.task.log.line(&format!("how new the sources are was not collected: {reason}")).await;
            return Vec::new();
        }
    };
    if !found.is_empty() {
        let namespace = project.namespace(words).await;
        found.iter_mut().for_each(|look| look.manifest.namespace.clone_from(&namespace));
    }
    found
}

/// What a command left, with the place of its tables.
async fn placed(project: &Project<'_>, words: &[String], left: Option<Invocation>) -> Option<Invocation> {
    let mut left = left?;
    left.manifest.namespace = project.namespace(words).await;
    Some(left)
}

fn describe_failure(line: &str, exit: &Exit, reasons: &[String], tail: &str) -> Option<String> {
    let how = match exit {
        Exit::Code(0) | Exit::Stopped => return None,
        Exit::Code(code) => format!("exit code {code}"),
        Exit::Signal(signal) => format!("killed by signal {signal}"),
        Exit::OutOfMemory(memory) => out_of_memory(*memory),
    };
    let why = if reasons.is_empty() { relevant(tail) } else { reasons.join("; ") };
    Some(format!("`{line}` failed ({how}): {why}"))
}

/// What dbt says behind its last "Encountered an error:" (or from its last error headline on), without colours and time stamps,
/// on one line: it stands in tables.
fn relevant(tail: &str) -> String {
    let lines: Vec<String> = tail.lines().map(plain).filter(|line| !line.is_empty()).collect();
    let encountered = lines.iter().rposition(|line| line == "Encountered an error:").map(|at| at + 1);
    let headline = || lines.iter().rposition(|line| line.contains("Error") || line.contains("rror:"));
    let from = encountered.or_else(headline).unwrap_or(lines.len().saturating_sub(LINES_SHOWN));
    let shown: Vec<&str> = lines[from.min(lines.len())..].iter().take(LINES_SHOWN).map(|line| line.trim()).collect();
    shown.join(": ")
}

fn plain(line: &str) -> String {
    let mut text = String::new();
    let mut characters = line.chars();
    while let Some(character) = characters.next() {
        if character == '\u{1b}' {
            // A colour: ESC [ ... m
            characters.by_ref().find(char::is_ascii_alphabetic);
        } else {
            text.push(character);
        }
    }
    let is_time =
        |word: &str| word.len() == 8 && word.chars().all(|character| character.is_ascii_digit() || character == ':');
    match text.trim_end().split_once(' ') {
        Some((first, rest)) if is_time(first) => rest.trim_end().trim_start_matches(' ').to_owned(),
        _ => text.trim_end().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_dbt_commands_are_taken() {
        assert_eq!(read("dbt deps; dbt build --select 'tag:a'").unwrap().len(), 2);
        for line in ["", "rm -rf x", "dbt build && rm x", "dbt", "dbt build | tee x"] {
            assert!(read(line).is_err(), "{line}");
        }
    }

    #[test]
    fn the_message_begins_at_dbts_last_error() {
        let tail = "10:00:01  Running with dbt=1.11\n10:00:02  \u{1b}[31mEncountered an error:\u{1b}[0m\nCompilation Error\n  Model 'model.a.b' depends on a node named 'c' which was not found\n";
        assert_eq!(
            relevant(tail),
            "Compilation Error: Model 'model.a.b' depends on a node named 'c' which was not found"
        );
        let project = "Encountered an error:\nRuntime Error\n  at path ['version']: no\n\nError encountered in x.yml\n";
        assert_eq!(relevant(project), "Runtime Error: at path ['version']: no: Error encountered in x.yml");
        assert_eq!(relevant("one\ntwo\n"), "one: two");
        assert_eq!(relevant("Encountered an error:\n"), "");
    }
}
