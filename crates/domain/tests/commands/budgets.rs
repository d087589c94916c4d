//! Budgets: what is spent in a period, what is told of it, and runs that wait for it.

use downbeat_domain::{
    Command,
    cost::{Bill, Budget, CostCommand, Origin, Period, read_amount},
    effects,
};

use crate::{
    costs::{bill, price, prices, record, used},
    world::{Step, World, after, given, instant, lease, pipe, pipeline, start, started, succeeded, task},
};

fn body(budget: &str, more: &str) -> String {
    format!("meta: {{downbeat: {{owner: data, budget: {{{budget}}}}}}}\n{more}{}", pipe(&[task("a", "")]))
}

const DAILY: &str = "amount: '10.00', currency: EUR, period: day, alert_at: [80, 100], enforce: true";

fn spend(id: &str, amount: &str) -> Step {
    record(vec![of_pipeline(bill(id, amount, "EUR"))])
}

fn of_pipeline(bill: Bill) -> Bill {
    Bill { origin: Origin { pipeline: Some(pipeline()), owner: "data".to_owned(), ..Origin::default() }, ..bill }
}

fn owner_budget(owner: &str, amount: Option<&str>, enforce: bool) -> Step {
    let budget = amount.map(|amount| Budget {
        micros: read_amount(amount).unwrap(),
        currency: "EUR".parse().unwrap(),
        period: Period::Week,
        timezone: "UTC".to_owned(),
        alert_at: vec![100],
        enforce,
    });
    Step::Do(Command::Cost(CostCommand::SetBudget { owner: owner.to_owned(), budget }))
}

fn wake_budgets() -> Step {
    Step::Do(Command::Cost(CostCommand::WakeBudgets))
}

fn release() -> Step {
    Step::Do(Command::Cost(CostCommand::ReleaseRun(crate::world::RUN)))
}

fn spent() -> World {
    given(&body(DAILY, "")).after([spend("q", "10.00")])
}

#[test]
fn each_part_is_crossed_once_per_period() {
    let world = given(&body("amount: '10.00', currency: EUR, period: day, alert_at: [50, 80, 100]", ""));
    let world = world.when(spend("q1", "8.00")).then([
        "BudgetPeriodBegan pipeline 2025-06-15T00:00:00Z",
        "CostRecorded data/: BILLED 1 credits costs 8.00 EUR",
        "BudgetCrossed pipeline 50 %: 8.00 of 10.00",
        "BudgetCrossed pipeline 80 %: 8.00 of 10.00",
    ]);
    let world = world.when(spend("q2", "1.99")).then(["CostRecorded data/: BILLED 1 credits costs 1.99 EUR"]);
    let world = world
        .when(spend("q3", "0.01"))
        .then(["CostRecorded data/: BILLED 1 credits costs 0.01 EUR", "BudgetCrossed pipeline 100 %: 10.00 of 10.00"]);
    // Less after all, and more again: it was told.
    let world = world.after([spend("q1", "1.00")]);
    let world = world.when(spend("q1", "9.00")).then(["CostRecorded data/: BILLED 1 credits corrects 8.00 EUR"]);
    // The next day counts from nothing; what is of the day before counts for no day any more.
    let mut next = of_pipeline(bill("q4", "5.00", "EUR"));
    next.incurred_at = instant(86_400);
    let world = world.after([after(86_400)]).when(record(vec![next])).then([
        "BudgetPeriodBegan pipeline 2025-06-16T00:00:00Z",
        "CostRecorded data/: BILLED 1 credits costs 5.00 EUR",
        "BudgetCrossed pipeline 50 %: 5.00 of 10.00",
    ]);
    world.when(spend("late", "100.00")).then(["CostRecorded data/: BILLED 1 credits costs 100.00 EUR"]);
}

