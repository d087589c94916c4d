//! Connections: saved, changed, tried, removed. No value ever comes here.

use downbeat_domain::{
    Command, ConnectionId,
    connection::{ConnectionCommand, ConnectionField, ConnectionHealth, SaveConnection},
    limits,
};

use crate::world::{Step, World, given, pipeline};

const FILE: &str = "pipeline:
  load: {integration: POSTGRES, integration_job: POSTGRES_RUN_QUERY, connection: shop, parameters: {statement: s}}
  look: {integration: POSTGRES, integration_job: POSTGRES_RUN_QUERY, parameters: {statement: s}}
";

fn save(id: u8, name: &str, version: u32) -> SaveConnection {
    let field = |name: &str, store: &str| ConnectionField { name: name.to_owned(), store: store.to_owned() };
    SaveConnection {
        connection: ConnectionId([id; 16]),
        integration: "POSTGRES".to_owned(),
        name: name.to_owned(),
        version,
        seal: [version as u8; 16],
        fields: vec![field("host", ""), field("password", "vault")],
        bytes: 200,
        is_default: None,
    }
}

fn of(command: ConnectionCommand) -> Step {
    Step::Do(Command::Connection(command))
}

fn saved(save: SaveConnection) -> Step {
    of(ConnectionCommand::Save(Box::new(save)))
}

fn remove(named: &str, force: bool) -> Step {
    of(ConnectionCommand::Remove { named: named.to_owned(), force })
}

fn test(id: u8, version: u32, health: ConnectionHealth, message: &str) -> Step {
    of(ConnectionCommand::Test { connection: ConnectionId([id; 16]), version, health, message: message.to_owned() })
}

#[test]
fn a_connection_has_versions_and_one_of_an_integration_is_the_default() {
    let world = given(FILE).when(saved(save(1, "shop", 1))).then(["ConnectionSaved shop version 1 host password"]);
    let world = world.when(saved(save(1, "shop", 2))).then(["ConnectionSaved shop version 2 host password"]);
    // Its name says that it is the default one.
    let named = save(2, "default_postgres", 1);
    let world =
        world.when(saved(named)).then(["ConnectionSaved default_postgres version 1 host password as the default"]);
    let default = SaveConnection { is_default: Some(true), ..save(1, "shop", 3) };
    let world = world.when(saved(default)).then(["ConnectionSaved shop version 3 host password as the default"]);
    let all = &world.partition.connections;
    let used = all.used_as("POSTGRES", "").map(|(_, it)| it.name.as_str());
    assert_eq!(used, Some("shop"), "the other one is it no more");
    assert_eq!(all.used_as("POSTGRES", "default_postgres").map(|(id, _)| id.0), Some([2; 16]));
    assert_eq!(all.used_as("MYSQL", "").map(|(id, _)| id), None);
}

#[test]
fn who_saves_must_have_seen_the_version_before() {
    let stale = [save(1, "shop", 2), save(1, "shop", 4), save(3, "shop", 1), save(3, "other", 2)];
    for stale in stale {
        let world = given(FILE).after([saved(save(1, "shop", 1)), saved(save(1, "shop", 2))]);
        world.when(saved(stale)).refused_as("CONNECTION_CHANGED");
    }
}

#[test]
fn what_cannot_be_a_connection_is_refused() {
    let field = |name: &str| ConnectionField { name: name.to_owned(), store: String::new() };
    let many = (0..=limits::CONNECTION_FIELDS_MAX).map(|place| field(&format!("f{place}"))).collect();
    for (wrong, why) in [
        (save(2, "a b", 1), "letters, digits, _ and -"),
        (save(2, &ConnectionId([9; 16]).to_string(), 1), "looks like an id"),
        (SaveConnection { integration: "postgres".to_owned(), ..save(2, "other", 1) }, "as in POSTGRES"),
        (SaveConnection { fields: many, ..save(2, "other", 1) }, "at most 64"),
        (SaveConnection { fields: vec![field("pass word")], ..save(2, "other", 1) }, "a name takes"),
        (SaveConnection { bytes: limits::SEALED_BYTES_MAX + 1, ..save(2, "other", 1) }, "at most 65536"),
        (SaveConnection { integration: "MYSQL".to_owned(), ..save(1, "shop", 2) }, "stays one"),
        (save(1, "store", 2), "keeps its name"),
    ] {
        given(FILE).after([saved(save(1, "shop", 1))]).when(saved(wrong)).refused(why);
    }
}

