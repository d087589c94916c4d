//! What people and programs tell the ledger: prices, bills (new ones, known ones with another amount, those of what was estimated),
//! budgets; and the runs that they let go although a budget is spent. They see what the log says.

use std::{collections::BTreeMap, sync::Arc};

use downbeat_domain::{
    Command, CostId, PipelineId, RunId,
    cost::{Bill, Budget, CostCommand, Currency, Origin, Period, Price, WORKER_SECONDS},
    metadata::Quantity,
};
use jiff::SignedDuration;

use crate::sim::{network::Request, time::true_wall, workloads::costs::OWNER, world::World};

/// So many bills there may be: few, so that most are told again.
const BILLS: u64 = 6;

fn ask(command: CostCommand) -> Request {
    Request::Other(Box::new(Command::Cost(command)))
}

fn currency(code: &str) -> Currency {
    code.parse().unwrap_or_else(|why| unreachable!("{why}"))
}

/// Seconds on workers cost about one EUR for a minute.
pub(super) fn set_prices(world: &mut World) -> Request {
    let price = Price {
        name: String::new(),
        unit: WORKER_SECONDS.to_owned(),
        attributes: BTreeMap::new(),
        integration: String::new(),
        connection: String::new(),
        micros: 500_000 * world.dice.between(1, 3) as i64,
        currency: currency("EUR"),
        per: 60,
    };
    ask(CostCommand::SetPrices(Arc::new(vec![price])))
}

/// A bill for something that a pipeline used; now and then one that another bill was about already.
pub(super) fn bill_some(world: &mut World, pipeline: PipelineId) -> Request {
    let estimates: Vec<CostId> = world.census.estimates.iter().copied().collect();
    let corrects = (!estimates.is_empty() && world.dice.per_mille(400)).then(|| *world.dice.pick(&estimates));
    let (number, micros) = (world.dice.below(BILLS), world.dice.between(1, 200_000) as i64);
    // A credit is negative.
    let micros = if world.dice.per_mille(150) { -micros } else { micros };
    let late = SignedDuration::from_secs(world.dice.below(7_200) as i64);
    let bill = Bill {
        source: "meter".to_owned(),
        external_id: number.to_string(),
        micros,
        currency: currency(if world.dice.per_mille(700) { "EUR" } else { "USD" }),
        quantity: Quantity::new(1, 0),
        unit: "credits".to_owned(),
        origin: Origin { pipeline: Some(pipeline), owner: OWNER.to_owned(), ..Origin::default() },
        asset: String::new(),
        incurred_at: true_wall(world.now).checked_sub(late).unwrap_or_else(|why| unreachable!("{why}")),
        corrects,
    };
    ask(CostCommand::Record(Arc::new(vec![bill])))
}

/// The owner of everything gets a budget, or loses it.
pub(super) fn set_budget(micros: Option<i64>) -> Request {
    let budget = micros.map(|micros| Budget {
        micros,
        currency: currency("EUR"),
        period: Period::Day,
        timezone: "UTC".to_owned(),
        alert_at: vec![80, 100],
        enforce: true,
    });
    ask(CostCommand::SetBudget { owner: OWNER.to_owned(), budget })
}

/// Lets some run go that waits, whatever it waits for.
pub(super) fn release_some(world: &mut World) -> Option<Request> {
    let waiting: Vec<RunId> = world.census.held.iter().copied().collect();
    let run = (!waiting.is_empty()).then(|| *world.dice.pick(&waiting))?;
    Some(ask(CostCommand::ReleaseRun(run)))
}

/// After the faults nobody waits for a budget any more.
pub(super) fn release_all(world: &mut World) {
    let waiting: Vec<RunId> = world.census.held.iter().copied().collect();
    for run in waiting {
        world.wants(ask(CostCommand::ReleaseRun(run)));
    }
}
