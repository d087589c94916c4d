//! Time and instructions of what everybody waits for: a document read, checked and resolved; a condition read and evaluated; the
//! next firing of a schedule.
//!
//! `cargo bench -p downbeat-dialect`. Instructions are counted by valgrind, where it is installed: they are the same on every
//! machine of a kind, however busy, so two of them can be compared where two times cannot.
#![allow(missing_docs)]

use std::{fmt::Write as _, hint::black_box, process::Command, time::Duration, time::Instant};

use downbeat_dialect::{
    Value,
    cron::{Cron, Dst},
    expression::{Expression, Names, TaskView},
    parse,
};
use jiff::{Timestamp, tz::TimeZoneDatabase};

/// How long each case is timed.
const TIME: Duration = Duration::from_secs(2);

struct Case {
    name: &'static str,
    budget: &'static str,
    run: Box<dyn Fn()>,
}

/// A run with one group that went well.
struct Run;

impl Names for Run {
    fn input(&self, _: &str) -> Option<Value> {
        Some(Value::from("full"))
    }
    fn task_group(&self, _: &str) -> Option<Vec<TaskView>> {
        let (outputs, run_parameters) = (serde_json::Map::new(), Value::Null);
        let task =
            TaskView { status: "SUCCEEDED".to_owned(), outputs, run_parameters, task_run_id: "a-task-run".to_owned() };
        Some(vec![task.clone(), task.clone(), task])
    }
}

fn cases() -> Vec<Case> {
    let [small, large] = [50, 1000].map(document);
    let text = "task_groups['load'].all().status in ['SUCCEEDED', 'WARNING'] and inputs.mode == 'full'";
    let condition = Expression::parse(text).expect("the condition can be read");
    let cron = Cron::parse("30 7 ? * MON-FRI *").expect("the cron can be read");
    let zone = TimeZoneDatabase::bundled().get("Europe/London").expect("the zone is bundled");
    let case = |name, budget, run: Box<dyn Fn()>| Case { name, budget, run };
    vec![
        case("parse 50 tasks", "1 ms", Box::new(move || drop(black_box(parse(&small))))),
        case("parse 1,000 tasks", "15 ms", Box::new(move || drop(black_box(parse(&large))))),
        case("parse a condition", "-", Box::new(move || drop(black_box(Expression::parse(text))))),
        case("evaluate a condition", "5 us", Box::new(move || drop(black_box(condition.evaluate(&Run))))),
        case(
            "next firing",
            "-",
            Box::new(move || {
                black_box(cron.next_after(black_box(Timestamp::UNIX_EPOCH), &zone, Dst::Vixie));
            }),
        ),
    ]
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if let [_, mode, case, times] = arguments.as_slice()
        && mode == "--run"
    {
        let case = &cases()[case.parse::<usize>().expect("the number of a case")];
        (0..times.parse::<u32>().expect("a number of times")).for_each(|_| (case.run)());
        return;
    }
    println!("{:<22}{:>12}{:>16}{:>10}", "case", "median", "instructions", "budget");
    for (number, case) in cases().iter().enumerate() {
        let instructions = instructions(number).map_or("-".to_owned(), |count| count.to_string());
        println!("{:<22}{:>12}{instructions:>16}{:>10}", case.name, format!("{:.2?}", median(&case.run)), case.budget);
    }
}

fn median(run: &dyn Fn()) -> Duration {
    let start = Instant::now();
    let mut times = Vec::new();
    while start.elapsed() < TIME {
        let before = Instant::now();
        run();
        times.push(before.elapsed());
    }
    times.sort();
    times[times.len() / 2]
}

/// Instructions of one further run: what the start of the process costs is in both counts.
fn instructions(case: usize) -> Option<u64> {
    let count = |times: u64| {
        let program = std::env::current_exe().ok()?;
        let mut valgrind = Command::new("valgrind");
        valgrind.args(["--tool=callgrind", "--callgrind-out-file=/dev/null"]).arg(program);
        let output = valgrind.args(["--run", &case.to_string(), &times.to_string()]).output().ok()?;
        let report = String::from_utf8_lossy(&output.stderr).into_owned();
        report.lines().find_map(|line| line.split_once("Collected :")?.1.trim().parse::<u64>().ok())
    };
    // The first run also reads the catalogue.
    Some((count(6)?.checked_sub(count(1)?)?) / 5)
}

/// A pipeline like real ones: groups of five tasks, each with parameters, some with conditions and templates.
fn document(tasks: usize) -> String {
    let mut text =
        String::from("version: v1\nname: bench\ninputs:\n  day: {type: string, default: today}\npipeline:\n");
    for group in 0..tasks / 5 {
        let _ = writeln!(text, "  group-{group}:\n    name: Group {group}");
        if let Some(before) = group.checked_sub(1) {
            let all = format!("task_groups['group-{before}'].all().status in ['SUCCEEDED', 'WARNING']");
            let _ = writeln!(text, "    depends_on: [group-{before}]\n    condition: ${{{{ {all} }}}}");
        }
        text.push_str("    tasks:\n");
        for task in 0..5 {
            let (integration, job, parameters) = match task % 3 {
                0 => ("PYTHON", "PYTHON_EXECUTE_SCRIPT", "command: python load.py --day ${{ inputs.day }}"),
                1 => ("DBT_CORE", "DBT_CORE_EXECUTE", "commands: dbt build --select tag:daily"),
                _ => ("SNOWFLAKE", "SNOWFLAKE_RUN_QUERY", "statement: select * from t where day = '${{ inputs.day }}'"),
            };
            let _ = writeln!(text, "      task-{group}-{task}:\n        integration: {integration}");
            let _ = writeln!(text, "        integration_job: {job}\n        parameters:\n          {parameters}");
            if let Some(before) = usize::checked_sub(task, 1) {
                let _ = writeln!(text, "        depends_on: [task-{group}-{before}]");
                let _ = writeln!(text, "        condition: tasks['task-{group}-{before}'].status == 'SUCCEEDED'");
            }
        }
    }
    assert!(parse(&text).diagnostics.is_empty(), "the document is taken without advice");
    text
}
