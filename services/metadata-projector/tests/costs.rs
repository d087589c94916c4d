//! What runs cost, as callers see it: sums by anything, entries in pages, budgets, prices, what makes no sense.
#![allow(clippy::unwrap_used, reason = "helpers of tests too")]

mod support;

use downbeat_domain::{
    CostId, Event,
    cost::{
        Basis, Budget, BudgetOf, BudgetPeriodBegan, BudgetSet, CostEntry, CostEvent, CostRecorded, Origin, Period,
        PricesSet, Unpriced,
    },
    metadata::Quantity,
};
use downbeat_proto::metadata::v1::{self as wire, CostGroup};
use jiff::Timestamp;
use support::{
    append, pipeline, pipeline_id,
    service::{Service, end, log},
};
use tonic::Code;

const DAY: i64 = 86_400;

/// Seconds since the epoch: sums are by day.
fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn entry(number: u8, basis: Basis, micros: i64, currency: &str, day: i64) -> CostEntry {
    CostEntry {
        id: CostId([number; 16]),
        basis,
        micros,
        currency: currency.parse().unwrap(),
        quantity: Quantity::new(1, 0),
        unit: if number.is_multiple_of(2) { "credits" } else { "tokens" }.to_owned(),
        operation: String::new(),
        asset: String::new(),
        source: String::new(),
        external_id: String::new(),
        corrects: None,
        incurred_at: at(day * DAY + i64::from(number)),
    }
}

fn recorded(owner: &str, entries: Vec<CostEntry>, unpriced: Vec<Unpriced>) -> Event {
    let origin = Origin { pipeline: Some(pipeline_id()), owner: owner.to_owned(), ..Origin::default() };
    cost(CostEvent::CostRecorded(CostRecorded { origin, prices: 1, entries, unpriced, at: at(1) }))
}

fn cost(fact: CostEvent) -> Event {
    Event::Cost(Box::new(fact))
}

fn history() -> Vec<Event> {
    let (estimated, billed) = (Basis::Estimated, Basis::Billed);
    let unpriced = Unpriced { unit: "slots".to_owned(), quantity: Quantity::new(3, 500_000), count: 2 };
    let first = recorded(
        "data",
        vec![entry(1, estimated, 1, "EUR", 10), entry(2, billed, 2_000_000, "EUR", 11)],
        vec![unpriced],
    );
    let budget = Budget {
        micros: 5_000_000,
        currency: "EUR".parse().unwrap(),
        period: Period::Month,
        timezone: "UTC".to_owned(),
        alert_at: vec![100],
        enforce: false,
    };
    let set =
        |owner: &str, budget| cost(CostEvent::BudgetSet(BudgetSet { owner: owner.to_owned(), budget, at: at(1) }));
    let began = BudgetPeriodBegan { of: BudgetOf::Owner("data".to_owned()), from: at(1), to: at(100 * DAY), at: at(1) };
    vec![
        pipeline(1, 0),
        cost(CostEvent::PricesSet(PricesSet { version: 3, prices: Vec::new(), at: at(1) })),
        set("data", Some(budget.clone())),
        set("gone", Some(budget)),
        set("gone", None),
        cost(CostEvent::BudgetPeriodBegan(began)),
        first.clone(),
        // The log may hold an entry twice, though the core writes none so: it counts once.
        first,
        recorded(
            "science",
            vec![entry(3, estimated, 500_000, "EUR", 40), entry(4, estimated, 7, "USD", 40)],
            Vec::new(),
        ),
        recorded("data", vec![entry(5, billed, -3_000_000, "EUR", 11)], Vec::new()),
    ]
}

async fn service(folder: &std::path::Path) -> (Service, Option<wire::Position>) {
    let log = log("costs");
    append(&log, history()).await;
    let service = Service::over(&log, folder).await;
    let tail = end(&log).await;
    (service, tail)
}

