//! Schedules, sensors and trigger events: zones, dates, windows, and the inputs that they must give.

use std::collections::BTreeSet;

use jiff::{Timestamp, civil::Date, tz::TimeZone, tz::TimeZoneDatabase};

use super::{Checker, inputs, is_open};
use crate::{
    Code, Diagnostic, Span,
    cron::{Cron, Dst},
    yaml::{Entry, Kind, Node},
};

/// Windows of a sensor that are compared with each other.
const COMPARED_WINDOWS: usize = 64;

impl Checker<'_> {
    pub(super) fn triggers(&mut self, root: &Node) {
        let declared = inputs::Declared::of(root);
        for schedule in root.get("schedule").map_or(&[][..], Node::items) {
            self.clock(schedule);
            self.run_inputs(schedule, schedule.span, &given(schedule), &declared, "schedule");
        }
        for sensor in root.get("sensors").map_or(&[][..], Node::entries) {
            self.sensor(sensor, &declared);
        }
        for event in root.get("trigger_events").map_or(&[][..], Node::items) {
            self.run_inputs(event, event.span, &given(event), &declared, "trigger event");
        }
        self.schedule_options(root);
        let ours = root.get("meta").and_then(|meta| meta.get("downbeat")).and_then(|ours| ours.get("schedules"));
        for schedule in ours.map_or(&[][..], Node::items) {
            self.clock(schedule);
            self.unix_cron(schedule);
            self.options(schedule, schedule, "unix_cron", Cron::parse_unix);
            self.run_inputs(schedule, schedule.span, &given(schedule), &declared, "schedule");
        }
        self.event_triggers(root, &declared);
        self.promises(root);
    }

    fn sensor(&mut self, sensor: &Entry, declared: &inputs::Declared<'_>) {
        self.clock(&sensor.value);
        self.window(&sensor.value);
        let mut names = given(&sensor.value);
        for check in sensor.value.get("checks").map_or(&[][..], Node::entries) {
            let mapped = check.value.get("map_outputs").map_or(&[][..], Node::entries);
            names.extend(mapped.iter().map(|entry| entry.key.to_lowercase()));
            self.undeclared_inputs(mapped, declared);
        }
        self.run_inputs(&sensor.value, sensor.key_span, &names, declared, "sensor");
    }

    /// `timezone` and `exclude` of a schedule or sensor.
    pub(super) fn clock(&mut self, node: &Node) {
        if let Some(zone) = node.get("timezone")
            && let Some(name) = zone.text().filter(|text| !is_open(text))
        {
            self.zone(zone, name);
        }
        for day in node.get("exclude").map_or(&[][..], Node::items) {
            let well_formed = |text: &str| text.len() == 10 && text.parse::<Date>().is_ok();
            if let Some(text) = day.text().filter(|text| !is_open(text) && !well_formed(text)) {
                let message = format!("`{text}` is no date, so it excludes nothing");
                let advice = Diagnostic::warning(Code::BadDate, day.span, message);
                self.report(advice.with_help("write it as YYYY-MM-DD".to_owned()));
            }
        }
    }

    pub(super) fn unix_cron(&mut self, schedule: &Node) {
        let Some(node) = schedule.get("unix_cron") else { return };
        let Some(text) = node.text() else { return };
        match Cron::parse_unix(text) {
            Ok(cron) => self.fires(node, &cron),
            Err(error) => {
                let span = self.span_in(node, error.span);
                self.report(Diagnostic::error(Code::Cron, span, error.message).with_help(error.help));
            }
        }
    }

    /// Only advice, since nobody but the service looks at it; a pipeline with such a zone cannot be applied.
    fn zone(&mut self, node: &Node, name: &str) {
        let zones = TimeZoneDatabase::bundled();
        if zones.get(name).is_ok() {
            return;
        }
        let known: Vec<String> = zones.available().map(|zone| zone.to_string()).collect();
        let help = self.suggest(name, known.iter().map(String::as_str));
        let help = help.unwrap_or_else(|| "use an IANA name such as `Europe/London`".to_owned());
        let message = format!("there is no time zone `{}`", name.chars().take(60).collect::<String>());
        self.report(Diagnostic::warning(Code::UnknownTimeZone, node.span, message).with_help(help));
    }

    /// The reference wants a window to end before the next one opens.
    fn window(&mut self, sensor: &Node) {
        let Some(timeout) = sensor.get("timeout_mins") else { return };
        let Kind::Integer(minutes) = timeout.kind else { return };
        if minutes < 1 {
            let message = "`timeout_mins` leaves no time to look at anything";
            self.report(Diagnostic::warning(Code::OutOfRange, timeout.span, message));
            return;
        }
        let cron = sensor.get_text("cron").and_then(|text| Cron::parse(text).ok());
        let Some(shortest) = cron.as_ref().and_then(shortest_interval) else { return };
        if minutes > shortest {
            let message = format!("a window of {minutes} minutes is still open when the next one opens");
            let advice = Diagnostic::warning(Code::LongWindow, timeout.span, message);
            self.report(advice.with_help(format!("windows open {shortest} minutes apart: take at most that")));
        }
    }

    fn run_inputs(
        &mut self,
        node: &Node,
        owner: Span,
        given: &BTreeSet<String>,
        declared: &inputs::Declared<'_>,
        kind: &str,
    ) {
        self.undeclared_inputs(node.get("run_inputs").map_or(&[][..], Node::entries), declared);
        self.required_inputs(node, owner, given, declared, kind);
    }

    pub(super) fn required_inputs(
        &mut self,
        node: &Node,
        owner: Span,
        given: &BTreeSet<String>,
        declared: &inputs::Declared<'_>,
        kind: &str,
    ) {
        for (folded, name) in &declared.required {
            if given.contains(folded) {
                continue;
            }
            let at = node.entry("run_inputs").map_or(Span { end: owner.start, ..owner }, |entry| entry.key_span);
            let message = format!("this {kind} does not give the required input `{name}`");
            let help = format!("add `{name}` to its `run_inputs`, or give the input a default or `optional: true`");
            self.report(Diagnostic::error(Code::MissingRunInput, at, message).with_help(help));
        }
    }

    fn undeclared_inputs(&mut self, given: &[Entry], declared: &inputs::Declared<'_>) {
        for entry in given.iter().filter(|entry| !declared.names.contains_key(&entry.key.to_lowercase())) {
            let message = format!("the input `{}` is not declared", entry.key);
            let help = self.suggest(&entry.key, declared.names.values().copied());
            let help = help.unwrap_or_else(|| format!("declare `{}` under `inputs`", entry.key));
            self.report(Diagnostic::warning(Code::UndeclaredRunInput, entry.key_span, message).with_help(help));
        }
    }
}

/// Minutes between the nearest two of the first firings.
fn shortest_interval(cron: &Cron) -> Option<i64> {
    let mut firings = Vec::new();
    let mut after = Timestamp::UNIX_EPOCH;
    while firings.len() < COMPARED_WINDOWS
        && let Some(next) = cron.next_after(after, &TimeZone::UTC, Dst::Vixie)
    {
        firings.push(next.as_second() / 60);
        after = next;
    }
    firings.windows(2).map(|pair| pair[1] - pair[0]).min()
}

/// Lower-case names of the inputs that a trigger gives; a null value counts as given.
pub(super) fn given(node: &Node) -> BTreeSet<String> {
    match node.entry("run_inputs").map(|entry| &entry.value.kind) {
        Some(Kind::Map(entries)) => entries.iter().map(|entry| entry.key.to_lowercase()).collect(),
        _ => BTreeSet::new(),
    }
}
