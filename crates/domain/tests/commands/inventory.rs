//! Assets that people declare, change and remove, and what they say is made of what.

use downbeat_domain::{
    Command,
    inventory::{AssetDetails, DeclareAsset, Dependency, InventoryCommand, Link},
    limits,
};

use crate::{
    chain,
    world::{Step, World, given},
};

fn text(text: &str) -> Option<String> {
    Some(text.to_owned())
}

fn step(command: InventoryCommand) -> Step {
    Step::Do(Command::Inventory(command))
}

fn declare(asset: &str, is_new: bool, change: AssetDetails) -> Step {
    step(InventoryCommand::Declare(Box::new(DeclareAsset { asset: asset.to_owned(), is_new, change })))
}

fn named(name: &str) -> AssetDetails {
    AssetDetails {
        name: text(name),
        integration: text("TABLEAU"),
        integration_account: text("acme"),
        ..AssetDetails::default()
    }
}

fn new(asset: &str, name: &str) -> Step {
    declare(asset, true, named(name))
}

fn change(asset: &str, change: AssetDetails) -> Step {
    declare(asset, false, change)
}

fn status(word: &str) -> AssetDetails {
    AssetDetails { status: text(word), ..AssetDetails::default() }
}

fn remove(asset: &str) -> Step {
    remove_all(asset, &[])
}

fn remove_all(asset: &str, aliases: &[&str]) -> Step {
    let aliases = aliases.iter().map(|alias| (*alias).to_owned()).collect();
    step(InventoryCommand::Remove { asset: asset.to_owned(), aliases })
}

fn of(from: &str, to: &str, detail: &str) -> Dependency {
    let link = Link { detail: detail.to_owned(), integration: "ORCHESTRA".to_owned() };
    Dependency { from: from.to_owned(), to: to.to_owned(), link }
}

fn depend(pairs: &[(&str, &str)]) -> Step {
    step(InventoryCommand::Depend(pairs.iter().map(|(from, to)| of(from, to, "")).collect()))
}

fn some() -> World {
    given(&chain(""))
}

#[test]
fn an_asset_is_declared_once_and_changed_as_often_as_somebody_likes() {
    let world = some().when(new("sales", "Sales")).then(["AssetDeclared sales Sales"]);
    let world = world.when(new("sales", "Sales")).refused_as("ASSET_EXISTS");
    let world = world.when(change("sales", status("WARNING"))).then(["AssetDeclared sales Sales WARNING"]);
    // What is so already is no news, and what is taken back is gone.
    let world = world.when(change("sales", status("WARNING"))).then([]);
    let world = world.when(change("sales", status(""))).then(["AssetDeclared sales Sales"]);
    // After it was removed it may be declared anew, with nothing of before.
    let world = world.when(remove("sales")).then(["AssetRemoved sales"]);
    let world = world.when(new("sales", "Again")).then(["AssetDeclared sales Again"]);
    assert_eq!(world.partition.inventory.asset("sales").unwrap().name.as_deref(), Some("Again"));
}

#[test]
fn of_an_asset_that_only_runs_know_some_fields_may_be_declared() {
    let world = some().when(change("db/orders", status("HEALTHY"))).then(["AssetDeclared db/orders - HEALTHY"]);
    // Nothing declared is nothing to record, and whether runs know what is removed nobody can say here.
    let world = world.when(change("db/lines", AssetDetails::default())).then([]);
    world.when(remove("db/lines")).then(["AssetRemoved db/lines"]);
}

#[test]
fn what_is_missing_or_too_long_is_refused_by_its_field() {
    let without = |field: fn(&mut AssetDetails)| {
        let mut details = named("Sales");
        field(&mut details);
        declare("sales", true, details)
    };
    for (step, words) in [
        (without(|it| it.name = None), "asset_name: a new asset has one"),
        (without(|it| it.integration = Some(String::new())), "integration: a new asset has one"),
        (without(|it| it.integration_account = None), "integration_account_id: a new asset has one"),
        (new(&"x".repeat(limits::ASSET_KEY_CHARS_MAX + 1), "Sales"), "external_id: 1 to 512 characters"),
        (new("sa\u{0}les", "Sales"), "external_id"),
        (new("sales", "two\nlines"), "asset_name: characters that nobody can see"),
        (change("sales", status("FINE")), "status: `FINE` is none"),
        (remove(""), "asset: 1 to 512 characters"),
    ] {
        some().when(step).refused(words);
    }
}