#[test]
fn several_bills_of_one_command_follow_each_other() {
    let bills = ["1", "2", "3"].map(|id| of_pipeline(bill(id, "4.00", "EUR")));
    given(&body(DAILY, "")).when(record(bills.to_vec())).then([
        "BudgetPeriodBegan pipeline 2025-06-15T00:00:00Z",
        "CostRecorded data/: BILLED 1 credits costs 4.00 EUR",
        "CostRecorded data/: BILLED 1 credits costs 4.00 EUR",
        "BudgetCrossed pipeline 80 %: 8.00 of 10.00",
        "CostRecorded data/: BILLED 1 credits costs 4.00 EUR",
        "BudgetCrossed pipeline 100 %: 12.00 of 10.00",
    ]);
}

#[test]
fn other_money_counts_for_no_budget() {
    let dollars = of_pipeline(bill("q", "99.00", "USD"));
    let world = given(&body(DAILY, "")).when(record(vec![dollars]));
    world.then(["CostRecorded data/: BILLED 1 credits costs 99.00 USD"]);
}

#[test]
fn owners_have_budgets_of_their_own() {
    let world = given(&body(DAILY, "")).when(owner_budget("data", Some("5.00"), false)).then(["BudgetSet data true"]);
    let world = world.when(owner_budget("data", Some("5.00"), false)).then([]);
    let world = world.when(spend("q", "5.00")).then([
        "BudgetPeriodBegan pipeline 2025-06-15T00:00:00Z",
        "BudgetPeriodBegan data 2025-06-09T00:00:00Z",
        "CostRecorded data/: BILLED 1 credits costs 5.00 EUR",
        "BudgetCrossed data 100 %: 5.00 of 5.00",
    ]);
    world.when(owner_budget("data", None, false)).then(["BudgetSet data false"]);
    let world = given(&body(DAILY, ""));
    world.when(owner_budget("", Some("1.00"), false)).refused("an owner takes 1 to 200 bytes");
}

#[test]
fn a_run_of_a_spent_budget_waits_until_the_period_ends() {
    let world = spent().when(start()).then([
        "RunCreated of version 1",
        "RunQueued: the budget of its pipeline is spent: 10.00 of 10.00 EUR this day, which ends 2025-06-16T00:00:00Z",
    ]);
    let due = effects::next_deadline_of(&world.partition).unwrap();
    assert_eq!(due.to_string(), "2025-06-16T00:00:00Z");
    let world = world.when(wake_budgets()).then([]);
    let wait = due.duration_since(world.now).as_secs();
    let world = world.after([after(wait)]).when(wake_budgets());
    world.then(["BudgetPeriodBegan pipeline 2025-06-16T00:00:00Z", "RunAdmitted", "TaskReady a"]);
}

#[test]
fn runs_that_are_live_go_on() {
    let world = given(&body(DAILY, "")).after([
        prices(vec![price("1.00", "EUR", 1, "credits")]),
        start(),
        lease("a"),
        started("a", 1),
        used(0, &[("50", "credits")]),
    ]);
    world.when(succeeded("a", 1)).then(["AttemptSucceeded a#1 SUCCEEDED", "RunFinished SUCCEEDED"]);
}

#[test]
fn who_waits_goes_when_the_budget_is_raised_taken_away_or_not_spent_after_all() {
    let raised = DAILY.replace("10.00", "20.00");
    let applied = |budget: &str| crate::world::apply(&body(budget, ""));
    let free = crate::world::apply(&pipe(&[task("a", "")]));
    let alone = DAILY.replace("enforce: true", "enforce: false");
    for release in [applied(&raised), applied(&alone), free, spend("q", "9.99"), release()] {
        let world = spent().after([start()]);
        assert!(!world.partition.runs[&crate::world::RUN].admitted);
        let world = world.after([release.clone()]);
        assert!(world.partition.runs[&crate::world::RUN].admitted, "{release:?}");
    }
}

#[test]
fn a_budget_of_an_owner_holds_all_their_pipelines() {
    let world = given(&body("amount: '100.00', currency: EUR, period: day", "")).and("other", &pipe(&[task("b", "")]));
    let world = world.after([owner_budget("data", Some("5.00"), true), spend("q", "5.00"), start()]);
    assert!(!world.partition.runs[&crate::world::RUN].admitted);
    let other = Step::Start(crate::world::start_pipeline("other"));
    let world = world.when(other.of("2")).then(["2: RunCreated of version 1", "2: TaskReady b"]);
    let world = world.when(owner_budget("data", None, false));
    world.then(["BudgetSet data false", "RunAdmitted", "TaskReady a"]);
}

