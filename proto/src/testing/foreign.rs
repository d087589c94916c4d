//! Random reports of other systems.

use std::sync::Arc;

use downbeat_domain::{
    Command,
    foreign::{ForeignJob, ForeignRun, ReportLineage, Said},
};

pub(super) fn report(detail: u8) -> Command {
    let job = ForeignJob { namespace: "airflow".to_owned(), name: format!("dag.task{}", detail % 3) };
    let run = ForeignRun { id: [detail; 16], state: "COMPLETE".to_owned(), parent: None, root: None };
    let said = Said { identity: [detail; 16], job: Some(job), run: Some(run), ..Said::default() };
    Command::ReportLineage(Box::new(ReportLineage {
        said,
        part: u32::from(detail % 2),
        collected: Arc::new(super::assets::collected(detail)),
    }))
}
