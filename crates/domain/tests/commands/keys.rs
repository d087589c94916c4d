//! Keys: made, used, revoked, expired.

use downbeat_domain::{
    Command, Grant, KeyId, Role, Target, TargetKind,
    command::{AccessCommand, CreateKey},
    event::ToolsCalled,
    limits,
};

use crate::{
    chain,
    world::{Step, World, after, given, instant},
};

const DAY: i64 = 24 * 60 * 60;

fn key(number: u8, name: &str) -> CreateKey {
    CreateKey {
        key: KeyId([number; 16]),
        name: name.to_owned(),
        hash: [number; 32],
        grants: vec![Grant { role: Role::Viewer, labels: Vec::new() }],
        expires_at: None,
        by: "user:ada".to_owned(),
    }
}

fn create(key: CreateKey) -> Step {
    Step::Do(Command::Access(AccessCommand::CreateKey(Box::new(key))))
}

/// It expires so many seconds after the beginning.
fn until(seconds: i64, key: CreateKey) -> Step {
    create(CreateKey { expires_at: Some(instant(seconds)), ..key })
}

fn revoke(named: &str) -> Step {
    Step::Do(Command::Access(AccessCommand::RevokeKey { key: named.to_owned() }))
}

fn used(numbers: &[u8]) -> Step {
    let keys = numbers.iter().map(|number| KeyId([*number; 16])).collect();
    Step::Do(Command::Access(AccessCommand::NoteUses { keys }))
}

fn none() -> World {
    given(&chain(""))
}

#[test]
fn a_key_lives_as_long_as_is_said_and_else_for_90_days() {
    none().when(create(key(1, "ci"))).then(["KeyCreated ci for 7776000 s by user:ada"]);
    none().when(until(60, key(1, "ci"))).then(["KeyCreated ci for 60 s by user:ada"]);
    none().when(until(366 * DAY, key(1, "ci"))).then(["KeyCreated ci for 31622400 s by user:ada"]);
    none().when(until(366 * DAY + 1, key(1, "ci"))).refused("a key lives at most 366 days");
    for past in [-1, 0] {
        let world = none().when(until(past, key(1, "ci"))).refused("would open nothing");
        world.when(until(past, key(1, "ci"))).refused_as("INVALID_KEY");
    }
}

#[test]
fn names_are_short_visible_and_no_ids() {
    let long = "x".repeat(101);
    for name in ["", " ci", "ci ", "a\nb", "a\u{7}", long.as_str()] {
        none().when(create(key(1, name))).refused("a key's name takes 1 to 100 characters");
    }
    none().when(create(key(1, &KeyId([9; 16]).to_string()))).refused("must not look like an id");
    let most = "ü".repeat(100);
    none().when(create(key(1, &most))).accepted();
}

#[test]
fn what_a_key_is_for_is_checked() {
    none().when(create(CreateKey { grants: Vec::new(), ..key(1, "ci") })).refused("1 to 20 grants");
    let bad = vec![Grant { role: Role::Admin, labels: vec!["EU".to_owned()] }];
    let world = none().when(create(CreateKey { grants: bad, ..key(1, "ci") })).refused("`EU` is no label");
    world.when(revoke("ci")).refused_as("UNKNOWN_KEY");
}

#[test]
fn of_the_keys_that_open_something_each_has_its_own_name() {
    let world = none().after([until(60, key(1, "ci"))]);
    let world = world.when(create(key(2, "ci"))).refused_as("KEY_EXISTS");
    // The time of the first one is over: it makes room, and is gone.
    let world = world.after([after(60)]).when(create(key(2, "ci"))).then(["KeyCreated ci for 7776000 s by user:ada"]);
    let ids: Vec<KeyId> = world.partition.keys.keys.keys().copied().collect();
    assert_eq!(ids, [KeyId([2; 16])]);
    // An id is drawn once, also where its key is gone.
    world.after([revoke("ci")]).when(create(key(2, "other"))).refused_as("KEY_EXISTS");
}