#[test]
fn there_are_only_so_many() {
    let numbered = |number: usize| {
        let mut id = [0; 16];
        id[..8].copy_from_slice(&(number as u64).to_be_bytes());
        saved(SaveConnection { connection: ConnectionId(id), ..save(0, &format!("c{number}"), 1) })
    };
    let world = given(FILE).without_checks((0..limits::CONNECTIONS_MAX).map(numbered).collect::<Vec<_>>());
    world.when(numbered(limits::CONNECTIONS_MAX)).refused("there are 1000 connections");
}

#[test]
fn what_is_used_is_removed_by_force_only() {
    let default = SaveConnection { is_default: Some(true), ..save(2, "main", 1) };
    let world = || given(FILE).after([saved(save(1, "shop", 1)), saved(default.clone()), saved(save(3, "idle", 1))]);
    let users = |id: u8| {
        let world = world();
        let users = world.partition.connections.users(ConnectionId([id; 16]), &world.partition);
        users.named.into_iter().map(|(_, alias, what)| format!("{alias}: {what}")).collect::<Vec<_>>()
    };
    assert_eq!(users(1), ["demo: task load"]);
    assert_eq!(users(2), ["demo: task look"], "it names none, so it uses the default one");
    assert_eq!(users(3), Vec::<String>::new());
    world().when(remove("shop", false)).refused("used by demo (task load)");
    world().when(remove("main", false)).refused_as("CONNECTION_USED");
    world().when(remove("shop", true)).then(["ConnectionRemoved shop"]);
    world().when(remove(&ConnectionId([3; 16]).to_string(), false)).then(["ConnectionRemoved idle"]);
    world().when(remove("nobody", true)).refused_as("UNKNOWN_CONNECTION");
    let gone = Step::Do(Command::DeletePipeline { pipeline: pipeline() });
    world().after([gone]).when(remove("shop", false)).then(["ConnectionRemoved shop"]);
}

#[test]
fn a_test_counts_for_the_version_that_was_tried() {
    let world = given(FILE).after([saved(save(1, "shop", 1)), saved(save(1, "shop", 2))]);
    let world = world.when(test(1, 1, ConnectionHealth::Failed, "of before")).then([]);
    let world = world.when(test(9, 1, ConnectionHealth::Failed, "of nobody")).then([]);
    let world = world.when(test(1, 2, ConnectionHealth::Failed, "no such host"));
    let world = world.then(["ConnectionTested shop: FAILED no such host"]);
    let tested = |world: &World| {
        let state = &world.partition.connections.all[&ConnectionId([1; 16])];
        state.tested.as_ref().map(|test| test.health)
    };
    assert_eq!(tested(&world), Some(ConnectionHealth::Failed));
    let world = world.after([saved(save(1, "shop", 3))]);
    assert_eq!(tested(&world), None, "nobody has tried what it is now");
    let long = "x".repeat(limits::CONNECTION_MESSAGE_BYTES_MAX * 2);
    let world = world.after([test(1, 3, ConnectionHealth::Succeeded, &long)]);
    let kept = world.partition.connections.all[&ConnectionId([1; 16])].tested.as_ref().unwrap().message.len();
    assert!(kept <= limits::CONNECTION_MESSAGE_BYTES_MAX + 3, "{kept}");
    let resealed = ConnectionCommand::Reseal { connections: 1, master_key: "ab12".to_owned() };
    world.when(of(resealed)).then(["ConnectionsResealed 1 with ab12"]);
}
