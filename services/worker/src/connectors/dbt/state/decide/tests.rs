//! What is built and what is reused, by what changed since the last build.

use serde_json::{Value, json};

use super::*;
use downbeat_runtime::blob::BlobStore;

/// raw (source) -> stg -> mid (ephemeral) -> mart; seed -> mart; other (source that tells nothing) -> lone.
fn project(change: impl Fn(&mut Value)) -> Project {
    let node = |kind: &str, name: &str, reads: &[&str]| {
        json!({
            "resource_type": kind, "relation_name": format!("db.{name}"), "checksum": { "name": "sha256", "checksum": format!("{name}-1") },
            "raw_code": "select 1", "config": { "materialized": "table" }, "depends_on": { "nodes": reads, "macros": ["macro.p.m"] },
        })
    };
    let mut whole = json!({
        "metadata": { "adapter_type": "duckdb" },
        "nodes": {
            "model.p.stg": node("model", "stg", &["source.p.raw.t"]),
            "model.p.mid": node("model", "mid", &["model.p.stg"]),
            "seed.p.seed": node("seed", "seed", &[]),
            "model.p.mart": node("model", "mart", &["model.p.mid", "seed.p.seed"]),
            "model.p.lone": node("model", "lone", &["source.p.other.t"]),
            "test.p.stg": node("test", "t1", &["model.p.stg"]),
            "test.p.both": node("test", "t2", &["model.p.stg", "model.p.mart"]),
            "test.p.source": node("test", "t3", &["source.p.raw.t"]),
        },
        "sources": { "source.p.raw.t": {}, "source.p.other.t": {} },
        "macros": {
            "macro.p.m": { "package_name": "p", "macro_sql": "m", "depends_on": { "macros": ["macro.p.n", "macro.dbt.x"] } },
            "macro.p.n": { "package_name": "p", "macro_sql": "n", "depends_on": { "macros": ["macro.p.m"] } },
            "macro.dbt.x": { "package_name": "dbt", "macro_sql": "x" },
        },
    });
    whole["nodes"]["model.p.mid"]["config"]["materialized"] = json!("ephemeral");
    whole["nodes"]["model.p.mid"]["relation_name"] = Value::Null;
    change(&mut whole);
    serde_json::from_value(whole).unwrap()
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

struct World {
    entries: Entries,
    newest: BTreeMap<String, Timestamp>,
    variables: &'static str,
    now: i64,
    _folder: tempfile::TempDir,
    kept: Kept,
}

impl World {
    /// Everything was built at 100, of sources as they were at 50.
    fn built() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let kept = Kept::of(&BlobStore::open(folder.path()).unwrap(), "s");
        let project = project(|_| {});
        let newest = BTreeMap::from([("source.p.raw.t".to_owned(), at(50))]);
        let mut entries = Entries::new();
        for id in ["model.p.stg", "seed.p.seed", "model.p.mart", "model.p.lone"] {
            let seen = |parent: &str| if parent.starts_with("source") { at(50) } else { at(100) };
            let entry = Entry {
                last_updated: at(100),
                checksum: project.nodes[id].checksum.checksum.clone(),
                sources: project.parents(id).into_iter().map(|parent| (parent.to_owned(), seen(parent))).collect(),
                context: Some(project.context(id, "v")),
            };
            entries.insert(kept.key(project.nodes[id].relation_name.as_deref().unwrap()), entry);
        }
        Self { entries, newest, variables: "v", now: 200, _folder: folder, kept }
    }

    fn decide(&self, project: &Project, selected: &[&str]) -> Decision {
        let known = Known {
            project,
            kept: &self.kept,
            entries: &self.entries,
            newest: &self.newest,
            variables: self.variables,
            now: at(self.now),
        };
        decide(&known, &selected.iter().map(|id| (*id).to_owned()).collect(), &["model", "seed", "snapshot"])
    }
}

const ALL: [&str; 8] = [
    "model.p.stg",
    "model.p.mid",
    "seed.p.seed",
    "model.p.mart",
    "model.p.lone",
    "test.p.stg",
    "test.p.both",
    "test.p.source",
];

fn why(decision: &Decision) -> Vec<(&str, Why)> {
    decision.build.iter().map(|(id, why)| (id.as_str(), why.clone())).collect()
}

fn untold() -> (&'static str, Why) {
    ("model.p.lone", Why::Untold("source.p.other.t".to_owned()))
}

#[test]
fn what_is_as_it_was_is_reused_and_its_tests_are_not_run() {
    let decision = World::built().decide(&project(|_| {}), &ALL);
    assert_eq!(why(&decision), [untold()]);
    assert_eq!(decision.reuse.keys().collect::<Vec<_>>(), ["model.p.mart", "model.p.stg", "seed.p.seed"]);
    assert_eq!(decision.untested.iter().collect::<Vec<_>>(), ["test.p.both", "test.p.stg"]);
}

#[test]
fn new_data_is_followed_through_ephemeral_models() {
    let mut world = World::built();
    world.newest.insert("source.p.raw.t".to_owned(), at(51));
    let decision = world.decide(&project(|_| {}), &ALL);
    let upstream = Why::Upstream("model.p.stg".to_owned());
    let data = Why::Data("source.p.raw.t".to_owned());
    assert_eq!(why(&decision), [untold(), ("model.p.mart", upstream), ("model.p.stg", data)]);
    assert!(decision.untested.is_empty());
}