#[test]
fn who_is_let_go_by_hand_still_waits_for_others() {
    let limited = "configuration: {concurrency: {max_active: 1, on_limit: QUEUE}}\n";
    let world = given(&body(DAILY, limited)).after([start().of("1"), spend("q", "10.00"), start()]);
    let world = world.when(release()).refused("also waits for others");
    let world = world.after([lease("a").of("1"), succeeded("a", 1).of("1")]);
    let world = world.when(release()).then(["RunAdmitted", "TaskReady a"]);
    world.when(release()).then([]);
}

const TELLING: &str = "alerts:
  - name: bad
    statuses: [FAILED]
    destinations: [{integration: SLACK, destination: '#data'}, {integration: WEBHOOK, destination: '/${{ inputs.day }}'}]
    custom_message: look at it
    max_live_alerts: 1
  - {name: good, statuses: [SUCCEEDED], destinations: [{integration: SLACK, destination: '#good'}]}
";

/// What is owed to whom, one line each.
fn owed(world: &World) -> Vec<String> {
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let mut lines: Vec<String> = world
        .partition
        .alerts
        .owed
        .values()
        .map(|owed| {
            let content = &owed.alert.content;
            let (status, to) = (text(&content["status"]), text(&content["destination"]));
            let message = text(&content["detail"]["message"]);
            format!(
                "{} {} {to} {status} {}: {message}",
                owed.alert.name,
                owed.alert.integration,
                text(&content["event_type"])
            )
        })
        .collect();
    lines.sort_unstable();
    lines
}

#[test]
fn whoever_is_told_of_bad_ends_is_told_of_a_crossed_budget_too() {
    let world = given(&body("amount: '10.00', currency: EUR, period: day, alert_at: [80, 100]", TELLING));
    let world = world.after([spend("q1", "8.00")]);
    let until = "it lasts until 2025-06-16T00:00:00Z";
    let told = |percent: u32, spent: &str, status: &str| {
        let name = &world.partition.pipelines[&pipeline()].name;
        let message = format!("{percent} % of the budget of pipeline {name} is spent: {spent} of 10.00 EUR; {until}");
        // An expression that needs a run is shown as it is written.
        [("SLACK", "#data"), ("WEBHOOK", "/${{ inputs.day }}")]
            .map(|(channel, to)| format!("bad {channel} {to} {status} BUDGET_CROSSED: {message}"))
    };
    let first = told(80, "8.00", "WARNING");
    let both = [told(100, "10.00", "FAILED"), first.clone()];
    assert_eq!(owed(&world), first);
    assert!(world.partition.pipelines[&pipeline()].alerts.live.is_empty(), "nothing closes it, so it is not live");
    // Although one may be live at most, the next part is told too.
    let world = world.after([spend("q2", "2.00")]);
    let mut both: Vec<String> = both.concat();
    both.sort_unstable();
    assert_eq!(owed(&world), both);
    // What was told is not told again.
    assert_eq!(owed(&world.after([spend("q3", "5.00")])), both);
}

#[test]
fn a_budget_of_an_owner_is_told_where_the_pipeline_that_spent_it_tells() {
    let world = given(&body(DAILY, TELLING)).after([owner_budget("data", Some("5.00"), false), spend("q", "5.00")]);
    let told = owed(&world);
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told[0].contains("100 % of the budget of owner data is spent: 5.00 of 5.00 EUR"), "{told:?}");
    // A bill of no pipeline is told nowhere.
    let bill = Bill { origin: Origin { owner: "data".to_owned(), ..Origin::default() }, ..bill("b", "5.00", "EUR") };
    let world = given(&body(DAILY, TELLING)).after([owner_budget("data", Some("5.00"), false), record(vec![bill])]);
    assert_eq!(owed(&world), Vec::<String>::new());
}