#[test]
fn there_are_at_most_so_many_bytes_of_all_assets() {
    let key = |number: usize| format!("asset-{number:04}");
    let details = AssetDetails { meta: Some(format!("{{\"a\":\"{}\"}}", "x".repeat(16_000))), ..named("Large") };
    let fitting = limits::INVENTORY_BYTES_MAX / (key(0).len() + details.bytes());
    let large = |number: usize| declare(&key(number), true, details.clone());
    let world = some().without_checks((0..fitting).map(large));
    let world = world.when(large(fitting)).refused("everything that is declared of assets would take");
    // Room is made by removing one.
    let world = world.after([remove(&key(0))]);
    world.when(large(fitting)).accepted();
}

#[test]
fn dependencies_are_said_once_and_go_with_their_assets() {
    let world = some().after([new("sales", "Sales")]);
    let world = world
        .when(depend(&[("raw", "sales"), ("sales", "board"), ("raw", "sales")]))
        .then(["DependenciesDeclared sales>board raw>sales"]);
    // Only what is new, or said otherwise, is recorded.
    let world = world.when(depend(&[("raw", "sales")])).then([]);
    let again = step(InventoryCommand::Depend(vec![of("raw", "sales", "[1]"), of("sales", "board", "")]));
    let world = world.when(again).then(["DependenciesDeclared raw>sales"]);
    assert_eq!(world.partition.inventory.link("raw", "sales").unwrap().detail, "[1]");
    assert_eq!(world.partition.inventory.size().1, 2);
    let world = world.after([remove("sales")]);
    assert_eq!(world.partition.inventory.size(), (0, 0, 0));
    world.when(depend(&[("raw", "sales")])).then(["DependenciesDeclared raw>sales"]);
}

#[test]
fn an_asset_goes_with_what_was_declared_under_its_other_names() {
    let world = some().after([new("x", "Old"), depend(&[("x", "board"), ("raw", "w"), ("other", "board")])]);
    let declared = world.partition.inventory.size();
    // Its key in any case; of its other names those of which something is said, each once.
    let aliases = ["y", "w", "x", "nobody", "x", "", &"z".repeat(2_000)];
    let world = world.when(remove_all("y", &aliases)).then(["AssetRemoved y", "AssetRemoved w", "AssetRemoved x"]);
    assert_eq!((declared.0, declared.1), (1, 3));
    let (assets, links, _) = world.partition.inventory.size();
    assert_eq!((assets, links), (0, 1), "only what another asset is made of is left");
    // Nothing of it stands in anybody's way.
    let world = world.when(new("x", "Again")).then(["AssetDeclared x Again"]);
    let world = world.when(depend(&[("x", "board")])).then(["DependenciesDeclared x>board"]);
    // The input of a dependency is told of, too.
    let world = world.after([remove("x"), depend(&[("x", "board")])]);
    world.when(remove_all("y", &["x"])).then(["AssetRemoved y", "AssetRemoved x"]);
    let many: Vec<String> = (0..=limits::ASSET_ALIASES_MAX).map(|number| format!("alias-{number}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    some().when(remove_all("y", &many)).refused("aliases: 257; at most 256");
    some().when(remove_all("y", &many[1..])).then(["AssetRemoved y"]);
}

#[test]
fn one_dependency_that_cannot_be_is_the_end_of_all_of_them() {
    let many = |count: usize| {
        let all = (0..count).map(|number| of("raw", &format!("to-{number}"), ""));
        step(InventoryCommand::Depend(all.collect()))
    };
    let detail = |detail: &str| step(InventoryCommand::Depend(vec![of("a", "b", ""), of("a", "c", detail)]));
    let long = format!("\"{}\"", "x".repeat(limits::DEPENDENCY_DETAIL_BYTES_MAX));
    for (step, words) in [
        (many(0), "1 to 100 are allowed at once"),
        (many(101), "dependencies: 101"),
        (depend(&[("a", "b"), ("c", "c")]), "dependencies[1]: from and to are the same asset"),
        (depend(&[("a", "")]), "dependencies[0]: to: 1 to 512 characters"),
        (detail("{"), "dependencies[1]: lineage_detail: it is no JSON"),
        (detail(&long), "dependencies[1]: lineage_detail"),
        (detail(&format!("{}{}", "[".repeat(1_000), "]".repeat(1_000))), "nested too deeply"),
    ] {
        let world = some().when(step).refused(words);
        assert_eq!(world.partition.inventory.size(), (0, 0, 0));
    }
    some().when(many(100)).accepted();
    let large = |number: usize| of("raw", &format!("to-{number}"), &format!("\"{}\"", "x".repeat(10_000)));
    let large = step(InventoryCommand::Depend((0..40).map(large).collect()));
    some().when(large).refused("at most 262144 are allowed at once: give fewer");
}
