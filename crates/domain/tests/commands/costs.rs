//! The ledger: prices, estimates, bills that come late.

use std::{collections::BTreeMap, sync::Arc};

use downbeat_domain::{
    Command, CostId, Event, PipelineId, Report,
    cost::{Basis, Bill, CostCommand, CostEntry, CostEvent, Currency, Origin, Price, amount_text, read_amount},
    metadata::{Collected, CostBasis, Operation, Quantity},
};

use crate::world::{
    Step, World, after, failed, given, instant, lease, lease_remote, lose, pipe, start, started, stopped, succeeded,
    task,
};

/// `amount currency / per unit [integration]`
pub(crate) fn price(amount: &str, currency: &str, per: u64, unit: &str) -> Price {
    Price {
        name: String::new(),
        unit: unit.to_owned(),
        attributes: BTreeMap::new(),
        integration: String::new(),
        connection: String::new(),
        micros: read_amount(amount).unwrap(),
        currency: currency.parse().unwrap(),
        per,
    }
}

pub(crate) fn prices(prices: Vec<Price>) -> Step {
    Step::Do(Command::Cost(CostCommand::SetPrices(Arc::new(prices))))
}

/// Operations of task `a`, each with quantities and units.
pub(crate) fn used(chunk: u32, of: &[(&str, &str)]) -> Step {
    let basis = |(quantity, unit): &(&str, &str)| CostBasis {
        quantity: Quantity::read(quantity).unwrap(),
        unit: (*unit).to_owned(),
        attributes: BTreeMap::new(),
    };
    let operation = Operation {
        external_id: format!("query-{chunk}"),
        asset: "db/orders".to_owned(),
        cost_basis: of.iter().map(basis).collect(),
        ..Operation::default()
    };
    let collected = Collected { operations: vec![operation], ..Collected::default() };
    Step::Report("a", 1, Report::Collected { chunk, collected })
}

/// A bill of this source-own id and amount.
pub(crate) fn bill(id: &str, amount: &str, currency: &str) -> Bill {
    Bill {
        source: "warehouse".to_owned(),
        external_id: id.to_owned(),
        micros: read_amount(amount).unwrap(),
        currency: currency.parse().unwrap(),
        quantity: Quantity::new(1, 0),
        unit: "credits".to_owned(),
        origin: Origin { owner: "data".to_owned(), ..Origin::default() },
        asset: String::new(),
        incurred_at: instant(0),
        corrects: None,
    }
}

pub(crate) fn record(bills: Vec<Bill>) -> Step {
    Step::Do(Command::Cost(CostCommand::Record(Arc::new(bills))))
}

pub(crate) fn one_task() -> String {
    format!("meta: {{downbeat: {{owner: data}}}}\n{}", pipe(&[task("a", "")]))
}

fn running(list: Vec<Price>) -> World {
    given(&one_task()).after([prices(list), start(), lease("a"), started("a", 1)])
}

fn entries(world: &World) -> Vec<CostEntry> {
    let recorded = world.history.iter().filter_map(|event| match event {
        Event::Cost(fact) => match fact.as_ref() {
            CostEvent::CostRecorded(recorded) => Some(recorded.entries.clone()),
            _ => None,
        },
        _ => None,
    });
    recorded.flatten().collect()
}

/// Sums as the ledger has them: `EUR ESTIMATED 1.50`.
fn sums(world: &World) -> Vec<String> {
    let sum = |((currency, basis), micros): (&(Currency, Basis), &i128)| {
        format!("{currency} {} {}", basis.as_str(), amount_text(*micros))
    };
    world.partition.ledger.sums.iter().map(sum).collect()
}

#[test]
fn what_operations_used_is_entered_with_the_report() {
    let world = running(vec![price("2.00", "EUR", 1, "credits"), price("5.00", "USD", 1_000_000, "tokens")]);
    let world = world.when(used(0, &[("1.5", "credits"), ("3000", "tokens")])).then([
        "OperationsCollected a#1 chunk 0",
        "CostRecorded data/a: ESTIMATED 1.5 credits costs 3.00 EUR; ESTIMATED 3000 tokens costs 0.015 USD",
    ]);
    // Said twice: no second entry.
    let world = world.when(used(0, &[("1.5", "credits")])).then([]);
    assert_eq!(sums(&world), ["EUR ESTIMATED 3.00", "USD ESTIMATED 0.015"]);
    assert!(entries(&world).iter().all(|entry| entry.operation == "query-0" && entry.asset == "db/orders"));
}