fn by(groups: &[CostGroup], filter: wire::CostFilter, at_least: Option<wire::Position>) -> wire::GetCostRequest {
    wire::GetCostRequest { by: groups.iter().map(|group| *group as i32).collect(), filter: Some(filter), at_least }
}

/// `what currency: estimated + billed = total (entries)`
fn lines(answer: &wire::GetCostResponse) -> Vec<String> {
    let line = |sum: &wire::CostSum| {
        let what = [&sum.since, &sum.pipeline, &sum.owner, &sum.unit];
        let what: Vec<&str> = what.into_iter().map(String::as_str).filter(|text| !text.is_empty()).collect();
        let (estimated, billed, total) = (&sum.estimated, &sum.billed, &sum.total);
        format!("{} {}: {estimated} + {billed} = {total} ({})", what.join(" "), sum.currency, sum.entries)
    };
    answer.sums.iter().map(line).collect()
}

#[tokio::test]
async fn sums_are_of_whatever_somebody_asks_for_and_never_of_two_currencies() {
    let folder = tempfile::tempdir().unwrap();
    let (mut service, tail) = service(folder.path()).await;
    let all = wire::CostFilter::default();
    let owner = |owner: &str| wire::CostFilter { owner: owner.to_owned(), ..wire::CostFilter::default() };
    let time = |from: i64, to: i64| wire::CostFilter {
        from: from * DAY * 1_000_000,
        to: to * DAY * 1_000_000,
        ..wire::CostFilter::default()
    };
    let cases: [(&[CostGroup], wire::CostFilter, &[&str]); 7] = [
        (&[], all.clone(), &[" EUR: 500001 + -1000000 = -499999 (4)", " USD: 7 + 0 = 7 (1)"]),
        (&[CostGroup::Owner], owner("data"), &["data EUR: 1 + -1000000 = -999999 (3)"]),
        (
            &[CostGroup::Unit, CostGroup::Day],
            owner("data"),
            &[
                "1970-01-11 tokens EUR: 1 + 0 = 1 (1)",
                "1970-01-12 credits EUR: 0 + 2000000 = 2000000 (1)",
                "1970-01-12 tokens EUR: 0 + -3000000 = -3000000 (1)",
            ],
        ),
        (&[CostGroup::Month], time(0, 20), &["1970-01-01 EUR: 1 + -1000000 = -999999 (3)"]),
        (
            &[CostGroup::Week],
            time(20, 0),
            &["1970-02-09 EUR: 500000 + 0 = 500000 (1)", "1970-02-09 USD: 7 + 0 = 7 (1)"],
        ),
        (&[], time(11, 12), &[" EUR: 0 + -1000000 = -1000000 (2)"]),
        (&[], wire::CostFilter { currency: "GBP".to_owned(), ..all }, &[]),
    ];
    for (groups, filter, expected) in cases {
        let answer = service.costs.get_cost(by(groups, filter.clone(), tail.clone())).await.unwrap().into_inner();
        assert_eq!(lines(&answer), expected, "{groups:?} {filter:?}");
        assert_eq!(answer.unpriced.len(), 1);
        assert_eq!((answer.unpriced[0].quantity.as_str(), answer.unpriced[0].count), ("3500000", 2));
    }
    let verified = service.costs.verify_ledger(wire::VerifyLedgerRequest::default()).await.unwrap().into_inner();
    assert_eq!((verified.entries, verified.differences), (5, Vec::<String>::new()));
    service.stop().await;
}

