//! The table of who may call what, held against the methods that there are, against what services really call, and against the document
//! that shows it.

use std::{collections::BTreeSet, fs, path::Path};

use downbeat_integration_tests::repository;
use downbeat_proto::{
    DESCRIPTORS,
    callers::{GATEWAY, OPERATOR, PROJECTOR, SCHEDULER, SERVICES, TABLE, WORKER, may_call, row},
};
use prost_reflect::DescriptorPool;

const DOCUMENT: &str = "docs/security.md";
const BEGIN: &str = "<!-- who may call what: written by the test `callers` -->\n";
const END: &str = "<!-- end -->\n";

/// Every method of ours, as service and name.
fn methods() -> BTreeSet<(String, String)> {
    let pool = DescriptorPool::decode(DESCRIPTORS).expect("our own descriptors");
    let of = |service: prost_reflect::ServiceDescriptor| {
        let name = service.full_name().to_owned();
        service.methods().map(|method| (name.clone(), method.name().to_owned())).collect::<Vec<_>>()
    };
    pool.services().flat_map(of).collect()
}

#[test]
fn every_method_has_callers_and_every_row_has_methods() {
    let methods = methods();
    assert!(methods.len() > 80, "{}", methods.len());
    for (service, method) in &methods {
        let row = row(service, method).unwrap_or_else(|| panic!("{service}/{method} stands in no row of callers.rs"));
        let path = format!("/{service}/{method}");
        assert!(!row.callers.is_empty(), "{path} would be for everybody");
        assert!(row.callers.iter().all(|caller| SERVICES.contains(caller) && may_call(caller, &path)), "{path}");
        assert!(!may_call("", &path), "{path}: a certificate that names nobody");
    }
    let foreign = ["grpc.health.v1.Health", "grpc.reflection.v1.ServerReflection"];
    for row in TABLE.iter().filter(|row| !foreign.contains(&row.service)) {
        let of_service = methods.iter().filter(|(service, _)| service == row.service);
        let names: BTreeSet<&str> = of_service.map(|(_, method)| method.as_str()).collect();
        assert!(!names.is_empty(), "there is no service {}", row.service);
        for method in row.methods {
            assert!(names.contains(method), "there is no method {}/{method}", row.service);
        }
    }
}

/// Methods whose stubs are called in these sources, by their names in code.
fn called_in(folder: &str) -> BTreeSet<(String, String)> {
    let mut text = String::new();
    collect(&repository().join(folder), &mut text);
    let called = |method: &str| text.contains(&format!(".{}(", snake(method)));
    methods().into_iter().filter(|(_, method)| called(method)).collect()
}

fn collect(folder: &Path, text: &mut String) {
    for entry in fs::read_dir(folder).expect("sources").flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, text);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            text.push_str(&fs::read_to_string(&path).expect("a source file"));
        }
    }
}

fn snake(name: &str) -> String {
    let mut snake = String::new();
    for letter in name.chars() {
        if letter.is_uppercase() && !snake.is_empty() {
            snake.push('_');
        }
        snake.extend(letter.to_lowercase());
    }
    snake
}

#[test]
fn services_call_what_they_may_and_may_call_what_they_do() {
    // Those that have a few calls: as many as stand there, and no more.
    for (service, folder) in [(WORKER, "services/worker/src"), (SCHEDULER, "services/scheduler/src")] {
        let allowed: BTreeSet<_> =
            methods().into_iter().filter(|(of, method)| may_call(service, &format!("/{of}/{method}"))).collect();
        let called: BTreeSet<_> = called_in(folder).into_iter().collect();
        assert_eq!(called, allowed, "{service}");
    }
    assert!(methods().iter().all(|(of, method)| !may_call(PROJECTOR, &format!("/{of}/{method}"))), "it calls nobody");
    for (service, folder) in [(GATEWAY, "services/gateway/src"), (OPERATOR, "services/downbeat/src")] {
        for (of, method) in called_in(folder) {
            assert!(may_call(service, &format!("/{of}/{method}")), "{service} calls {of}/{method}");
        }
    }
    // What a gateway passes on.
    let table =
        fs::read_to_string(repository().join("services/gateway/src/grpc/table.rs")).expect("the gateway's table");
    let passed: Vec<&str> = table.split('"').filter(|text| text.starts_with("/downbeat.")).collect();
    assert!(passed.len() > 60, "{}", passed.len());
    for path in passed {
        assert!(may_call(GATEWAY, path), "the gateway passes {path} on");
    }
}

#[test]
fn the_document_shows_the_table() {
    let path = repository().join(DOCUMENT);
    let document = fs::read_to_string(&path).expect(DOCUMENT);
    let (before, rest) = document.split_once(BEGIN).expect("a place for the table");
    let (shown, after) = rest.split_once(END).expect("an end of the table");
    let mut table = "| service | methods | who may call them |\n|---|---|---|\n".to_owned();
    for row in TABLE {
        let others = TABLE.iter().filter(|other| other.service == row.service).count() > 1;
        let methods = match row.methods {
            [] if others => "all others".to_owned(),
            [] => "all".to_owned(),
            named => named.join(", "),
        };
        let callers =
            if row.callers.is_empty() { "whoever has a certificate".to_owned() } else { row.callers.join(", ") };
        table.push_str(&format!("| `{}` | {methods} | {callers} |\n", row.service));
    }
    if std::env::var_os("DOWNBEAT_WRITE_SNAPSHOTS").is_some() {
        fs::write(&path, format!("{before}{BEGIN}{table}{END}{after}")).expect("the document is written");
    } else {
        assert_eq!(shown, table, "write it anew with DOWNBEAT_WRITE_SNAPSHOTS=1");
    }
}
