//! What is said of jobs is what workers do: the table in the documents, and the list by which `apply` refuses.
//!
//! `DOWNBEAT_WRITE_SNAPSHOTS=1 cargo test -p downbeat-integration-tests --test integrations` writes both anew.

use std::{fmt::Write as _, path::Path, process::Command};

use downbeat_integration_tests::programs;

fn integrations(arguments: &[&str]) -> String {
    let output = Command::new(programs().join("downbeat")).arg("integrations").args(arguments).output();
    let output = output.expect("downbeat starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8")
}

fn holds(path: &str, generated: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path);
    if std::env::var_os("DOWNBEAT_WRITE_SNAPSHOTS").is_some() {
        std::fs::write(&path, generated).expect("a writable tree");
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(kept == generated, "{} is stale: DOWNBEAT_WRITE_SNAPSHOTS=1 writes it anew", path.display());
}

const HEAD: &str = "# Jobs

Every job that pipelines may name, as `downbeat integrations` lists it. *native*: code of the worker ([native-connectors.md](native-connectors.md));
*manifest*: a file of data ([connectors.md](connectors.md)); *core*: needs no worker; *not yet*: its YAML is checked, and `apply` refuses it unless an
attached worker has a manifest for it. *Recorded shape*: it has only met a server that behaves, and misbehaves, as the vendor's documents say.

";

#[test]
fn the_table_of_the_documents_is_what_the_command_says() {
    let table = integrations(&["--format", "markdown"]);
    holds("docs/integrations.md", &format!("{HEAD}{table}"));
    // The whole catalogue is listed, and what is ours.
    let catalogue = downbeat_dialect::catalogue::integrations();
    for (integration, job) in catalogue.iter().flat_map(|it| it.jobs.iter().map(|job| (&it.name, &job.name))) {
        assert!(table.contains(&format!("| `{integration}/{job}` |")), "{integration}/{job} is not listed");
    }
}

#[test]
fn apply_refuses_what_no_worker_runs_and_nothing_else() {
    let rows: Vec<serde_json::Value> = serde_json::from_str(&integrations(&["--format", "json"])).expect("JSON");
    let mut list = String::new();
    for row in &rows {
        let (job, runs) = (row["job"].as_str().expect("a text"), row["runs"].as_str().expect("a text"));
        if matches!(runs, "native" | "manifest") {
            writeln!(list, "{job}").expect("a text takes all");
        }
    }
    holds("crates/domain/src/jobs.txt", &list);
}

#[test]
fn a_filter_and_a_folder_of_ones_own() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let folder = folder.path().to_str().expect("UTF-8");
    let text = integrations(&["fivetran", "--connectors", folder]);
    assert!(text.lines().any(|line| line.starts_with("FIVETRAN/FIVETRAN_SYNC_ALL  manifest")), "{text}");
    assert!(text.ends_with("\n1 job: 1 manifest\n"), "{text}");
    std::fs::write(Path::new(folder).join("bad.yaml"), "integration: [\n").expect("a file");
    let refused = Command::new(programs().join("downbeat")).args(["integrations", "--connectors", folder]).output();
    let refused = refused.expect("downbeat starts");
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success() && said.contains("bad.yaml:"), "{said}");
}
