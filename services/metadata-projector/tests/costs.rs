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
