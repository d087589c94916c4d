//! `downbeat fmt`, `diff` and `plan` as people use them: what is printed, what is written, and which status says what.

use std::{
    io::Write,
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Command, Output, Stdio},
};

use downbeat_integration_tests::{
    cluster::{Dev, text},
    pipelines, programs,
};

fn downbeat(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(programs().join("downbeat"));
    command.args(arguments).current_dir(folder).output().expect("downbeat starts")
}

fn out(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

const LOOSE: &str =
    "version:   v1\nname: t # why\npipeline:\n    a:   {integration: DOWNBEAT,integration_job: NOOP, parameters: {}}\n";
const NEAT: &str =
    "version: v1\nname: t # why\npipeline:\n  a: {integration: DOWNBEAT, integration_job: NOOP, parameters: {}}\n";

#[test]
fn fmt_rewrites_what_is_not_canonical_and_leaves_the_rest_alone() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let root = folder.path();
    let file = root.join("a.yml");
    std::fs::write(&file, LOOSE).expect("a file");
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o640)).expect("permissions");
    std::fs::write(root.join("neat.yml"), NEAT).expect("a file");
    std::fs::write(root.join("broken.yml"), "version: v1\nname: [\n").expect("a file");
    std::os::unix::fs::symlink("a.yml", root.join("link.yml")).expect("a link");

    let checked = downbeat(root, &["fmt", "--check", "a.yml", "neat.yml"]);
    assert_eq!((checked.status.code(), out(&checked).as_str()), (Some(1), "a.yml\n"), "{}", text(&checked));
    assert_eq!(std::fs::read_to_string(&file).expect("a file"), LOOSE, "--check writes nothing");

    let formatted = downbeat(root, &["fmt", "link.yml", "neat.yml"]);
    assert_eq!((formatted.status.code(), out(&formatted).as_str()), (Some(0), "link.yml\n"), "{}", text(&formatted));
    assert_eq!(std::fs::read_to_string(&file).expect("a file"), NEAT);
    assert_eq!(std::fs::metadata(&file).expect("a file").permissions().mode() & 0o777, 0o640);
    assert!(root.join("link.yml").symlink_metadata().expect("a link").is_symlink());
    assert_eq!(std::fs::read_dir(root).expect("a folder").count(), 4, "nothing else is left in the folder");
    assert_eq!(downbeat(root, &["fmt", "--check", "a.yml"]).status.code(), Some(0));

    let broken = downbeat(root, &["fmt", "broken.yml"]);
    assert_eq!(broken.status.code(), Some(1));
    assert!(text(&broken).contains("broken.yml:"), "{}", text(&broken));
    assert_eq!(std::fs::read_to_string(root.join("broken.yml")).expect("a file"), "version: v1\nname: [\n");
    let absent = downbeat(root, &["fmt", "nowhere.yml"]);
    assert_eq!(absent.status.code(), Some(2));
    assert!(text(&absent).contains("nowhere.yml"), "{}", text(&absent));

    let mut piped = Command::new(programs().join("downbeat"));
    let mut piped = piped.args(["fmt", "-"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("it starts");
    piped.stdin.take().expect("a pipe").write_all(LOOSE.as_bytes()).expect("it reads");
    assert_eq!(out(&piped.wait_with_output().expect("it ends")), NEAT);
}

#[test]
fn diff_tells_meaning_from_layout() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let root = folder.path();
    std::fs::write(root.join("loose.yml"), LOOSE).expect("a file");
    std::fs::write(root.join("neat.yml"), NEAT).expect("a file");
    std::fs::write(root.join("other.yml"), NEAT.replace("name: t", "name: u")).expect("a file");
    std::fs::write(root.join("refused.yml"), NEAT.replace("version: v1", "version: v9")).expect("a file");

    let same = downbeat(root, &["diff", "loose.yml", "neat.yml"]);
    assert_eq!((same.status.code(), out(&same).as_str()), (Some(0), "no difference\n"));
    let other = downbeat(root, &["diff", "neat.yml", "other.yml"]);
    assert_eq!((other.status.code(), out(&other).as_str()), (Some(1), "~ name: \"t\" -> \"u\"\n"));
    let json = downbeat(root, &["diff", "neat.yml", "other.yml", "--format", "json"]);
    let json: serde_json::Value = serde_json::from_slice(&json.stdout).expect("JSON");
    assert_eq!(json, serde_json::json!([{"path": ["name"], "kind": "pipeline_changed", "old": "t", "new": "u"}]));
    for (file, expected) in [("refused.yml", "refused.yml:1:"), ("nowhere.yml", "nowhere.yml")] {
        let output = downbeat(root, &["diff", "neat.yml", file]);
        assert_eq!(output.status.code(), Some(2), "{file}");
        assert!(text(&output).contains(expected), "{}", text(&output));
    }
}

#[test]
fn plan_tells_what_apply_would_change() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let dev = Dev::start(folder.path(), 1);
    let file = folder.path().join("chain.yml");
    let name = file.to_str().expect("text");
    let plan = |arguments: &[&str]| dev.addresses.downbeat(&[&["plan", name], arguments].concat());
    std::fs::write(&file, pipelines::chain(2)).expect("a file");

    let created = plan(&[]);
    assert_eq!(created.status.code(), Some(1), "{}", text(&created));
    assert!(out(&created).contains("would create: pipeline `chain`"), "{}", text(&created));

    dev.addresses.downbeat_ok(&["apply", name]);
    let unchanged = plan(&[]);
    assert_eq!(unchanged.status.code(), Some(0), "{}", text(&unchanged));
    assert_eq!(out(&unchanged), "no change: pipeline `chain` version 1\n");

    let schedule = "schedule:\n  - {name: nightly, cron: '0 1 ? * * *'}\n";
    std::fs::write(&file, format!("{}{schedule}", pipelines::chain(3))).expect("a file");
    let changed = plan(&[]);
    assert_eq!(changed.status.code(), Some(1), "{}", text(&changed));
    let said = out(&changed);
    for expected in
        ["would change: pipeline `chain` version 1", "+ schedule.nightly:", "+ task pipeline.t2", "triggers: 1 change"]
    {
        assert!(said.contains(expected), "{expected}: {said}");
    }
    let json: serde_json::Value = serde_json::from_slice(&plan(&["--format", "json"]).stdout).expect("JSON");
    assert_eq!((&json["action"], &json["deployed_version"]), (&"change".into(), &1.into()), "{json}");

    std::fs::write(&file, "version: v9\n").expect("a file");
    assert_eq!(plan(&[]).status.code(), Some(2));
    std::fs::write(&file, pipelines::chain(2)).expect("a file");
    let nobody = downbeat(folder.path(), &["plan", name, "--server", "http://127.0.0.1:9"]);
    assert_eq!(nobody.status.code(), Some(2), "{}", text(&nobody));
}