#[test]
fn what_has_no_price_is_said_and_costs_nothing() {
    let world = running(vec![price("2.00", "EUR", 1, "credits")]);
    world.when(used(0, &[("1", "slots"), ("2", "slots"), ("1", "credits")])).then([
        "OperationsCollected a#1 chunk 0",
        "CostRecorded data/a: ESTIMATED 1 credits costs 2.00 EUR; 2x 3 slots unpriced",
    ]);
    // Where nobody has set prices, nobody is told of quantities either.
    running(Vec::new()).when(used(0, &[("1", "slots")])).then(["OperationsCollected a#1 chunk 0"]);
}

#[test]
fn seconds_on_our_workers_are_entered_however_the_attempt_ends() {
    let ends = [succeeded("a", 1), failed("a", 1), stopped("a", 1), lose("a", 1)];
    for end in ends {
        let world = running(vec![price("0.60", "EUR", 60, "worker_seconds")]).after([after(30), end.clone()]);
        assert_eq!(sums(&world), ["EUR ESTIMATED 0.30"], "{end:?}");
    }
    // A job in another system costs what that one says; an attempt that never began costs nothing.
    let list = || vec![price("0.60", "EUR", 60, "worker_seconds")];
    let remote = given(&one_task()).after([prices(list()), start(), lease_remote("a"), started("a", 1), after(30)]);
    assert!(sums(&remote.after([succeeded("a", 1)])).is_empty());
    let world = given(&one_task()).after([prices(list()), start(), lease("a"), after(30), lose("a", 1)]);
    assert!(sums(&world).is_empty());
}

#[test]
fn a_report_of_many_quantities_keeps_its_sum() {
    let many: Vec<(&str, &str)> = (0..1_000).map(|_| ("0.000001", "credits")).collect();
    let world = running(vec![price("1.00", "EUR", 1, "credits")]).after([used(0, &many)]);
    assert_eq!(sums(&world), ["EUR ESTIMATED 0.001"]);
    assert_eq!(entries(&world).len(), 201, "the rest is one entry per price");
}

#[test]
fn prices_are_replaced_as_a_whole_and_count_from_then_on() {
    let world = running(vec![price("1.00", "EUR", 1, "credits")]).after([used(0, &[("1", "credits")])]);
    let world = world.when(prices(vec![price("1.00", "EUR", 1, "credits")])).then([]);
    let world = world.when(prices(vec![price("3.00", "EUR", 1, "credits")])).then(["PricesSet version 2 of 1"]);
    let world = world.after([used(1, &[("1", "credits")])]);
    assert_eq!(sums(&world), ["EUR ESTIMATED 4.00"]);
    let mut bad = price("1.00", "EUR", 1, "credits");
    bad.per = 0;
    let world = world.when(prices(vec![bad])).refused("price 1 (credits): `per` is 0");
    let mut bad = price("1.00", "EUR", 1, "credits");
    bad.micros = -1;
    let world = world.when(prices(vec![bad])).refused("negative");
    let world = world.when(prices(vec![price("1.00", "EUR", 1, "")])).refused("of no unit");
    world.when(prices(vec![price("1.00", "EUR", 1, "x"); 201])).refused_as("INVALID_COST");
}

#[test]
fn a_bill_is_entered_once_and_changed_by_its_difference() {
    let world = given(&one_task()).when(record(vec![bill("q1", "7.00", "EUR")]));
    let world = world.then(["CostRecorded data/: BILLED 1 credits costs 7.00 EUR"]);
    let world = world.when(record(vec![bill("q1", "7.00", "EUR")])).then([]);
    let world = world.when(record(vec![bill("q1", "6.50", "EUR")]));
    let world = world.then(["CostRecorded data/: BILLED 1 credits corrects -0.50 EUR"]);
    assert_eq!(sums(&world), ["EUR BILLED 6.50"]);
    // In another currency after all: what was is taken back.
    let world = world.after([record(vec![bill("q1", "8.00", "USD")])]);
    assert_eq!(sums(&world), ["EUR BILLED 0.00", "USD BILLED 8.00"]);
    let world = world.when(record(vec![bill("q1", "8.00", "USD")])).then([]);
    let world = world.after([record(vec![bill("q1", "-1.00", "USD")])]);
    assert_eq!(sums(&world), ["EUR BILLED 0.00", "USD BILLED -1.00"]);
    let ids: std::collections::BTreeSet<CostId> = entries(&world).iter().map(|entry| entry.id).collect();
    assert_eq!(ids.len(), entries(&world).len(), "each entry has an id of its own");
}

