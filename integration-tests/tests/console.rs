//! The console: its own unit tests, its story and its pages in a real browser against a real `downbeat dev`, and the rules of the house for its
//! files. Its packages come from `make console`; where a browser is missing (Debian's `chromium`), the pages are skipped with a word.

use std::{
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use downbeat_integration_tests::{process::Process, programs, repository};

const FOLDER: &str = "services/gateway/console";
/// How long one of its test programs may take.
const TESTS_AT_MOST: Duration = Duration::from_secs(1_500);
const FILE_LINES_MAX: usize = 500;
/// Folders that others fill.
const NOT_OURS: [&str; 2] = ["node_modules", "dist"];

fn folder() -> PathBuf {
    repository().join(FOLDER)
}

/// Files of the console with one of these endings.
fn sources(endings: &[&str]) -> Vec<PathBuf> {
    let (mut found, mut folders) = (Vec::new(), vec![folder()]);
    while let Some(inside) = folders.pop() {
        for entry in std::fs::read_dir(&inside).expect("a folder").flatten() {
            let path = entry.path();
            let name = entry.file_name().to_string_lossy().into_owned();
            if path.is_dir() && !NOT_OURS.contains(&name.as_str()) && !name.starts_with('.') {
                folders.push(path);
            } else if path.is_file() && endings.iter().any(|ending| name.ends_with(ending)) {
                found.push(path);
            }
        }
    }
    found.sort();
    assert!(!found.is_empty(), "nothing that ends with {endings:?} in {FOLDER}");
    found
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Runs one of the scripts of `package.json`; what it prints says what is wrong.
fn passes(script: &str) {
    assert!(
        folder().join("node_modules").exists(),
        "no packages in {FOLDER}: run the tests with `make test`, which installs them"
    );
    let printed = tempfile::tempdir().expect("a folder");
    let mut command = Command::new("npm");
    command.args(["run", "--silent", script]).current_dir(folder()).env("DOWNBEAT", programs().join("downbeat"));
    let mut run = Process::start_with(&mut command, &printed.path().join("printed.txt")).expect("npm starts");
    let ended = run.wait(TESTS_AT_MOST);
    let status =
        ended.unwrap_or_else(|| panic!("`npm run {script}` has not ended after {TESTS_AT_MOST:?}:\n{}", run.printed()));
    assert!(status.success(), "`npm run {script}`: {status}\n{}", run.printed());
}

#[test]
fn its_logic_does_what_its_tests_say() {
    passes("test");
}

#[test]
fn its_pages_work_in_a_browser() {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let on_path = std::env::split_paths(&path).any(|folder| folder.join("chromium").exists());
    if !on_path && std::env::var_os("CHROMIUM").is_none() {
        eprintln!("skipped: no chromium: install Debian's package of that name, or set CHROMIUM");
        return;
    }
    passes("e2e");
}

#[test]
fn its_files_are_short_and_open_with_what_they_are() {
    for path in sources(&[".ts", ".tsx", ".mjs", ".css"]) {
        let text = read(&path);
        let lines = text.lines().count();
        assert!(lines <= FILE_LINES_MAX, "{} has {lines} lines, at most {FILE_LINES_MAX} are allowed", path.display());
        // A test and a style sheet have the name of what they belong to, which says it.
        let name = path.to_string_lossy();
        let belongs = name.ends_with(".module.css") || name.contains(".test.ts");
        assert!(belongs || text.starts_with("/*"), "{name} does not open with what it is");
    }
}

#[test]
fn nothing_is_left_to_do_and_no_test_is_switched_off() {
    for path in sources(&[".ts", ".tsx", ".mjs"]) {
        let text = read(&path);
        for word in [
            ["TO", "DO"].concat().as_str(),
            ["FIX", "ME"].concat().as_str(),
            ".only(",
            ".skip(",
            "@ts-ignore",
            "dangerouslySetInnerHTML",
            "eslint-disable",
        ] {
            assert!(!text.contains(word), "{} contains {word}", path.display());
        }
    }
}

#[test]
fn every_dependency_has_a_user_and_the_lock_names_no_registry() {
    let manifest: serde_json::Value = serde_json::from_str(&read(&folder().join("package.json"))).expect("JSON");
    let texts: String =
        sources(&[".ts", ".tsx", ".mjs", ".css", "tsconfig.json"]).iter().map(|path| read(path)).collect();
    let scripts: Vec<&str> = manifest["scripts"]
        .as_object()
        .expect("a table")
        .values()
        .filter_map(serde_json::Value::as_str)
        .flat_map(str::split_whitespace)
        .collect();
    for kind in ["dependencies", "devDependencies"] {
        for (name, version) in manifest[kind].as_object().expect("a table") {
            let version = version.as_str().unwrap_or_default();
            assert!(version.starts_with(|first: char| first.is_ascii_digit()), "{name} {version}: name one version");
            let named = [format!("'{name}'"), format!("'{name}/"), format!("\"{name}\"")];
            // A program is run by its name; the compiler of TypeScript has another one. Types are used by whoever uses what they describe.
            let run = scripts.contains(&name.as_str()) || name == "typescript" && scripts.contains(&"tsc");
            let used = run || name.starts_with("@types/") || named.iter().any(|import| texts.contains(import.as_str()));
            assert!(used, "nobody uses {name}");
        }
    }
    assert!(!read(&folder().join("package-lock.json")).contains("\"resolved\""), "the lock names a registry");
}