#[tokio::test]
async fn entries_come_in_pages_and_budgets_and_prices_whole() {
    let folder = tempfile::tempdir().unwrap();
    let (mut service, tail) = service(folder.path()).await;
    let (mut request, mut found) = (wire::ListCostEntriesRequest::default(), Vec::new());
    (request.at_least, request.page_size) = (tail.clone(), 2);
    request.filter = Some(wire::CostFilter { to: 40 * DAY * 1_000_000 + 4_000_000, ..wire::CostFilter::default() });
    loop {
        let page = service.costs.list_cost_entries(request.clone()).await.unwrap().into_inner();
        assert!(page.entries.len() <= 2);
        found.extend(page.entries.into_iter().map(|line| line.entry.unwrap().micros));
        if page.next_page_token.is_empty() {
            break;
        }
        request.page_token = page.next_page_token;
    }
    assert_eq!(found, [500_000, -3_000_000, 2_000_000, 1], "those used last first, without the one at `to`");

    let budgets = service.costs.list_budgets(wire::ListBudgetsRequest::default()).await.unwrap().into_inner().budgets;
    let told: Vec<_> = budgets.iter().map(|it| (it.owner.as_str(), it.spent.as_str())).collect();
    assert_eq!(told, [("data", "-999999")]);
    let prices = service.costs.get_prices(wire::GetPricesRequest::default()).await.unwrap().into_inner().prices;
    assert_eq!(prices.unwrap().version, 3);
    service.stop().await;
}

#[tokio::test]
async fn questions_that_make_no_sense_are_refused_with_words() {
    let folder = tempfile::tempdir().unwrap();
    let (mut service, _) = service(folder.path()).await;
    let all = wire::CostFilter::default();
    let cases = [
        (vec![99], all.clone(), Code::InvalidArgument, "99 is no group"),
        (vec![CostGroup::Day as i32, CostGroup::Week as i32], all.clone(), Code::InvalidArgument, "at most one of day"),
        (vec![], wire::CostFilter { currency: "eur".to_owned(), ..all.clone() }, Code::InvalidArgument, "no currency"),
        (vec![], wire::CostFilter { from: 2, to: 1, ..all.clone() }, Code::InvalidArgument, "must be before"),
        (
            vec![],
            wire::CostFilter { pipeline: "nobody".to_owned(), ..all.clone() },
            Code::NotFound,
            "no pipeline `nobody`",
        ),
        (vec![], wire::CostFilter { task: "x".repeat(5_000), ..all }, Code::InvalidArgument, "more than"),
    ];
    for (by, filter, code, words) in cases {
        let request = wire::GetCostRequest { by, filter: Some(filter), at_least: None };
        let refused = service.costs.get_cost(request).await.unwrap_err();
        assert_eq!(refused.code(), code, "{words}");
        assert!(refused.message().contains(words), "{}", refused.message());
    }
    service.stop().await;
}

/// Many entries of many kinds, over three years around the epoch.
fn many() -> Vec<Event> {
    let mut dice = 7_u64;
    let mut roll = |below: u64| {
        dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (dice >> 33) % below
    };
    let mut events = vec![pipeline(1, 0)];
    for number in 0..600_u32 {
        let mut one = entry(1, Basis::Estimated, roll(1_000) as i64 - 300, "EUR", roll(1_095) as i64 - 365);
        let mut id = [0; 16];
        id[..4].copy_from_slice(&number.to_be_bytes());
        one.id = CostId(id);
        one.asset = format!("asset-{}", roll(5));
        one.unit = format!("unit-{}", roll(3));
        if roll(3) == 0 {
            (one.basis, one.currency) = (Basis::Billed, "USD".parse().unwrap());
        }
        let origin = Origin {
            pipeline: (roll(2) == 0).then(pipeline_id),
            task: format!("task-{}", roll(4)),
            owner: format!("owner-{}", roll(3)),
            integration: format!("INTEGRATION_{}", roll(2)),
            ..Origin::default()
        };
        let (entries, unpriced) = (vec![one], Vec::new());
        events.push(cost(CostEvent::CostRecorded(CostRecorded { origin, prices: 1, entries, unpriced, at: at(1) })));
    }
    events
}

