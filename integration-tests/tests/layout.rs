//! The layout of the house, held against the code: who may depend on whom, how long a file may be, and that every file is used.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    process::Command,
};

use cargo_metadata::{DependencyKind, MetadataCommand};
use downbeat_integration_tests::repository;

/// Longest source file, lines.
const FILE_LINES_MAX: usize = 500;
/// Longest `main.rs` of a service, lines.
const MAIN_LINES_MAX: usize = 50;

/// Whom a crate may depend on, of ours, outside its tests.
const MAY_USE: &[(&str, &[&str])] = &[
    ("downbeat-dialect", &[]),
    ("downbeat-domain", &["dialect"]),
    ("downbeat-proto", &["domain"]),
    ("downbeat-event-log", &[]),
    ("downbeat-lineage", &["domain"]),
    ("downbeat-runtime", &[]),
    ("downbeat-coordinator", SERVICE),
    ("downbeat-scheduler", SERVICE),
    ("downbeat-worker", SERVICE),
    ("downbeat-metadata-projector", SERVICE),
    ("downbeat-gateway", SERVICE),
    (
        "downbeat",
        &[
            "dialect",
            "domain",
            "proto",
            "event-log",
            "lineage",
            "runtime",
            "coordinator",
            "scheduler",
            "worker",
            "metadata-projector",
            "gateway",
        ],
    ),
    // The simulator runs the engines of all services.
    (
        "downbeat-integration-tests",
        &[
            "dialect",
            "domain",
            "proto",
            "event-log",
            "lineage",
            "runtime",
            "coordinator",
            "scheduler",
            "worker",
            "metadata-projector",
        ],
    ),
];
/// Services never depend on each other's crates.
const SERVICE: &[&str] = &["dialect", "domain", "proto", "event-log", "lineage", "runtime"];
/// Crates without async, clocks, sockets and files: these libraries must not even be in reach.
const PURE: &[(&str, &[&str])] = &[
    ("downbeat-dialect", &["tokio", "tonic", "rand"]),
    ("downbeat-domain", &["tokio", "tonic", "rand"]),
    ("downbeat-lineage", &["tokio", "tonic", "rand"]),
];

#[test]
fn crates_form_the_documented_graph() {
    let metadata = MetadataCommand::new()
        .manifest_path(repository().join("Cargo.toml"))
        .no_deps()
        .exec()
        .expect("cargo metadata works");
    let allowed: BTreeMap<&str, &[&str]> = MAY_USE.iter().copied().collect();
    let members: BTreeSet<&str> = metadata.packages.iter().map(|package| package.name.as_str()).collect();
    assert_eq!(members, allowed.keys().copied().collect(), "a crate is missing from the workspace or from this table");
    for package in &metadata.packages {
        for dependency in package.dependencies.iter().filter(|found| found.kind != DependencyKind::Development) {
            if let Some(ours) = dependency.name.strip_prefix("downbeat-") {
                let may = allowed[package.name.as_str()];
                assert!(may.contains(&ours), "{} must not depend on {}", package.name, dependency.name);
            }
            for (pure, banned) in PURE {
                let breaks = package.name.as_str() == *pure && banned.contains(&dependency.name.as_str());
                assert!(!breaks, "{pure} is pure: it must not depend on {}", dependency.name);
            }
        }
    }
}

#[test]
fn pure_rooms_switch_the_bans_on() {
    let pure = [
        "crates/dialect/src/lib.rs",
        "crates/domain/src/lib.rs",
        "crates/lineage/src/lib.rs",
        "services/coordinator/src/engine/mod.rs",
        "services/scheduler/src/engine.rs",
        "services/worker/src/engine.rs",
    ];
    for file in pure {
        let text = std::fs::read_to_string(repository().join(file)).expect(file);
        assert!(text.contains("#![deny(clippy::disallowed_types, clippy::disallowed_methods)]"), "{file}");
    }
    let nested: Vec<PathBuf> = sources("").into_iter().filter(|path| path.ends_with("clippy.toml")).collect();
    assert_eq!(nested, [PathBuf::from("clippy.toml")], "a clippy.toml of a crate replaces the root file");
}

#[test]
fn files_are_short() {
    for path in sources("rs") {
        let text = std::fs::read_to_string(repository().join(&path)).expect("a source file");
        let lines = text.lines().count();
        let limit = if path.ends_with("src/main.rs") { MAIN_LINES_MAX } else { FILE_LINES_MAX };
        assert!(lines <= limit, "{} has {lines} lines, at most {limit} are allowed", path.display());
    }
}

#[test]
fn every_source_file_opens_with_what_it_is() {
    for path in sources("rs") {
        let text = std::fs::read_to_string(repository().join(&path)).expect("a source file");
        assert!(text.starts_with("//!"), "{} does not open with a module doc", path.display());
    }
}