#[test]
fn a_key_is_revoked_by_name_or_id_and_once() {
    let id = KeyId([1; 16]).to_string();
    let world = none().after([create(key(1, "ci")), create(key(2, "other"))]);
    let world = world.when(revoke(&id)).then(["KeyRevoked ci"]);
    let world = world.when(revoke(&id)).then([]).when(revoke("ci")).then([]);
    let world = world.when(revoke("nobody")).refused("there is no key `nobody`");
    // A new one of the name is meant from now on.
    world.after([create(key(3, "ci"))]).when(revoke("ci")).then(["KeyRevoked ci"]).when(revoke(&id)).then([]);
}

#[test]
fn that_a_key_was_used_is_told_once_an_hour() {
    // The beginning lies 400 s after a full hour.
    let world = none().after([create(key(1, "a")), create(key(2, "b")), create(key(3, "gone")), revoke("gone")]);
    let world = world.when(used(&[2, 9, 1, 2, 3])).then(["KeysUsed [1, 2] in the hour of -400 s"]);
    let world = world.when(used(&[1, 2])).then([]).after([after(3_199)]).when(used(&[1])).then([]);
    let world = world.after([after(1)]).when(used(&[1])).then(["KeysUsed [1] in the hour of 3200 s"]);
    let world = world.when(used(&[1, 2])).then(["KeysUsed [2] in the hour of 3200 s"]).when(used(&[])).then([]);
    assert_eq!(world.partition.keys.named("a").unwrap().1.used, Some(instant(3_200)));
}

#[test]
fn calls_of_tools_are_told_as_they_were_within_bounds() {
    let called = |tool: &str, targets: Vec<Target>, code: &str, calls, since, at| {
        let (tool, code) = (tool.to_owned(), code.to_owned());
        let called = ToolsCalled { tool, targets, code, calls, since: instant(since), at: instant(at) };
        Step::Do(Command::Access(AccessCommand::NoteToolCalls(Box::new(called))))
    };
    let run = || vec![Target::new(TargetKind::Run, "r1")];
    let world = none();
    let world = world.when(called("why", run(), "", 1, 0, 0)).then(["ToolsCalled why run r1 1 times from 0 to 0 s"]);
    let world = world.when(called("why", Vec::new(), "NOT_FOUND", 7, -60, -1));
    let world = world.then(["ToolsCalled why 7 times from -60 to -1 s: NOT_FOUND"]);
    // A clock that goes wrong.
    let world = world.when(called("why", Vec::new(), "", 2, -9_000_000, 9_000_000));
    let world = world.then(["ToolsCalled why 2 times from -86400 to 0 s"]);
    let world = world.when(called("why", Vec::new(), "", 2, 5, -5)).then(["ToolsCalled why 2 times from -5 to -5 s"]);
    // Nothing, much, and what nobody sees.
    let world = world.when(called("why", Vec::new(), "", 0, 0, 0)).then([]);
    let many = vec![Target::new(TargetKind::Asset, "a\u{1b}b"); 9];
    let shown = "ToolsCalled w y asset a b asset a b asset a b asset a b 1 times from 0 to 0 s";
    world.when(called("w\ny", many, "", 1, 0, 0)).then([shown]);
}

#[test]
fn there_are_at_most_so_many_and_expired_ones_make_room() {
    let many = |number: usize, name: &str| {
        let mut id = [0; 16];
        id[..8].copy_from_slice(&number.to_be_bytes());
        CreateKey { key: KeyId(id), ..key(0, &format!("{name}-{number}")) }
    };
    let first = [until(60, many(9_000, "short")), until(90, many(9_001, "longer"))];
    let rest = (2..limits::KEYS_MAX).map(|number| create(many(number, "key")));
    let world = none().without_checks(first.into_iter().chain(rest));
    let world = world.when(create(key(250, "more"))).refused("there are 1000 keys that have not expired");
    // Two have expired: the one that expired first goes first.
    let world = world.after([after(100), create(key(250, "more"))]);
    assert_eq!(world.partition.keys.keys.len(), limits::KEYS_MAX);
    assert!(world.partition.keys.named("short-9000").is_none() && world.partition.keys.named("longer-9001").is_some());
    let world = world.after([create(key(251, "another"))]).when(create(key(252, "last"))).refused_as("TOO_MANY_KEYS");
    assert!(world.partition.keys.named("longer-9001").is_none());
}
