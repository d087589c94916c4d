//! The questions to dbt and its answers: what a command selects, and how new the data of sources is.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use jiff::Timestamp;
use serde::Deserialize;

use super::super::{call, freshness, resume};
use crate::limits::DBT_STATE_SOURCES_SELECTED;

/// Options of a command that decide what it selects, each with a value.
const SELECTING: [&str; 13] = [
    "--target",
    "-t",
    "--profile",
    "--profiles-dir",
    "--project-dir",
    "--vars",
    "--selector",
    "--state",
    "--defer-state",
    "--indirect-selection",
    "--resource-type",
    "--resource-types",
    "--exclude-resource-type",
];
/// Those that take every word up to the next option.
const SELECTIONS: [&str; 4] = ["--select", "--models", "--model", "--exclude"];

#[derive(Deserialize)]
struct Listed {
    unique_id: String,
}

/// Asks what the command selects.
pub(super) fn list(words: &[String], target: &Path) -> Vec<String> {
    let mut asked: Vec<String> =
        ["dbt", "--quiet", "ls", "--output", "json", "--output-keys", "unique_id"].map(str::to_owned).into();
    asked.extend(call::options(words, &SELECTING));
    let mut selecting = false;
    for word in words.iter().skip(1) {
        if word.starts_with('-') {
            let name = word.split_once('=').map_or(word.as_str(), |(name, _)| name);
            selecting = SELECTIONS.contains(&name);
            if let Some((_, value)) = resume::short_selection(word) {
                selecting = true;
                asked.push("--select".to_owned());
                asked.extend((!value.is_empty()).then(|| value.to_owned()));
                continue;
            }
        }
        if selecting {
            asked.push(word.clone());
        }
    }
    asked.extend(["--target-path".to_owned(), target.to_string_lossy().into_owned()]);
    asked
}

/// Asks how new the data of these sources is.
pub(super) fn freshness(words: &[String], sources: Vec<String>, target: &Path) -> Vec<String> {
    let mut asked: Vec<String> = ["dbt", "source", "freshness"].map(str::to_owned).into();
    asked.extend(call::carried(words));
    // Of very many all are asked: a command line has its limits.
    if sources.len() <= DBT_STATE_SOURCES_SELECTED {
        asked.push("--select".to_owned());
        asked.extend(sources);
    }
    asked.extend(["--target-path".to_owned(), target.to_string_lossy().into_owned()]);
    asked
}

/// Whether the command says that everything is to be built anew.
pub(super) fn refreshes(words: &[String]) -> bool {
    words.iter().any(|word| {
        let cluster = word.strip_prefix('-').filter(|letters| !letters.starts_with('-')).unwrap_or_default();
        // Behind these a value begins.
        let flags = cluster.split(['s', 'm', 't', 'o']).next().unwrap_or_default();
        word == "--full-refresh" || flags.contains('f')
    })
}

/// Unique ids of what was listed.
///
/// # Errors
/// There is nothing, or something else.
pub(super) fn ids(output: &[u8]) -> Result<BTreeSet<String>, String> {
    let lines = output.split(|byte| *byte == b'\n');
    // Lines of plugins may stand between them.
    let listed = lines.filter_map(|line| serde_json::from_slice::<Listed>(line).ok());
    let ids: BTreeSet<String> = listed.map(|listed| listed.unique_id).collect();
    if ids.is_empty() { Err("dbt lists nothing that is selected".to_owned()) } else { Ok(ids) }
}

/// The newest data of each source that dbt could tell.
///
/// # Errors
/// The file is there and cannot be understood.
pub(super) fn newest(target: &Path) -> Result<BTreeMap<String, Timestamp>, String> {
    let measured = freshness::read(target)?.into_iter().flat_map(|measured| measured.results);
    Ok(measured.filter_map(|source| Some((source.unique_id.clone(), source.loaded_at()?))).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::toolchain::words::split;

    fn words(line: &str) -> Vec<String> {
        split(line).unwrap().remove(0).words
    }

    #[test]
    fn a_command_is_listed_as_it_selects() {
        for (line, expected) in [
            ("dbt build", ""),
            ("dbt build --select a b --full-refresh", " --select a b"),
            ("dbt run --select=tag:a,b -x --threads 4", " --select=tag:a,b"),
            ("dbt run -s a+ @b --target dev", " --target dev --select a+ @b"),
            ("dbt run -sa -fm b --exclude c d", " --select a --select b --exclude c d"),
            ("dbt --warn-error build --selector nightly --fail-fast", " --selector nightly"),
            (
                "dbt build --vars '{a: 1}' --state prod --select state:modified",
                " --vars {a: 1} --state prod --select state:modified",
            ),
            (
                "dbt build --resource-type model --indirect-selection cautious",
                " --resource-type model --indirect-selection cautious",
            ),
        ] {
            let asked = list(&words(line), Path::new("/s")).join(" ");
            assert_eq!(
                asked,
                format!("dbt --quiet ls --output json --output-keys unique_id{expected} --target-path /s"),
                "{line}"
            );
        }
    }

    #[test]
    fn a_full_refresh_is_seen_however_it_is_said() {
        for (line, expected) in [
            ("dbt build --full-refresh", true),
            ("dbt run -f", true),
            ("dbt run -xf -s a", true),
            ("dbt run -sf", false),
            ("dbt run -t f", false),
            ("dbt run --fail-fast", false),
        ] {
            assert_eq!(refreshes(&words(line)), expected, "{line}");
        }
    }

    #[test]
    fn listings_are_read_between_whatever_else_is_printed() {
        let found = ids(b"plugin 1.0\n{\"unique_id\": \"model.p.a\"}\n{\"unique_id\": \"test.p.t\"}\n{}\n").unwrap();
        assert_eq!(found.into_iter().collect::<Vec<_>>(), ["model.p.a", "test.p.t"]);
        assert!(ids(b"").is_err() && ids(b"No nodes selected!").is_err());
    }

    #[test]
    fn sources_that_could_not_be_asked_are_missing() {
        let folder = tempfile::tempdir().unwrap();
        assert!(newest(folder.path()).unwrap().is_empty());
        let results = r#"{"results": [{"unique_id": "source.p.s.a", "status": "error", "max_loaded_at": "2026-01-02T00:00:00+00:00"},
            {"unique_id": "source.p.s.b", "status": "runtime error", "error": "no such table"}]}"#;
        std::fs::write(folder.path().join(freshness::SOURCES), results).unwrap();
        assert_eq!(newest(folder.path()).unwrap().into_keys().collect::<Vec<_>>(), ["source.p.s.a"]);
        std::fs::write(folder.path().join(freshness::SOURCES), "[").unwrap();
        assert!(newest(folder.path()).unwrap_err().contains(freshness::SOURCES));
    }
}
