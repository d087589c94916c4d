//! The ledger of costs: prices, entries, corrections, budgets.

use std::collections::BTreeMap;

use downbeat_domain::{
    AttemptRef, CostId, Event, PipelineApplied,
    cost::{
        Basis, Budget, BudgetCrossed, BudgetOf, BudgetPeriodBegan, BudgetSet, CostEntry, CostEvent, CostRecorded,
        Origin, Period, Price, PricesSet, Unpriced,
    },
    metadata::Quantity,
    plan::{Plan, PlanTask},
};

use crate::{
    added::text,
    samples::{PIPELINE, RUN, at},
};

fn prices() -> CostEvent {
    let price = |name: &str, unit: &str, micros, per| Price {
        name: text(name),
        unit: text(unit),
        attributes: BTreeMap::new(),
        integration: String::new(),
        connection: String::new(),
        micros,
        currency: "USD".parse().unwrap(),
        per,
    };
    let model = Price {
        attributes: [(text("model"), text("claude-*"))].into(),
        integration: text("ANTHROPIC"),
        connection: text("team"),
        ..price("", "input_tokens", 3_000_000, 1_000_000)
    };
    CostEvent::PricesSet(PricesSet {
        version: 2,
        prices: vec![price("small", "credits", 2_000_000, 1), model],
        at: at(1),
    })
}

fn estimate() -> CostEntry {
    CostEntry {
        id: CostId(*b"entry-0123456789"),
        basis: Basis::Estimated,
        micros: 25_000_000,
        currency: "USD".parse().unwrap(),
        quantity: Quantity::new(12, 500_000),
        unit: text("credits"),
        operation: text("query-7"),
        asset: text("db/main.orders"),
        source: String::new(),
        external_id: String::new(),
        corrects: None,
        incurred_at: at(20),
    }
}

fn recorded(origin: Origin, prices: u32, entries: Vec<CostEntry>, unpriced: Vec<Unpriced>) -> Event {
    event(CostEvent::CostRecorded(CostRecorded { origin, prices, entries, unpriced, at: at(30) }))
}

fn event(fact: CostEvent) -> Event {
    Event::Cost(Box::new(fact))
}

fn budget() -> Budget {
    Budget {
        micros: 100_000_000,
        currency: "EUR".parse().unwrap(),
        period: Period::Month,
        timezone: text("Europe/Berlin"),
        alert_at: vec![80, 100],
        enforce: true,
    }
}

fn applied() -> Event {
    let task = PlanTask { id: text("build"), owner: text("science"), ..PlanTask::default() };
    Event::PipelineApplied(Box::new(PipelineApplied {
        pipeline: PIPELINE,
        alias: text("weather"),
        version: 11,
        name: text("Weather"),
        source: text("version: v1\n"),
        source_root: String::new(),
        digest: *blake3::hash(b"budget").as_bytes(),
        plan: Plan { tasks: vec![task], owner: text("data"), budget: Some(budget()), ..Plan::default() },
        origin: None,
        storage: None,
    }))
}

pub(crate) fn events() -> Vec<(&'static str, Event)> {
    let attempt = AttemptRef { run: RUN, task: 1, number: 2 };
    let origin = Origin {
        pipeline: Some(PIPELINE),
        attempt: Some(attempt),
        task: text("build"),
        owner: text("data"),
        integration: text("SNOWFLAKE"),
    };
    let unpriced = Unpriced { unit: text("slot_ms"), quantity: Quantity::new(9, 1), count: 2 };
    let bill = |micros, number: u8, corrects| CostEntry {
        id: CostId([number; 16]),
        basis: Basis::Billed,
        micros,
        source: text("warehouse"),
        external_id: text("line-1"),
        corrects,
        ..estimate()
    };
    let back = CostEntry { id: CostId([9; 16]), micros: -25_000_000, corrects: Some(estimate().id), ..estimate() };
    let owner = BudgetOf::Owner(text("data"));
    let crossed = BudgetCrossed {
        of: BudgetOf::Pipeline(PIPELINE),
        percent: 80,
        spent: 170_141_183_460_469_231_731_687_303,
        micros: 100_000_000,
        currency: "EUR".parse().unwrap(),
        from: at(0),
        to: at(1_000),
        at: at(31),
    };
    let began = BudgetPeriodBegan { of: owner, from: at(0), to: at(1_000), at: at(30) };
    let set = |budget| event(CostEvent::BudgetSet(BudgetSet { owner: text("data"), budget, at: at(5) }));
    vec![
        ("PRICES_SET", event(prices())),
        ("COST_RECORDED", recorded(origin.clone(), 2, vec![estimate()], vec![unpriced])),
        (
            "COST_RECORDED.corrects",
            recorded(origin, 0, vec![back, bill(24_000_000, 3, Some(estimate().id))], Vec::new()),
        ),
        ("COST_RECORDED.credit", recorded(Origin::default(), 0, vec![bill(-1, 4, None)], Vec::new())),
        ("BUDGET_SET", set(Some(budget()))),
        ("BUDGET_SET.gone", set(None)),
        ("BUDGET_PERIOD_BEGAN", event(CostEvent::BudgetPeriodBegan(began))),
        ("BUDGET_CROSSED", event(CostEvent::BudgetCrossed(crossed))),
        ("PIPELINE_APPLIED.budget", applied()),
    ]
}