#[test]
fn a_bill_takes_the_place_of_what_was_estimated() {
    let world = running(vec![price("2.00", "EUR", 1, "credits")]).after([used(0, &[("1", "credits")])]);
    let estimate = entries(&world)[0].id;
    let corrects = |id: &str, amount| Bill { corrects: Some(estimate), ..bill(id, amount, "EUR") };
    let world = world
        .when(record(vec![corrects("q1", "1.75")]))
        .then(["CostRecorded data/a: ESTIMATED 1 credits corrects -2.00 EUR; BILLED 1 credits corrects 1.75 EUR"]);
    assert_eq!(sums(&world), ["EUR ESTIMATED 0.00", "EUR BILLED 1.75"]);
    // The same bill again is known by its id, and another one comes too late.
    let world = world.when(record(vec![corrects("q1", "1.75")])).then([]);
    world.when(record(vec![corrects("q2", "1.75")])).refused("no estimate");
}

#[test]
fn bills_that_make_no_sense_are_refused_together() {
    type Spoils = fn(&mut Bill);
    let table: [(&str, Spoils); 5] = [
        ("needs a source and an id", |bill| bill.external_id.clear()),
        ("needs a source and an id", |bill| bill.source.clear()),
        ("older than 400 days", |bill| bill.incurred_at = instant(-401 * 86_400)),
        ("more than 64 bytes", |bill| bill.unit = "x".repeat(65)),
        ("no estimate", |bill| bill.corrects = Some(CostId([1; 16]))),
    ];
    for (words, spoil) in table {
        let mut bad = bill("bad", "1.00", "EUR");
        spoil(&mut bad);
        let world = given(&one_task()).when(record(vec![bill("good", "1.00", "EUR"), bad])).refused(words);
        assert!(sums(&world).is_empty(), "{words}");
    }
    let twice = vec![bill("q", "1.00", "EUR"), bill("q", "2.00", "EUR")];
    given(&one_task()).when(record(twice)).refused("given twice");
    let long = |number: i64| Bill { asset: "x".repeat(2_000), ..bill(&format!("{number:0>199}"), "1.00", "EUR") };
    given(&one_task()).when(record((0..100).map(long).collect())).accepted();
    let longer = |number: i64| Bill {
        source: "s".repeat(200),
        origin: Origin { task: "t".repeat(200), owner: "o".repeat(200), ..Origin::default() },
        ..long(number)
    };
    given(&one_task()).when(record((0..100).map(longer).collect())).refused("the bills take");
    let mut wide = price("1.00", "EUR", 1, "x");
    wide.attributes = (0..10).map(|number| (format!("{number:0>200}"), "v".repeat(200))).collect();
    given(&one_task()).when(prices(vec![wide; 200])).refused("the texts of the prices take");
    let many = (0..101).map(|number| bill(&number.to_string(), "1.00", "EUR")).collect();
    given(&one_task()).when(record(many)).refused("at most 100");
}

#[test]
fn a_bill_of_the_future_is_dated_as_given() {
    let mut ahead = bill("q", "1.00", "EUR");
    ahead.incurred_at = instant(3_600);
    let world = given(&one_task()).after([record(vec![ahead])]);
    assert_eq!(entries(&world)[0].incurred_at, instant(3_600));
}

#[test]
fn bills_are_forgotten_when_they_are_too_old_to_be_told_again() {
    let world = given(&one_task()).after([record(vec![bill("old", "1.00", "EUR")]), after(401 * 86_400)]);
    let mut new = bill("new", "1.00", "EUR");
    new.incurred_at = instant(401 * 86_400);
    let world = world.after([record(vec![new])]);
    assert_eq!(world.partition.ledger.bills.len(), 1);
    world.when(record(vec![bill("old", "1.00", "EUR")])).refused("older than");
}

#[test]
fn owners_of_tasks_stand_before_those_of_pipelines() {
    let body = format!(
        "meta: {{downbeat: {{owner: data}}}}\n{}",
        pipe(&[task("a", "meta: {downbeat: {owner: science}}"), task("b", "")])
    );
    let world = given(&body).after([prices(vec![price("2.00", "EUR", 1, "credits")]), start(), lease("a")]);
    world
        .when(used(0, &[("1", "credits")]))
        .then(["OperationsCollected a#1 chunk 0", "CostRecorded science/a: ESTIMATED 1 credits costs 2.00 EUR"]);
}

#[test]
fn sums_are_of_pipelines_and_of_none() {
    let world = running(vec![price("2.00", "EUR", 1, "credits")]);
    let world = world.after([used(0, &[("1", "credits")]), record(vec![bill("q", "5.00", "EUR")])]);
    let of: Vec<Option<PipelineId>> = world.partition.ledger.by_pipeline.keys().copied().collect();
    assert_eq!(of, [None, Some(crate::world::pipeline())]);
    assert_eq!(world.partition.ledger.entries, 2);
}
