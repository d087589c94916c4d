//! `validate`, `explain` and `schema` as typed at a terminal: streams, statuses, several files, standard input, formats.

use std::{
    io::Write as _,
    path::Path,
    process::{Command, Output, Stdio},
};

use downbeat_integration_tests::programs;

const GOOD: &str =
    "version: v1\nname: good\npipeline:\n  a: {integration: DOWNBEAT, integration_job: NOOP, parameters: {}}\n";
const BAD: &str = "version: v1\nname: bad\npipeline:\n  a: {integration: DOWNBEAT, integration_job: NOOP, parameters: {}, depend_on: []}\n";

fn downbeat(folder: &Path, arguments: &[&str]) -> Output {
    let command = Command::new(programs().join("downbeat")).args(arguments).current_dir(folder).output();
    command.expect("downbeat starts")
}

fn output(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("UTF-8")
}

fn folder_of_examples() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (name, text) in [("good.yml", GOOD), ("bad.yml", BAD), ("a b#1.yml", BAD)] {
        std::fs::write(folder.path().join(name), text).expect("a file");
    }
    std::fs::write(folder.path().join("latin.yml"), b"version: v1\nname: caf\xe9\n").expect("a file");
    std::fs::write(folder.path().join("huge.yml"), "\u{e9}".repeat(3 * 1024 * 1024)).expect("a file");
    std::fs::create_dir(folder.path().join("folder")).expect("a folder");
    folder
}

#[test]
fn the_status_is_that_of_the_worst_file() {
    let folder = folder_of_examples();
    for (files, status, last) in [
        (&["good.yml"][..], 0, "good.yml: ok: pipeline `good`\n"),
        (&["bad.yml"], 1, "bad.yml: refused: 1 error\n"),
        (&["latin.yml"], 1, "latin.yml: refused: 1 error\n"),
        (&["huge.yml"], 1, "huge.yml: refused: 1 error\n"),
        (&["nowhere.yml"], 2, "nowhere.yml: unreadable\n"),
        (&["folder"], 2, "folder: unreadable\n"),
        (&["good.yml", "good.yml"], 0, "2 files: 2 accepted\n"),
        (&["good.yml", "bad.yml"], 1, "2 files: 1 accepted, 1 refused (1 error)\n"),
        (&["nowhere.yml", "bad.yml", "good.yml"], 2, "3 files: 1 accepted, 1 refused, 1 unreadable (1 error)\n"),
    ] {
        let validated = downbeat(folder.path(), &[&["validate"], files].concat());
        assert_eq!(validated.status.code(), Some(status), "{files:?}: {}", output(&validated.stderr));
        let said = output(&validated.stdout);
        assert!(said.ends_with(last), "{files:?}: {said}");
        assert!(!said.contains('\u{1b}'), "no colours where nobody looks");
    }
    let nothing = downbeat(folder.path(), &["validate"]);
    assert_eq!(nothing.status.code(), Some(2));
}

#[test]
fn findings_go_to_standard_error_with_their_place() {
    let folder = folder_of_examples();
    let validated = downbeat(folder.path(), &["validate", "nowhere.yml", "bad.yml", "latin.yml", "huge.yml"]);
    let said = output(&validated.stderr);
    for expected in [
        "error: cannot read nowhere.yml: ",
        "bad.yml:4:69: error[DB1004]: unknown key `depend_on` in task `a`\n4 |   a: {",
        "latin.yml:2:10: error[DB1012]",
        "huge.yml:1:1: error[DB1002]",
    ] {
        assert!(said.contains(expected), "{expected} in:\n{said}");
    }
}

#[test]
fn standard_input_is_a_file_like_any_other() {
    let mut child = Command::new(programs().join("downbeat"))
        .args(["validate", "-", "--format", "json"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("downbeat starts");
    child.stdin.take().expect("standard input").write_all(BAD.as_bytes()).expect("written");
    let validated = child.wait_with_output().expect("it ends");
    assert_eq!(validated.status.code(), Some(1));
    let report: serde_json::Value = serde_json::from_slice(&validated.stdout).expect("JSON");
    assert_eq!((&report["files"][0]["file"], &report["verdict"]), (&"stdin".into(), &"refused".into()));
}

#[test]
fn programs_get_json_and_sarif_of_all_files_and_nothing_else() {
    let folder = folder_of_examples();
    let files = ["good.yml", "a b#1.yml", "nowhere.yml"];
    let report = |format: &str| -> serde_json::Value {
        let validated = downbeat(folder.path(), &[&["validate", "--format", format], &files[..]].concat());
        assert_eq!(validated.status.code(), Some(2), "{format}");
        assert!(validated.stderr.is_empty(), "{format}: {}", output(&validated.stderr));
        serde_json::from_slice(&validated.stdout).expect("one JSON document")
    };
    let json = report("json");
    let verdicts: Vec<&str> =
        json["files"].as_array().expect("files").iter().filter_map(|file| file["verdict"].as_str()).collect();
    assert_eq!(verdicts, ["accepted", "refused", "unreadable"]);
    let sarif = report("sarif");
    let results = sarif["runs"][0]["results"].as_array().expect("results");
    assert_eq!(results.len(), 1);
    assert_eq!(results[0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"], "a%20b%231.yml");
    assert_eq!(sarif["runs"][0]["invocations"][0]["executionSuccessful"], false);
}

#[test]
fn codes_are_explained_and_slips_get_the_nearest_one() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let page = downbeat(folder.path(), &["explain", "DB1023"]);
    assert_eq!(page.status.code(), Some(0));
    let said = output(&page.stdout);
    for expected in
        ["DB1023: an entry depends on itself\n\n", "Wrong:\n\n    version: v1\n", "error[DB1023]", "Corrected:\n\n"]
    {
        assert!(said.contains(expected), "{expected} in:\n{said}");
    }
    for same in ["db1023", "1023"] {
        assert_eq!(downbeat(folder.path(), &["explain", same]).stdout, page.stdout, "{same}");
    }
    let list = output(&downbeat(folder.path(), &["explain"]).stdout);
    assert!(list.lines().count() > 40 && list.contains("\nDB1043  warning  "), "{list}");
    for (slip, expected) in [("DB1932", "no code `DB1932`; did you mean DB1"), ("nonsense", "lists all codes")] {
        let refused = downbeat(folder.path(), &["explain", slip]);
        assert_eq!(refused.status.code(), Some(2), "{slip}");
        assert!(output(&refused.stderr).contains(expected), "{}", output(&refused.stderr));
    }
}

#[test]
fn the_schema_is_printed_in_either_draft() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (arguments, uri) in [
        (&["schema"][..], "http://json-schema.org/draft-07/schema#"),
        (&["schema", "--draft", "7"], "http://json-schema.org/draft-07/schema#"),
        (&["schema", "--draft", "2020-12"], "https://json-schema.org/draft/2020-12/schema"),
    ] {
        let printed = downbeat(folder.path(), arguments);
        let schema: serde_json::Value = serde_json::from_slice(&printed.stdout).expect("JSON");
        assert_eq!((printed.status.code(), &schema["$schema"]), (Some(0), &uri.into()));
    }
    assert_eq!(downbeat(folder.path(), &["schema", "--draft", "4"]).status.code(), Some(2));
}
