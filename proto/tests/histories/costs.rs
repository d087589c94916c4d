//! The ledger: prices that change, estimates, bills that correct them, budgets that are spent.

use std::{collections::BTreeMap, sync::Arc};

use downbeat_domain::{
    Command, CostId, Report,
    cost::{Bill, Budget, CostCommand, Origin, Period, Price},
    metadata::{Collected, CostBasis, Operation, Quantity},
};
use jiff::Timestamp;

use crate::recorder::{Recorder, pipeline, run};

const BODY: &str =
    "meta: {downbeat: {owner: data, budget: {amount: '5.00', currency: EUR, period: day, alert_at: [50, 100]}}}
pipeline: {a: {integration: HTTP, integration_job: HTTP_REQUEST, parameters: {method: GET, path: x}}}
";

fn price(unit: &str, micros: i64) -> Price {
    Price {
        name: String::new(),
        unit: unit.to_owned(),
        attributes: BTreeMap::new(),
        integration: String::new(),
        connection: String::new(),
        micros,
        currency: "EUR".parse().expect("a currency"),
        per: 1,
    }
}

fn cost(command: CostCommand) -> Command {
    Command::Cost(command)
}

fn prices(of: Vec<Price>) -> Command {
    cost(CostCommand::SetPrices(Arc::new(of)))
}

fn bill(external_id: &str, micros: i64, corrects: Option<CostId>) -> Command {
    let bill = Bill {
        source: "warehouse".to_owned(),
        external_id: external_id.to_owned(),
        micros,
        currency: "EUR".parse().expect("a currency"),
        quantity: Quantity::new(1, 0),
        unit: "credits".to_owned(),
        origin: Origin { pipeline: Some(pipeline("demo")), owner: "data".to_owned(), ..Origin::default() },
        asset: String::new(),
        incurred_at: Timestamp::from_second(1_900_000_000).expect("an instant"),
        corrects,
    };
    cost(CostCommand::Record(Arc::new(vec![bill])))
}

fn budget(micros: i64) -> Option<Budget> {
    Some(Budget {
        micros,
        currency: "EUR".parse().expect("a currency"),
        period: Period::Week,
        timezone: "Europe/Berlin".to_owned(),
        alert_at: vec![100],
        enforce: false,
    })
}

fn used() -> Report {
    let basis =
        |unit: &str| CostBasis { quantity: Quantity::new(1, 500_000), unit: unit.to_owned(), ..CostBasis::default() };
    let operation = Operation {
        external_id: "q".to_owned(),
        cost_basis: vec![basis("credits"), basis("slots")],
        ..Operation::default()
    };
    Report::Collected { chunk: 0, collected: Collected { operations: vec![operation], ..Collected::default() } }
}

pub(crate) fn costs() -> Vec<Vec<u8>> {
    let set = |owner: &str, budget| cost(CostCommand::SetBudget { owner: owner.to_owned(), budget });
    let demo = Recorder::new(BODY).run(prices(vec![price("credits", 2_000_000), price("worker_seconds", 1_000)]));
    let demo = demo.run(set("data", budget(10_000_000))).run(set("gone", budget(1))).run(set("gone", None));
    let demo = demo.start(1).work(1, "a").report(1, "a", used());
    let attempt = downbeat_domain::AttemptRef { run: run(1), task: 0, number: 1 };
    let demo =
        demo.run(bill("q", 2_500_000, Some(CostId::of_operation(attempt, 0, 0)))).run(bill("q", 2_400_000, None));
    let demo = demo.run(prices(vec![price("credits", 3_000_000)])).run(bill("other", 9_000_000, None));
    demo.start(2).work(2, "a").report(2, "a", used()).into_records()
}
