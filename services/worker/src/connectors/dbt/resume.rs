//! Continues what an earlier run left undone: of a task's commands only the given nodes and what follows from them are run. Whoever else
//! narrows a command to exactly some nodes does it in this way, too.
//!
//! dbt has no selector for a unique id, and names are no substitute: `fqn:project.orders` is also every model of a folder
//! `orders`. What selects exactly is `result:error` over the results of an earlier run, so results that hold just these nodes are
//! written for dbt to read.

use std::{io, path::Path};

use serde_json::{Value, json};

use crate::limits::RESUMED_NODES_SHOWN;
use crate::toolchain::words::Command;

/// Commands that run nodes. Others (`deps`, `docs generate`, `run-operation`, `source freshness`, ...) stay as they are.
const RUNNING: [&str; 8] = ["build", "run", "test", "seed", "snapshot", "compile", "list", "ls"];
/// Every other command, so that the first of all these words is the command.
const OTHER: [&str; 11] =
    ["clean", "clone", "debug", "deps", "docs", "init", "parse", "retry", "run-operation", "show", "source"];
/// Options that may stand before the command and take a value, which may be spelt like a command: `--target test`.
const VALUED: [&str; 21] = [
    "--defer-state",
    "--event-time-end",
    "--event-time-start",
    "--exclude-resource-type",
    "--log-file-max-bytes",
    "--log-format",
    "--log-format-file",
    "--log-level",
    "--log-level-file",
    "--log-path",
    "--printer-width",
    "--profile",
    "--profiles-dir",
    "--project-dir",
    "--record-timing-info",
    "--resource-type",
    "--state",
    "--target",
    "--target-path",
    "--vars",
    "-t",
];
/// Options that select nodes; each takes the words up to the next option.
const SELECTING: [&str; 5] = ["--select", "--models", "--model", "--exclude", "--selector"];
/// What selects the nodes of the written results and everything that follows from them.
const SELECTOR: &str = "result:error+";
/// Layout of the written results, the oldest that every dbt since 1.0 reads.
const RESULTS_VERSION: &str = "https://schemas.getdbt.com/dbt/run-results/v4.json";

/// The commands as they run when only `nodes` and what follows from them shall, or `None` if none of them selects nodes or if
/// none of the nodes can be selected (hooks of the project run with every command), or one of them is a source that was too old.
pub(super) fn commands(commands: &[Command], nodes: &[String], folder: &Path) -> Option<Vec<Command>> {
    if !nodes.iter().any(|node| !node.starts_with("operation.")) {
        return None;
    }
    // What stood behind a look at sources may never have run, and says nothing of itself.
    if nodes.iter().any(|node| ["source.", "freshness."].iter().any(|kind| node.starts_with(kind))) {
        return None;
    }
    let rewritten: Vec<Option<Vec<String>>> =
        commands.iter().map(|command| narrowed(&command.words, SELECTOR, folder)).collect();
    if rewritten.iter().all(Option::is_none) {
        return None;
    }
    let of = |(command, words): (&Command, Option<Vec<String>>)| match words {
        Some(words) => Command { joiner: command.joiner, words },
        None => command.clone(),
    };
    Some(commands.iter().zip(rewritten).map(of).collect())
}

/// Writes the results that the rewritten commands read, into a folder of the attempt.
pub(super) fn write_results(nodes: &[String], folder: &Path) -> io::Result<()> {
    std::fs::create_dir_all(folder)?;
    std::fs::write(folder.join("run_results.json"), results(nodes).to_string())
}

/// One line for the task's log.
pub(super) fn describe(nodes: &[String]) -> String {
    let shown = nodes.iter().take(RESUMED_NODES_SHOWN).map(String::as_str).collect::<Vec<_>>().join(", ");
    match nodes.len().saturating_sub(RESUMED_NODES_SHOWN) {
        0 => format!("resumes an earlier run: only {shown}, and what follows from them"),
        more => format!("resumes an earlier run: only {shown} and {more} more, and what follows from them"),
    }
}

/// Whether dbt said that there was nothing for the command to do. With `--warn-error` that ends dbt with an error.
pub(super) fn found_nothing(tail: &str) -> bool {
    tail.contains("Nothing to do.") || tail.contains("does not match any enabled nodes")
}

fn results(nodes: &[String]) -> Value {
    let results: Vec<Value> = nodes
        .iter()
        .map(|node| {
            json!({
                "unique_id": node, "status": "error", "timing": [], "thread_id": "", "execution_time": 0,
                "adapter_response": {}, "message": null, "failures": null,
            })
        })
        .collect();
    let metadata = json!({ "dbt_schema_version": RESULTS_VERSION, "generated_at": "1970-01-01T00:00:00Z" });
    json!({ "metadata": metadata, "results": results, "elapsed_time": 0, "args": {} })
}

/// The command's name.
pub(super) fn command_of(words: &[String]) -> Option<&str> {
    Some(words[command_at(words)?].as_str())
}

