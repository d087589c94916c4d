//! Additions that do nothing where they stand: limits without what they limit, fields of other jobs, durations of nothing.

use super::{Checker, additions, outline::Outline};
use crate::{
    Code, Diagnostic,
    yaml::{Entry, Kind, Node},
};

/// Additions of tasks that belong to one job of ORCHESTRA.
const OF_JOBS: [(&str, &str); 2] = [("wait", "TRIGGER_PIPELINE"), ("approval", "APPROVAL")];

impl Checker<'_> {
    pub(super) fn idle_additions(&mut self, root: &Node, outline: &Outline<'_>) {
        if let Some(ours) = additions::ours(root) {
            self.unlimited(root, ours);
            self.nothing(ours.entry("timeout"));
        }
        for task in outline.tasks() {
            let Some(ours) = additions::ours(task.node) else { continue };
            for (key, job) in OF_JOBS {
                self.of_another_job(task.node, ours.entry(key), job);
            }
            self.nothing(ours.get("approval").and_then(|approval| approval.entry("expires")));
            self.about_no_asset(ours);
        }
    }

    /// Lists of assets that say nothing: empty ones, and a task that reads only what it writes.
    fn about_no_asset(&mut self, ours: &Node) {
        let (reads, writes) = (ours.entry("reads"), ours.entry("writes"));
        for list in [reads, writes].into_iter().flatten() {
            if matches!(&list.value.kind, Kind::List(items) if items.is_empty()) {
                let message = format!("`{}` does nothing here: it names no asset", list.key);
                self.idle(list, &message, format!("name the assets, or leave `{}` out", list.key));
            }
        }
        let (Some(reads), Some(writes)) = (reads, writes) else { return };
        if let ([read], [written]) = (reads.value.items(), writes.value.items())
            && read.text().is_some()
            && read.text() == written.text()
        {
            let message = "`reads` does nothing here: nothing leads from an asset to itself";
            self.idle(reads, message, "leave `reads` out, or name what the asset is made of".to_owned());
        }
    }

    /// Runs are cancelled for a new one only where there may be too many.
    fn unlimited(&mut self, root: &Node, ours: &Node) {
        let Some(concurrency) = ours.entry("concurrency").filter(|_| additions::cancels_running(ours)) else { return };
        let limits = root.get("configuration").and_then(|configuration| configuration.get("concurrency"));
        let max_active = limits.and_then(|limits| limits.get("max_active"));
        if max_active.is_none_or(|limit| limit.kind == Kind::Integer(0)) {
            let help = "say how many runs may be live: `configuration: {concurrency: {max_active: 1}}`";
            self.idle(concurrency, "`concurrency` does nothing here: there is no limit to reach", help.to_owned());
        }
    }

    fn of_another_job(&mut self, task: &Node, addition: Option<&Entry>, job: &str) {
        let (Some(addition), Some(integration), Some(written)) =
            (addition, task.get_text("integration"), task.get_text("integration_job"))
        else {
            return;
        };
        if integration != "ORCHESTRA" || written != job {
            let message = format!("`{}` does nothing here: it belongs to the job `{job}` of ORCHESTRA", addition.key);
            self.idle(addition, &message, format!("leave `{}` out", addition.key));
        }
    }

    /// A duration of nothing is no limit.
    fn nothing(&mut self, addition: Option<&Entry>) {
        let Some(addition) = addition.filter(|entry| additions::milliseconds(&entry.value) == Some(0)) else { return };
        let message = format!("`{}` does nothing here: a duration of nothing is no limit", addition.key);
        self.idle(addition, &message, "give a duration such as `PT2H`, or leave it out".to_owned());
    }

    fn idle(&mut self, addition: &Entry, message: &str, help: String) {
        self.report(Diagnostic::warning(Code::IdleAddition, addition.key_span, message).with_help(help));
    }
}