#[test]
fn every_part_of_the_code_counts() {
    type Change<'a> = &'a dyn Fn(&mut Value);
    let cases: [(&str, Change<'_>, &[&str]); 7] = [
        ("its own", &|all| all["nodes"]["model.p.stg"]["checksum"]["checksum"] = json!("2"), &["model.p.stg"]),
        ("a setting", &|all| all["nodes"]["model.p.mart"]["config"]["materialized"] = json!("view"), &["model.p.mart"]),
        (
            "an ephemeral model",
            &|all| all["nodes"]["model.p.mid"]["checksum"]["checksum"] = json!("2"),
            &["model.p.mart"],
        ),
        (
            "a macro behind a macro",
            &|all| all["macros"]["macro.p.n"]["macro_sql"] = json!("2"),
            &["model.p.lone", "model.p.mart", "model.p.stg", "seed.p.seed"],
        ),
        ("a macro of dbt", &|all| all["macros"]["macro.dbt.x"]["macro_sql"] = json!("2"), &[]),
        ("a tag", &|all| all["nodes"]["model.p.stg"]["config"]["tags"] = json!(["a"]), &[]),
        ("a large seed", &|all| all["nodes"]["seed.p.seed"]["checksum"]["name"] = json!("path"), &["seed.p.seed"]),
    ];
    for (what, change, changed) in cases {
        let decision = World::built().decide(&project(change), &ALL);
        let found: Vec<&str> = decision
            .build
            .iter()
            .filter(|(_, why)| matches!(why, Why::Code | Why::LargeFile))
            .map(|(id, _)| id.as_str())
            .collect();
        assert_eq!(found, changed, "{what}");
    }
}

#[test]
fn variables_count_where_the_code_asks_for_them() {
    let asks = |all: &mut Value| all["nodes"]["model.p.stg"]["raw_code"] = json!("select {{ var('day') }}");
    let mut world = World::built();
    let context = project(asks).context("model.p.stg", "v");
    world.entries.get_mut("s.db.stg").unwrap().context = Some(context);
    assert!(!world.decide(&project(asks), &ALL).build.contains_key("model.p.stg"));
    world.variables = "other";
    let decision = world.decide(&project(asks), &ALL);
    assert_eq!(decision.build["model.p.stg"], Why::Code);
    assert!(!decision.build.contains_key("seed.p.seed"));
}

#[test]
fn what_nobody_knows_is_new() {
    let mut world = World::built();
    world.entries.remove("s.db.stg");
    let decision = world.decide(&project(|_| {}), &ALL);
    assert_eq!(decision.build["model.p.stg"], Why::New);
    // Also when it is built elsewhere, and selected by nobody.
    let decision = world.decide(&project(|_| {}), &["model.p.mart"]);
    assert_eq!(why(&decision), [("model.p.mart", Why::Upstream("model.p.stg".to_owned()))]);
    // A build of which nothing is known.
    world.entries.insert("s.db.stg".to_owned(), Entry::unknown(at(120)));
    let decision = world.decide(&project(|_| {}), &["model.p.mart", "model.p.stg"]);
    assert_eq!(decision.build["model.p.stg"], Why::Code);
    assert!(decision.build.contains_key("model.p.mart"));
}

#[test]
fn a_parent_that_was_built_at_any_other_time_is_newer() {
    for second in [99, 101] {
        let mut world = World::built();
        world.entries.get_mut("s.db.stg").unwrap().last_updated = at(second);
        assert_eq!(
            why(&world.decide(&project(|_| {}), &["model.p.mart"])),
            [("model.p.mart", Why::Upstream("model.p.stg".to_owned()))]
        );
    }
    // Entries of others say only when they were built.
    for (second, newer) in [(99, false), (100, false), (101, true)] {
        let mut world = World::built();
        let mart = world.entries.get_mut("s.db.mart").unwrap();
        (mart.context, mart.sources) = (None, BTreeMap::new());
        world.entries.get_mut("s.db.stg").unwrap().last_updated = at(second);
        assert_eq!(
            world.decide(&project(|_| {}), &["model.p.mart"]).build.contains_key("model.p.mart"),
            newer,
            "{second}"
        );
    }
}

#[test]
fn build_after_leaves_a_model_alone_for_a_while() {
    let with = |rule: Value| {
        project(move |all| all["nodes"]["model.p.mart"]["config"]["freshness"] = json!({ "build_after": rule.clone() }))
    };
    for (rule, now, built) in [
        (json!({ "count": 2, "period": "minute" }), 219, false),
        (json!({ "count": 2, "period": "minute" }), 220, true),
        (json!({ "count": 1, "period": "minute", "updates_on": "any" }), 200, true),
        // The seed has nothing new.
        (json!({ "count": 1, "period": "minute", "updates_on": "all" }), 200, false),
    ] {
        let mut world = World::built();
        world.newest.insert("source.p.raw.t".to_owned(), at(51));
        world.now = now;
        let decision = world.decide(&with(rule.clone()), &ALL);
        assert_eq!(decision.build.contains_key("model.p.mart"), built, "{rule} at {now}");
        assert!(decision.build.contains_key("model.p.stg"));
    }
}

#[test]
fn chains_of_any_length_and_cycles_end() {
    let mut nodes = serde_json::Map::new();
    for number in 0..20_000 {
        let reads = [format!("model.p.m{}", (number + 1) % 20_000)];
        nodes.insert(
            format!("model.p.m{number}"),
            json!({ "resource_type": "model", "relation_name": format!("m{number}"), "depends_on": { "nodes": reads } }),
        );
    }
    let cycle: Project = serde_json::from_value(json!({ "nodes": nodes })).unwrap();
    let ids: Vec<String> = cycle.nodes.keys().cloned().collect();
    let selected: Vec<&str> = ids.iter().map(String::as_str).collect();
    assert_eq!(World::built().decide(&cycle, &selected), Decision::default());
    assert_eq!(World::built().decide(&cycle, &selected[1..]).build.len(), 19_999);
}
