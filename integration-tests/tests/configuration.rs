//! `docs/configuration.md`: every setting of every service, as the programs themselves say with `--help`. `DOWNBEAT_WRITE_SNAPSHOTS=1` writes it anew.

use std::{fmt::Write as _, process::Command};

use downbeat_integration_tests::{cluster::text, programs, repository};

const HEAD: &str = "# Configuration

Every setting of every service is a flag, and most of them are a variable as well; a flag counts more. Written by the test `configuration` of `integration-tests`
(`DOWNBEAT_WRITE_SNAPSHOTS=1`) from what the programs say with `--help`. The chart's values: [helm/downbeat/README.md](../helm/downbeat/README.md).

Three variables have no flag. `DOWNBEAT_LOG_FILTER` says how much is logged, in every program (`info`; `downbeat_coordinator=debug,info`). `DOWNBEAT_MASTER_KEY` holds the master
key of connections ([connections.md](connections.md#the-master-key)): what stands on a command line is seen by everybody. `DOWNBEAT_TZDIR` is the folder of time zones in place of the
machine's, for coordinator and scheduler.
";
const PROGRAMS: [&str; 5] = [
    "downbeat-coordinator",
    "downbeat-scheduler",
    "downbeat-worker",
    "downbeat-metadata-projector",
    "downbeat-gateway",
];

#[derive(Debug, Default, PartialEq)]
struct Setting {
    /// The heading that it stands below; empty = none of its own.
    group: String,
    flag: String,
    variable: String,
    default: String,
    values: String,
    about: String,
}

/// What a program says of itself: its purpose, and its settings.
fn read(help: &str) -> (String, Vec<Setting>) {
    let (mut settings, mut group) = (Vec::<Setting>::new(), String::new());
    let purpose = help.lines().next().unwrap_or_default().to_owned();
    for line in help.lines() {
        let (words, indented) = (line.trim(), line.starts_with(' '));
        if !indented {
            let heading = words.strip_suffix(':').filter(|heading| *heading != "Options").unwrap_or_default();
            group = heading.to_owned();
        } else if words.starts_with('-') && line.len() - line.trim_start().len() <= 6 {
            let (flag, about) = words.split_once("  ").unwrap_or((words, ""));
            let about = about.trim().to_owned();
            settings.push(Setting { group: group.clone(), flag: flag.to_owned(), about, ..Setting::default() });
        } else if let Some(setting) = settings.last_mut().filter(|_| !words.is_empty()) {
            let pause = if setting.about.is_empty() { "" } else { " " };
            setting.about.push_str(pause);
            setting.about.push_str(words);
        }
    }
    settings.retain(|setting| !matches!(setting.flag.as_str(), "-h, --help" | "-V, --version"));
    for setting in &mut settings {
        setting.variable = take(&mut setting.about, "[env: ").trim_end_matches('=').to_owned();
        setting.default = take(&mut setting.about, "[default: ");
        setting.values = take(&mut setting.about, "[possible values: ");
    }
    (purpose, settings)
}

/// Takes what stands in brackets out of a text.
fn take(text: &mut String, opening: &str) -> String {
    let Some(start) = text.find(opening) else { return String::new() };
    let Some(length) = text[start..].find(']') else { return String::new() };
    let found = text[start + opening.len()..start + length].to_owned();
    text.replace_range(start..=start + length, "");
    *text = text.trim().replace("  ", " ");
    found
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('<', "&lt;")
}

fn code(text: &str) -> String {
    if text.is_empty() { String::new() } else { format!("`{}`", text.replace('|', "\\|")) }
}

fn help(program: &str) -> String {
    let mut command = Command::new(programs().join(program));
    // A variable that is set would be shown.
    let set = std::env::vars_os().map(|(name, _)| name);
    set.filter(|name| name.to_string_lossy().starts_with("DOWNBEAT_")).for_each(|name| {
        command.env_remove(name);
    });
    let output = command.arg("--help").output().expect("the program starts");
    assert!(output.status.success(), "{program} --help: {}", text(&output));
    String::from_utf8(output.stdout).expect("help is text")
}

#[test]
fn every_setting_is_documented() {
    let mut document = HEAD.to_owned();
    for program in PROGRAMS {
        let (purpose, settings) = read(&help(program));
        assert!(settings.len() >= 5, "{program} has {} settings", settings.len());
        write!(document, "\n## {program}\n\n{purpose}.\n\n| flag | variable | default | |\n|---|---|---|---|\n")
            .expect("a string");
        for setting in settings {
            let Setting { group, flag, variable, default, values, about } = setting;
            assert!(!about.is_empty(), "{program} {flag} says not what it is");
            let of = if group.is_empty() { String::new() } else { format!("*{group}.* ") };
            let choice = if values.is_empty() { String::new() } else { format!(" One of: {}.", cell(&values)) };
            let (flag, variable, default) = (code(&flag), code(&variable), code(&default));
            let about = cell(about.trim_end_matches('.'));
            writeln!(document, "| {flag} | {variable} | {default} | {of}{about}.{choice} |").expect("a string");
        }
    }
    let path = repository().join("docs/configuration.md");
    if std::env::var_os("DOWNBEAT_WRITE_SNAPSHOTS").is_some() {
        std::fs::write(&path, &document).expect("the repository is ours");
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(kept == document, "docs/configuration.md is stale: DOWNBEAT_WRITE_SNAPSHOTS=1 writes it anew");
}

#[test]
fn help_is_read_in_both_of_its_forms() {
    let beside = "Does things\n\nUsage: x [OPTIONS]\n\nOptions:\n  -v, --verbose        Says more\n      --slots <SLOTS>  How many [env: X_SLOTS=] [default: 16]\n  -h, --help           Print help\n\nTrust:\n      --key <FILE>  A key [env: X_KEY=]\n";
    let below = "Does things\n\nUsage: x [OPTIONS]\n\nOptions:\n  -v, --verbose\n          Says more\n\n      --slots <SLOTS>\n          How many\n          \n          [env: X_SLOTS=]\n          [default: 16]\n\n  -h, --help\n          Print help\n\nTrust:\n      --key <FILE>\n          A key [env: X_KEY=]\n";
    let (purpose, settings) = read(beside);
    assert_eq!((purpose.as_str(), &settings), ("Does things", &read(below).1));
    let shown: Vec<[&str; 5]> = settings
        .iter()
        .map(|it| [it.group.as_str(), it.flag.as_str(), it.variable.as_str(), it.default.as_str(), it.about.as_str()])
        .collect();
    let expected = [
        ["", "-v, --verbose", "", "", "Says more"],
        ["", "--slots <SLOTS>", "X_SLOTS", "16", "How many"],
        ["Trust", "--key <FILE>", "X_KEY", "", "A key"],
    ];
    assert_eq!(shown, expected);
}
