//! The README's commands are what is run here, word for word.

use std::{path::Path, time::Duration};

use downbeat_integration_tests::{
    process::{Process, eventually, free_port},
    programs, repository,
};

/// Compiling, and installing dbt the first time.
const COMMAND_AT_MOST: Duration = Duration::from_secs(1_200);

/// The commands of the README's shell blocks, each with the comment before its block.
fn commands() -> Vec<(String, String)> {
    let text = std::fs::read_to_string(repository().join("README.md")).expect("the README");
    let mut found = Vec::new();
    let (mut mark, mut inside) = (String::new(), false);
    for line in text.lines() {
        match line.trim() {
            "```sh" => inside = true,
            "```" => (inside, mark) = (false, String::new()),
            line if inside && !line.is_empty() => found.push((mark.clone(), line.to_owned())),
            line if line.starts_with("<!-- test: ") => mark = line[11..].trim_end_matches(" -->").to_owned(),
            _ => {}
        }
    }
    found
}

#[test]
fn the_commands_of_the_readme_work_as_written() {
    let all = commands();
    let of = |mark: &str| -> Vec<&str> {
        all.iter().filter(|(found, _)| found == mark).map(|(_, command)| command.as_str()).collect()
    };
    // `make test` is what runs this very test; `make local` is covered by `local.rs`.
    assert_eq!(of(""), ["make demo", "make test", "make local"], "a new command needs a place in these tests");
    assert_eq!((of("background").len(), of("dev").len()), (1, 1));
    assert!(of("foreground").len() >= 8);

    let folder = tempfile::tempdir().expect("a temporary folder");
    // Only where things lie differs from a reader's terminal: data and port of this test alone.
    let (port, api) = (free_port(), free_port());
    let start_over = |data: &str, command: &str, name: &str| {
        let data = folder.path().join(data);
        let mut shell = std::process::Command::new("bash");
        shell
            .args(["-c", &format!("exec {command}")])
            .current_dir(repository())
            // The programs are those that are tested: they are built.
            .env("BUILD", "true")
            .env("PATH", path_with(&programs()))
            .env("DOWNBEAT_DATA", &data)
            .env("DOWNBEAT_LOG", format!("embedded:{}", data.join("log").display()))
            .env("DOWNBEAT_LISTEN", format!("127.0.0.1:{port}"))
            .env("DOWNBEAT_GATEWAY_LISTEN", format!("127.0.0.1:{api}"))
            .env("DOWNBEAT_SERVER", format!("http://127.0.0.1:{port}"))
            .env("DOWNBEAT_WORKER_ENVIRONMENTS", repository().join(".cache/environments"));
        Process::start_with(&mut shell, &folder.path().join(name)).expect("bash starts")
    };
    let start = |command: &str, name: &str| start_over("data", command, name);
    // A reader has built with `make demo`, which leaves the program where the README says.
    let mut demo = start("make demo", "demo.txt");
    let status = demo.wait(COMMAND_AT_MOST).unwrap_or_else(|| panic!("make demo does not end:\n{}", demo.printed()));
    assert!(status.success(), "{}", demo.printed());
    for expected in ["heat_alert", "1,461 rows", "tests passed 15/15", "log verify: ok", "position"] {
        assert!(demo.printed().contains(expected), "make demo does not show {expected:?}:\n{}", demo.printed());
    }

    let mut dev = start(of("background")[0], "dev.txt");
    eventually("downbeat dev is ready", Duration::from_secs(30), || {
        assert!(dev.ended().is_none(), "{}", dev.printed());
        dev.printed().contains("Downbeat is ready").then_some(())
    });
    for (at, command) in of("foreground").iter().enumerate() {
        let mut process = start(command, &format!("{at}.txt"));
        let status = process.wait(COMMAND_AT_MOST).unwrap_or_else(|| panic!("`{command}` does not end"));
        assert!(status.success(), "`{command}`: {status}\n{}", process.printed());
        assert!(!process.printed().trim().is_empty(), "`{command}` printed nothing");
    }
    // One script: what it exports, later lines read.
    let script = of("api").join("\n").replace("127.0.0.1:7400", &format!("127.0.0.1:{api}"));
    let file = folder.path().join("api.sh");
    std::fs::write(&file, format!("set -eo pipefail\n{script}\n")).expect("the folder is ours");
    let mut official = start(&format!("bash {}", file.display()), "api.txt");
    let status = official.wait(COMMAND_AT_MOST).expect("the official client ends");
    assert!(status.success(), "{}", official.printed());
    for expected in [
        "Validation passed",
        "created successfully",
        "Pipeline succeeded",
        "[downbeat] $ python",
        "imported successfully",
        "unchanged: pipeline `first`",
        "GITHUB acme/etl",
    ] {
        assert!(
            official.printed().contains(expected),
            "the official client does not show {expected:?}:\n{}",
            official.printed()
        );
    }
    assert!(dev.terminate().success(), "{}", dev.printed());

    // With examples, for the console.
    let mut dev = start_over("examples", of("dev")[0], "examples.txt");
    let found = eventually("make dev names the console", Duration::from_secs(300), || {
        assert!(dev.ended().is_none(), "{}", dev.printed());
        dev.printed().contains("The console is at").then(|| dev.printed())
    });
    assert!(
        found.contains(&format!("http://127.0.0.1:{api}/console/")) && !found.contains("could not be run"),
        "{found}"
    );
    let started_here = |command: &str, name: &str| {
        let mut asked = start_over("examples", command, name);
        assert!(asked.wait(COMMAND_AT_MOST).is_some_and(|status| status.success()), "{}", asked.printed());
        asked.printed()
    };
    let runs = started_here("target/debug/downbeat runs", "examples-runs.txt");
    assert!(runs.contains("SUCCEEDED") && runs.contains("FAILED"), "one of them fails on purpose:\n{runs}");
    dev.terminate();
}

fn path_with(folder: &Path) -> String {
    format!("{}:{}", folder.display(), std::env::var("PATH").unwrap_or_default())
}