/// A file that no `mod` names is compiled by nobody.
#[test]
fn there_are_no_dead_files() {
    for path in sources("rs") {
        let stem = path.file_stem().and_then(|stem| stem.to_str()).expect("source names are text");
        let folder = path.parent().expect("in a folder");
        let root_of_a_target = matches!(stem, "lib" | "main" | "build")
            || folder.ends_with("tests")
            || folder.ends_with("benches")
            || folder.ends_with("examples")
            // Fuzz targets, and the checks that they share with a test by path.
            || folder.ends_with("fuzz")
            || folder.ends_with("fuzz/targets");
        if root_of_a_target {
            continue;
        }
        let name =
            if stem == "mod" { folder.file_name().and_then(|name| name.to_str()).expect("a name") } else { stem };
        let parents = if stem == "mod" {
            parents_of(folder.parent().expect("in a folder"), folder)
        } else {
            parents_of(folder, &path)
        };
        let declared = parents.iter().any(|parent| {
            let text = std::fs::read_to_string(repository().join(parent)).unwrap_or_default();
            text.lines().any(|line| {
                let line = line.trim();
                let after = line.strip_prefix("pub ").or(line.strip_prefix("pub(crate) ")).unwrap_or(line);
                after.strip_prefix("mod ").is_some_and(|rest| rest.trim_end_matches([';', ' ', '{']) == name)
            })
        });
        assert!(declared, "{} is declared nowhere ({parents:?})", path.display());
    }
}

/// Files that may declare a module that lies in `folder`.
fn parents_of(folder: &Path, of: &Path) -> Vec<PathBuf> {
    let mut parents =
        vec![folder.join("mod.rs"), folder.join("lib.rs"), folder.join("main.rs"), folder.with_extension("rs")];
    // Modules of a test beside its file: tests/common/mod.rs is declared by tests/*.rs.
    if let Ok(entries) = std::fs::read_dir(repository().join(folder)) {
        parents.extend(entries.flatten().map(|entry| folder.join(entry.file_name())).filter(|path| {
            path.extension().is_some_and(|extension| extension == "rs") && folder.ends_with("tests") && path != of
        }));
    }
    parents
}

/// What a worker opens goes through `egress/`, which judges whom it may reach; `web.rs` does so for HTTP.
#[test]
fn a_worker_opens_no_connection_past_its_gate() {
    let opens = ["TcpStream::connect", "lookup_host(", "Client::builder()", "UdpSocket::"];
    let gates = ["services/worker/src/egress/mod.rs", "services/worker/src/web.rs"];
    let of_tests = |path: &Path| {
        let text = path.to_str().expect("source names are text");
        ["/testing/", "/tests/", "/tests.rs", "/conformance", "alerts/server.rs"].iter().any(|part| text.contains(part))
    };
    let ours = sources("rs").into_iter().filter(|path| path.starts_with("services/worker/src") && !of_tests(path));
    for path in ours.filter(|path| !gates.iter().any(|gate| path == Path::new(gate))) {
        let text = std::fs::read_to_string(repository().join(&path)).expect("a source file");
        let product = text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
        for line in product.lines().filter(|line| !line.contains("web::guarded(Client::builder()")) {
            let found = opens.iter().find(|opens| line.contains(*opens));
            assert!(found.is_none(), "{}: connections are opened by egress::connect or web: {line}", path.display());
        }
    }
}

#[test]
fn nothing_is_left_to_do_and_no_test_is_switched_off() {
    // Put together, so that this file does not find itself.
    let banned =
        [["to", "do!("].concat(), ["unimple", "mented!("].concat(), ["#[ig", "nore"].concat(), ["FIX", "ME"].concat()];
    for path in sources("rs") {
        let text = std::fs::read_to_string(repository().join(&path)).expect("a source file");
        for word in &banned {
            assert!(!text.contains(word.as_str()), "{} contains {word}", path.display());
        }
    }
}

/// `make mutants` takes hours; that its patches still fit the code is known at once.
#[test]
fn every_planted_bug_still_fits_the_code() {
    let root = repository();
    let folder = root.join("integration-tests/src/sim/mutants");
    let patches: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(patches.len() > 30, "{}", patches.len());
    for patch in patches {
        let git = Command::new("git").current_dir(root).args(["apply", "--check"]).arg(&patch).output().unwrap();
        assert!(git.status.success(), "{}: {}", patch.display(), String::from_utf8_lossy(&git.stderr));
    }
}

#[test]
fn every_dependency_of_the_workspace_has_a_reason_and_a_user() {
    let root = std::fs::read_to_string(repository().join("Cargo.toml")).expect("Cargo.toml");
    let table = root.split("[workspace.dependencies]").nth(1).and_then(|rest| rest.split("[workspace.lints").next());
    let manifests: String = sources("toml")
        .iter()
        .filter(|path| path.ends_with("Cargo.toml") && path.components().count() > 1)
        .map(|path| std::fs::read_to_string(repository().join(path)).expect("a manifest"))
        .collect();
    for line in table.expect("the table").lines().filter(|line| line.contains(" = ") && !line.starts_with('#')) {
        let name = line.split(" = ").next().expect("a name");
        assert!(name.starts_with("downbeat") || line.contains(" # "), "{name} has no reason");
        let used = manifests.lines().any(|line| {
            line.strip_prefix(name)
                .is_some_and(|rest| rest.starts_with(".workspace") || rest.starts_with(" = { workspace"))
        });
        assert!(used, "nobody uses {name}");
    }
}

/// Files of the repository with this ending (all with ""), relative to it, build output left out.
fn sources(extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![PathBuf::new()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(repository().join(&folder)).expect("a folder").flatten() {
            let name = entry.file_name();
            let path = folder.join(&name);
            let kind = entry.file_type().expect("a kind");
            let hidden =
                name.to_str().is_some_and(|name| name.starts_with('.') || name == "target" || name == "node_modules");
            if kind.is_dir() && !hidden {
                folders.push(path);
            } else if kind.is_file()
                && (extension.is_empty() || path.extension().is_some_and(|found| found == extension))
            {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}
