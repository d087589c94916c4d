//! The Helm chart, the compose file and what the image is made of: the real helm renders every set of values, two versions of Kubernetes and the real programs take what it
//! renders, and what both describe is run as processes to the end of a pipeline. Their tools come from `make tools`; where these are missing, that
//! is a failure with a word what to do. Knows nothing about clusters and containers: there are none here.

use std::{
    path::PathBuf,
    process::{Command, Stdio},
    time::Duration,
};

use downbeat_integration_tests::{cluster::nats_program, process::Process, programs, repository};

/// How long one script may take.
const AT_MOST: Duration = Duration::from_secs(300);

/// Python with the real helm beside it.
fn python() -> PathBuf {
    let path = repository().join(".cache/tools/helm/bin/python");
    assert!(path.exists(), "no {}: run the tests with `make test`, which installs it", path.display());
    path
}

/// Runs a script to its end with these programs; what it prints says what is wrong.
fn passes(script: &str) {
    let folder = tempfile::tempdir().expect("a folder");
    let mut check = Command::new(python());
    check.current_dir(repository()).arg("-B").arg(script).arg("--programs").arg(programs());
    check.arg("--nats-server").arg(nats_program());
    let mut check = Process::start_with(&mut check, &folder.path().join("printed.txt")).expect("Python starts");
    let ended = check.wait(AT_MOST);
    let printed = check.printed();
    let status = ended.unwrap_or_else(|| panic!("{script} has not ended after {AT_MOST:?}:\n{printed}"));
    assert!(status.success(), "{script} ended with {status}:\n{printed}");
    assert!(printed.lines().next_back().is_some_and(|line| line.starts_with("0 faults")), "{script}:\n{printed}");
}

#[test]
fn what_the_chart_renders_is_as_it_was_and_right() {
    passes("helm/check.py");
}

#[test]
fn what_the_chart_describes_runs_a_pipeline() {
    passes("helm/check_run.py");
}

#[test]
fn what_the_compose_file_describes_runs_a_pipeline() {
    passes("deploy/check_compose.py");
}

#[test]
fn the_bill_of_materials_names_what_the_programs_are_made_of() {
    let folder = tempfile::tempdir().expect("a folder");
    let (told, written) = (folder.path().join("metadata.json"), folder.path().join("sbom.json"));
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let file = std::fs::File::create(&told).expect("a file");
    let asked = Command::new(cargo)
        .args(["metadata", "--locked", "--offline", "--format-version", "1"])
        .args(["--filter-platform", "x86_64-unknown-linux-gnu"])
        .current_dir(repository())
        .stdout(Stdio::from(file))
        .status();
    assert!(asked.expect("cargo starts").success(), "cargo metadata");
    let (from, to) = (std::fs::File::open(&told).expect("a file"), std::fs::File::create(&written).expect("a file"));
    let mut bill = Command::new(python());
    bill.current_dir(repository()).args(["-B", "deploy/sbom.py"]).stdin(Stdio::from(from)).stdout(Stdio::from(to));
    assert!(bill.status().expect("Python starts").success(), "deploy/sbom.py");

    let text = std::fs::read_to_string(&written).expect("it is written");
    let bill: serde_json::Value = serde_json::from_str(&text).expect("it is JSON");
    assert_eq!(bill["specVersion"], "1.6");
    let components = bill["components"].as_array().expect("components");
    let named = |name: &str| components.iter().find(|component| component["name"] == name);
    for program in ["downbeat", "downbeat-coordinator", "downbeat-gateway", "downbeat-worker"] {
        let kind = named(program).and_then(|component| component["type"].as_str());
        assert_eq!(kind, Some("application"), "{program}");
    }
    let rustls = named("rustls").expect("it is linked into all of them");
    assert_eq!(rustls["hashes"][0]["alg"], "SHA-256");
    assert!(rustls["purl"].as_str().is_some_and(|purl| purl.starts_with("pkg:cargo/rustls@")));
    for other in ["downbeat-integration-tests", "cargo_metadata"] {
        assert!(named(other).is_none(), "{other} is in no program");
    }
}