/// The command with its selection replaced by one over the results in `folder`; `None` if it selects no nodes.
pub(super) fn narrowed(words: &[String], selector: &str, folder: &Path) -> Option<Vec<String>> {
    let at = command_at(words)?;
    let of_text = words.iter().any(|word| word == "--inline" || word.starts_with("--inline="));
    if !RUNNING.contains(&words[at].as_str()) || of_text {
        return None;
    }
    let mut kept = words[..=at].to_vec();
    let mut in_selection = false;
    for word in &words[at + 1..] {
        if !word.starts_with('-') {
            if !in_selection {
                kept.push(word.clone());
            }
            continue;
        }
        let name = word.split_once('=').map_or(word.as_str(), |(name, _)| name);
        in_selection = SELECTING.contains(&name);
        if in_selection {
            continue;
        }
        match short_selection(word) {
            Some((others, _)) => {
                in_selection = true;
                kept.extend((!others.is_empty()).then(|| format!("-{others}")));
            }
            // With --state the user names what --defer falls back to; the results are read from --state, too.
            None => match word.strip_prefix("--state") {
                Some(value) if name == "--state" => kept.push(format!("--defer-state{value}")),
                _ => kept.push(word.clone()),
            },
        }
    }
    kept.extend(["--select".to_owned(), selector.to_owned(), "--state".to_owned()]);
    kept.push(folder.to_string_lossy().into_owned());
    Some(kept)
}

/// Where the command's name stands.
fn command_at(words: &[String]) -> Option<usize> {
    let mut at = 1;
    while let Some(word) = words.get(at) {
        let is_value = VALUED.contains(&words[at - 1].as_str());
        if !is_value && (RUNNING.contains(&word.as_str()) || OTHER.contains(&word.as_str())) {
            return Some(at);
        }
        at += 1;
    }
    None
}

/// For a word of short options that end in a selection (`-s`, `-m`, `-sorders`, `-fs`): those before it, and what is selected.
pub(super) fn short_selection(word: &str) -> Option<(&str, &str)> {
    let letters = word.strip_prefix('-').filter(|letters| !letters.starts_with('-'))?;
    // These take a value themselves: what follows in the word is theirs.
    let at = letters.find(['s', 'm', 't', 'o'])?;
    matches!(letters.as_bytes()[at], b's' | b'm').then(|| (&letters[..at], &letters[at + 1..]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::toolchain::words::split;

    fn rewritten(line: &str) -> Option<Vec<String>> {
        let found = commands(&split(line).unwrap(), &["model.p.a".to_owned()], Path::new("/r"))?;
        Some(found.into_iter().map(|command| command.words.join(" ")).collect())
    }

    #[test]
    fn selections_are_replaced_and_everything_else_stays() {
        const ONLY: &str = "--select result:error+ --state /r";
        for (line, expected) in [
            ("dbt build", "dbt build"),
            ("dbt build --select a b --full-refresh", "dbt build --full-refresh"),
            ("dbt build --select=tag:a,b -x", "dbt build -x"),
            ("dbt run -s a+ @b --target dev", "dbt run --target dev"),
            ("dbt run -sa -mb --models c --model d", "dbt run"),
            ("dbt run --exclude a b --selector nightly --threads 4", "dbt run --threads 4"),
            ("dbt build -fs a -t s", "dbt build -f -t s"),
            ("dbt run -tsm -q", "dbt run -tsm -q"),
            ("dbt --target test run -m a", "dbt --target test run"),
            ("dbt --no-partial-parse seed --show", "dbt --no-partial-parse seed --show"),
            ("dbt test --vars '{a: 1}'", "dbt test --vars {a: 1}"),
            ("dbt run --defer --state prod -s x", "dbt run --defer --defer-state prod"),
            ("dbt run --defer --state=prod", "dbt run --defer --defer-state=prod"),
            ("dbt ls --output json", "dbt ls --output json"),
            ("dbt snapshot", "dbt snapshot"),
            ("dbt compile --select a", "dbt compile"),
        ] {
            assert_eq!(rewritten(line), Some(vec![format!("{expected} {ONLY}")]), "{line}");
        }
    }

    #[test]
    fn commands_that_run_no_nodes_stay_as_they_are() {
        let mixed = "dbt deps && dbt run -s a; dbt docs generate --select a || dbt source freshness --select b";
        assert_eq!(
            rewritten(mixed).unwrap(),
            [
                "dbt deps",
                "dbt run --select result:error+ --state /r",
                "dbt docs generate --select a",
                "dbt source freshness --select b"
            ]
        );
        for line in ["dbt deps", "dbt run-operation run", "dbt compile --inline 'select 1'", "dbt --version"] {
            assert_eq!(rewritten(line), None, "{line}");
        }
        let hooks = ["operation.p.p-on-run-end-0".to_owned()];
        assert!(commands(&split("dbt run").unwrap(), &hooks, Path::new("/r")).is_none());
        // A source that was too old kept the command behind it from running at all.
        for stale in ["source.p.raw.orders", "freshness.source.p.raw.orders"] {
            let line = split("dbt source freshness && dbt build").unwrap();
            assert!(commands(&line, &[stale.to_owned(), "model.p.a".to_owned()], Path::new("/r")).is_none(), "{stale}");
        }
    }

    #[test]
    fn long_lists_are_cut_in_the_log() {
        let nodes: Vec<String> = (0..50).map(|number| format!("model.p.m{number}")).collect();
        assert!(describe(&nodes).ends_with("model.p.m19 and 30 more, and what follows from them"));
        assert_eq!(describe(&nodes[..1]), "resumes an earlier run: only model.p.m0, and what follows from them");
    }

    #[test]
    fn only_dbts_own_words_mean_that_nothing_was_found() {
        assert!(found_nothing("Compilation Error\n  Nothing to do. Try checking your model configs\n"));
        assert!(found_nothing("The selection criterion 'result:error+' does not match any enabled nodes"));
        assert!(!found_nothing("Database Error"));
    }
}