/// Sums without the time, by everything else.
fn without_time(answer: wire::GetCostResponse) -> std::collections::BTreeMap<String, (i128, u64)> {
    let mut sums = std::collections::BTreeMap::new();
    for sum in answer.sums {
        let what = [&sum.pipeline_id, &sum.task, &sum.asset, &sum.owner, &sum.unit, &sum.integration, &sum.currency];
        let what = what.map(String::as_str).join(" ");
        let entry: &mut (i128, u64) = sums.entry(what).or_default();
        entry.0 += sum.total.parse::<i128>().unwrap();
        entry.1 += sum.entries;
    }
    sums
}

#[tokio::test]
async fn what_is_added_up_from_months_is_what_days_add_up_to() {
    let folder = tempfile::tempdir().unwrap();
    let log = log("months");
    for events in many().chunks(50) {
        append(&log, events.to_vec()).await;
    }
    let mut service = Service::over(&log, folder.path()).await;
    let tail = end(&log).await;
    let of = |text: &str| text.to_owned();
    let micros = |date: &str| format!("{date}T00:00:00Z").parse::<Timestamp>().unwrap().as_microsecond();
    let filters = [
        wire::CostFilter::default(),
        wire::CostFilter { task: of("task-1"), ..Default::default() },
        wire::CostFilter { asset: of("asset-2"), currency: of("USD"), ..Default::default() },
        wire::CostFilter { owner: of("owner-0"), ..Default::default() },
        wire::CostFilter { pipeline: of("weather"), ..Default::default() },
        wire::CostFilter { from: micros("1969-11-01"), to: micros("1971-02-01"), ..Default::default() },
        wire::CostFilter { from: micros("1970-03-05"), to: micros("1970-03-20"), ..Default::default() },
        wire::CostFilter { to: micros("1970-06-01"), unit: of("unit-1"), ..Default::default() },
    ];
    let groups = [
        CostGroup::Pipeline,
        CostGroup::Task,
        CostGroup::Asset,
        CostGroup::Owner,
        CostGroup::Unit,
        CostGroup::Integration,
    ];
    let mut compared = 0;
    for filter in filters {
        for places in 0..1_u32 << groups.len() {
            let chosen = groups.iter().enumerate().filter(|(place, _)| places >> place & 1 == 1);
            let chosen: Vec<CostGroup> = chosen.map(|(_, group)| *group).collect();
            let mut answers = Vec::new();
            for time in [CostGroup::Day, CostGroup::Month] {
                let groups = [chosen.as_slice(), &[time]].concat();
                let request = by(&groups, filter.clone(), tail.clone());
                answers.push(service.costs.get_cost(request).await.unwrap().into_inner());
            }
            let whole = service.costs.get_cost(by(&chosen, filter.clone(), None)).await.unwrap().into_inner();
            let [days, months]: [wire::GetCostResponse; 2] = answers.try_into().unwrap();
            let mut by_month = std::collections::BTreeMap::new();
            for sum in &days.sums {
                *by_month.entry(sum.since[..7].to_owned()).or_insert(0) += sum.total.parse::<i128>().unwrap();
            }
            let mut told = std::collections::BTreeMap::new();
            for sum in &months.sums {
                assert!(sum.since.ends_with("-01"), "{}", sum.since);
                *told.entry(sum.since[..7].to_owned()).or_insert(0) += sum.total.parse::<i128>().unwrap();
            }
            assert_eq!(told, by_month, "{chosen:?} {filter:?}");
            let days = without_time(days);
            assert!(!days.is_empty(), "{chosen:?} {filter:?}");
            assert_eq!(without_time(months), days, "{chosen:?} {filter:?}");
            assert_eq!(without_time(whole), days, "{chosen:?} {filter:?}");
            compared += 1;
        }
    }
    assert_eq!(compared, 8 * 64);
    let verified = service.costs.verify_ledger(wire::VerifyLedgerRequest::default()).await.unwrap().into_inner();
    assert_eq!((verified.entries, verified.differences), (600, Vec::<String>::new()));
    service.stop().await;
}
