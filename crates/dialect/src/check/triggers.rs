//! Schedules, sensors and trigger events: cron expressions, zones, dates, and the inputs they must give.

use std::collections::BTreeSet;

use jiff::{civil::Date, tz::TimeZoneDatabase};

use super::{Checker, forms, inputs};
use crate::{
    Code, Diagnostic, Span,
    cron::Cron,
    suggest::did_you_mean,
    yaml::{Kind, Node},
};

impl Checker<'_> {
    pub(super) fn triggers(&mut self, root: &Node) {
        let required = inputs::required(root);
        for schedule in root.get("schedule").map_or(&[][..], Node::items) {
            self.clock(schedule);
            self.run_inputs(schedule, schedule.span, &given(schedule), &required, "schedule");
        }
        for sensor in root.get("sensors").map_or(&[][..], Node::entries) {
            self.clock(&sensor.value);
            let mut names = given(&sensor.value);
            for check in sensor.value.get("checks").map_or(&[][..], Node::entries) {
                let mapped = check.value.get("map_outputs").map_or(&[][..], Node::entries);
                names.extend(mapped.iter().map(|entry| entry.key.to_lowercase()));
            }
            self.run_inputs(&sensor.value, sensor.key_span, &names, &required, "sensor");
        }
        for event in root.get("trigger_events").map_or(&[][..], Node::items) {
            self.run_inputs(event, event.span, &given(event), &required, "trigger event");
        }
    }

    /// `cron`, `timezone` and `exclude` of a schedule or sensor.
    fn clock(&mut self, node: &Node) {
        if let Some(cron) = node.get("cron") {
            self.cron(cron);
        }
        if let Some(zone) = node.get("timezone")
            && let Some(name) = zone.text().filter(|text| !forms::is_open(text))
        {
            self.zone(zone, name);
        }
        for day in node.get("exclude").map_or(&[][..], Node::items) {
            let well_formed = |text: &str| text.len() == 10 && text.parse::<Date>().is_ok();
            if let Some(text) = day.text().filter(|text| !forms::is_open(text) && !well_formed(text)) {
                let message = format!("`{text}` is no date, so it excludes nothing");
                let advice = Diagnostic::warning(Code::BadDate, day.span, message);
                self.report(advice.with_help("write it as YYYY-MM-DD".to_owned()));
            }
        }
    }

    fn cron(&mut self, node: &Node) {
        let Some(text) = node.text() else { return };
        match Cron::parse(text) {
            Ok(cron) if !cron.can_fire() => {
                let message = format!("`{cron}` never fires: no date matches");
                self.report(Diagnostic::warning(Code::NeverFires, node.span, message));
            }
            Ok(_) => {}
            Err(error) => {
                let span = self.span_in(node, error.span);
                self.report(Diagnostic::error(Code::Cron, span, error.message).with_help(error.help));
            }
        }
    }

    /// An unknown zone is an error although only the service checks it: a schedule in no zone cannot fire at the right time.
    fn zone(&mut self, node: &Node, name: &str) {
        let zones = TimeZoneDatabase::bundled();
        if zones.get(name).is_ok() {
            return;
        }
        let known: Vec<String> = zones.available().map(|zone| zone.to_string()).collect();
        let help = did_you_mean(name, known.iter().map(String::as_str));
        let help = help.unwrap_or_else(|| "use an IANA name such as `Europe/London`".to_owned());
        let message = format!("there is no time zone `{}`", name.chars().take(60).collect::<String>());
        self.report(Diagnostic::error(Code::UnknownTimeZone, node.span, message).with_help(help));
    }

    fn run_inputs(
        &mut self,
        node: &Node,
        owner: Span,
        given: &BTreeSet<String>,
        required: &[(String, &str)],
        kind: &str,
    ) {
        for (folded, name) in required {
            if given.contains(folded) {
                continue;
            }
            let at = node.entry("run_inputs").map_or(Span { end: owner.start, ..owner }, |entry| entry.key_span);
            let message = format!("this {kind} does not give the required input `{name}`");
            let help = format!("add `{name}` to its `run_inputs`, or give the input a default or `optional: true`");
            self.report(Diagnostic::error(Code::MissingRunInput, at, message).with_help(help));
        }
    }
}

/// Lower-case names of the inputs that a trigger gives; a null value counts as given.
fn given(node: &Node) -> BTreeSet<String> {
    match node.entry("run_inputs").map(|entry| &entry.value.kind) {
        Some(Kind::Map(entries)) => entries.iter().map(|entry| entry.key.to_lowercase()).collect(),
        _ => BTreeSet::new(),
    }
}
