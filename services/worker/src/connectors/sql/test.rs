//! `*_RUN_TEST`: a query that may only look, and what its thresholds make of the number that it finds.
//!
//! The number is the value of a result that is one number (`SELECT count(*) ...`), and the number of rows of any other result.

use async_trait::async_trait;
use serde_json::{Number, Value};

use super::{Server, Started, Wanted, check_stop, until_stopped};
use crate::about::About;
use crate::attempt::{Collection, Ended, Ending, Failure};
use crate::connectors::{Connector, Step, Task, parameters, unless_stopped};
use crate::sql::{rows::Rows, threshold::Threshold};

/// More than one row of which is not one number.
const ROWS_KEPT: usize = 2;

#[derive(Debug)]
pub(super) struct RunTest {
    pub(super) job: &'static str,
    pub(super) server: Server,
}

/// When the number of a test is an error, and when it is a warning.
pub(in crate::connectors) struct Thresholds {
    error: Threshold,
    warn: Threshold,
}

#[async_trait]
impl Connector for RunTest {
    fn job(&self) -> (&str, &str) {
        (self.server.sql.integration(), self.job)
    }

    fn about(&self) -> About {
        About {
            by_manifest: false,
            tested: self.server.sql.tested(),
            after_a_loss: "looks again",
            collects: "TEST with the number found".to_owned(),
        }
    }

    fn needs_connection(&self) -> bool {
        true
    }

    async fn run(&self, task: &Task) -> Ended {
        let (thresholds, wanted) = match self.prepare(task).await {
            Ok(prepared) => prepared,
            Err(ending) => return ending.into(),
        };
        wanted.show(task).await;
        let started = Started::now();
        let (ending, found) = match self.look(task, &wanted).await {
            Ok(found) => (thresholds.judge(&found.number, &found.words()), Some(found)),
            Err(ending) => (ending, None),
        };
        let mut operation = started.operation(&wanted, "TEST", &ending);
        operation.failures = found.and_then(|found| found.number.as_i64()).unwrap_or(-1);
        Ended { ending, collection: Collection { operations: vec![operation], ..Collection::default() } }
    }
}

impl RunTest {
    async fn prepare(&self, task: &Task) -> Step<(Thresholds, Wanted)> {
        let thresholds = Thresholds::read(task)?;
        let wanted = self.server.read(task).await?;
        check_stop(task)?;
        Ok((thresholds, wanted))
    }

    async fn look(&self, task: &Task, wanted: &Wanted) -> Step<Found> {
        let visit = wanted.visit(task, "test");
        let connected = unless_stopped(&task.stop, self.server.sql.connect(&wanted.connection, &visit)).await?;
        let mut session = connected.map_err(|failure| wanted.hide(failure))?;
        let mut rows = Rows::at_most(ROWS_KEPT);
        let canceller = session.canceller();
        let looked = until_stopped(task, canceller.as_ref(), session.look(&wanted.statement, &mut rows, true)).await;
        let looked = looked.map_err(Ending::Unconfirmed)?;
        match looked {
            Ok(total) => {
                session.close().await;
                Ok(Found::of(&rows, total.unwrap_or(rows.seen)))
            }
            Err(_) if task.stop.asked() => Err(Ending::Stopped),
            Err(failure) => Err(wanted.hide(failure).into()),
        }
    }
}

/// What a test found.
#[derive(Debug)]
struct Found {
    number: Number,
    /// It is a number of rows.
    counted: bool,
}

impl Found {
    fn of(rows: &Rows, total: u64) -> Self {
        match rows.single() {
            Some(Value::Number(number)) if total == 1 => Self { number: number.clone(), counted: false },
            _ => Self { number: total.into(), counted: true },
        }
    }

    fn words(&self) -> String {
        if self.counted {
            format!("the query brought {} rows", self.number)
        } else {
            format!("the query says {}", self.number)
        }
    }
}

impl Thresholds {
    pub(in crate::connectors) fn read(task: &Task) -> Result<Self, Failure> {
        let error = threshold(task, "error_threshold_expression")?;
        Ok(Self { error, warn: threshold(task, "warn_threshold_expression")? })
    }

    /// How a test ends that found this number. `words`: the number, said to people.
    pub(in crate::connectors) fn judge(&self, number: &Number, words: &str) -> Ending {
        if self.error.holds(number) {
            return Failure::job(format!("{words}, which is {} (error_threshold_expression)", self.error)).into();
        }
        let warning = self.warn.holds(number);
        let message = match warning {
            true => format!("{words}, which is {} (warn_threshold_expression)", self.warn),
            false => words.to_owned(),
        };
        Ending::Succeeded { warning, outputs: String::new(), message }
    }
}

fn threshold(task: &Task, name: &str) -> Result<Threshold, Failure> {
    let text = parameters::text(&task.parameters, name).unwrap_or_else(|| "> 0".to_owned());
    Threshold::read(name, &text)
}
