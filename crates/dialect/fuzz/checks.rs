//! What holds for any input at all. The fuzz targets run it on inputs that they make up, a test on those that were kept.

use downbeat_dialect::{
    Value,
    cron::{Cron, Dst},
    decode,
    expression::{Expression, Names, OrchestraName, TaskView, Template},
    parse,
};
use jiff::{Timestamp, tz::TimeZoneDatabase};

/// Any bytes as a document: an answer, the same again, with places inside the text.
pub fn document(bytes: &[u8]) {
    let source = match decode(bytes) {
        Ok(source) => source,
        Err(fault) => {
            assert!(!fault.render("f", &String::from_utf8_lossy(bytes)).is_empty());
            return;
        }
    };
    let parsed = parse(source);
    for found in &parsed.diagnostics {
        assert!(found.span.start <= found.span.end && found.span.end <= source.len(), "{found:?}");
        assert!(source.is_char_boundary(found.span.start) && source.is_char_boundary(found.span.end), "{found:?}");
        assert!(!found.render("f", source).is_empty());
    }
    assert_eq!(parsed, parse(source));
}

/// A run in which every name has some value.
struct Run;

impl Names for Run {
    fn env(&self, name: &str) -> Option<Value> {
        Some(Value::from(name))
    }
    fn input(&self, name: &str) -> Option<Value> {
        Some(Value::from(vec![Value::from(name.len()), Value::from(-1.5), Value::Null, Value::from(vec![true])]))
    }
    fn orchestra(&self, _: OrchestraName) -> Option<Value> {
        Some(Value::from("2024-10-29T12:01:02.123456"))
    }
    fn task(&self, id: &str) -> Option<TaskView> {
        let outputs = [("rows".to_owned(), Value::from(i64::MAX))].into_iter().collect();
        let (status, task_run_id) = ("SUCCEEDED".to_owned(), id.to_owned());
        Some(TaskView { status, outputs, run_parameters: Value::Null, task_run_id })
    }
    fn task_group(&self, id: &str) -> Option<Vec<TaskView>> {
        Some(self.task(id).into_iter().collect())
    }
}

/// Any text as an expression and as a template: a value or an error inside the text.
pub fn expression(text: &str) {
    match Expression::parse(text) {
        Ok(expression) => {
            for (_, range) in expression.located_references() {
                assert!(text.get(range.clone()).is_some(), "{range:?}");
            }
            for names in [&Run as &dyn Names, &()] {
                if let Err(error) = expression.evaluate(names) {
                    assert!(text.get(error.span.clone()).is_some(), "{error:?}");
                }
            }
        }
        Err(error) => assert!(text.get(error.span.clone()).is_some(), "{error:?}"),
    }
    match Template::parse(text) {
        Ok(template) => drop(template.render(&Run)),
        Err(error) => assert!(text.get(error.span.clone()).is_some(), "{error:?}"),
    }
}

/// Any text as a cron expression: a fault inside the text, or firings that never run backwards.
pub fn cron(text: &str) {
    for read in [Cron::parse, Cron::parse_unix] {
        match read(text) {
            Err(error) => assert!(text.get(error.span.clone()).is_some(), "{error:?}"),
            Ok(cron) => {
                assert_eq!(read(&cron.to_string()).as_ref(), Ok(&cron));
                assert!(!cron.describe().is_empty());
                firings(&cron, text);
            }
        }
    }
}

fn firings(cron: &Cron, text: &str) {
    // Every text lands on another instant, before and after changes of the clock.
    let second = text.bytes().fold(1_700_000_000_i64, |second, byte| second + i64::from(byte) * 40_000);
    let zone = TimeZoneDatabase::bundled().get("America/New_York").expect("the zone is bundled");
    let mut after = Timestamp::from_second(second).expect("the instant is inside the calendar");
    for _ in 0..4 {
        let Some(next) = cron.next_after(after, &zone, Dst::Vixie) else { break };
        assert!(next > after);
        after = next;
    }
    assert!(cron.can_fire() || cron.next_after(Timestamp::MIN, &zone, Dst::Vixie).is_none());
}
