//! Options of schedules under `meta.downbeat`: what they mean, and what cannot be meant.

use jiff::tz::TimeZoneDatabase;

use super::{Checker, additions};
use crate::{
    Catchup, Code, Diagnostic, Moment, Schedule, ScheduleOptions,
    cron::{Cron, Dst},
    limits::{CATCHUP_WINDOW_MS, SCHEDULE_JITTER_MS},
    yaml::{Entry, Kind, Node},
};

/// Gives each published schedule what stands under its name in `schedule_options`.
pub(super) fn give(root: &Node, mut schedules: Vec<Schedule>) -> Option<Vec<Schedule>> {
    let named = additions::ours(root).and_then(|ours| ours.get("schedule_options"));
    for (place, schedule) in schedules.iter_mut().enumerate() {
        if let Some(options) = named.and_then(|named| named.get(&schedule.name_at(place))) {
            schedule.options = of(options)?;
        }
    }
    Some(schedules)
}

/// The options that stand in this map; the checks have passed.
pub(super) fn of(node: &Node) -> Option<ScheduleOptions> {
    let default = ScheduleOptions::default();
    let duration = |key: &str, absent: u64| match node.get(key) {
        Some(given) => additions::milliseconds(given),
        None => Some(absent),
    };
    let moment = |key: &str| match node.get_text(key) {
        Some(text) => Moment::parse(text).map(Some),
        None => Some(None),
    };
    Some(ScheduleOptions {
        dst: node.get_text("dst").and_then(Dst::from_word).unwrap_or_default(),
        catchup: node.get_text("catchup").and_then(Catchup::from_word).unwrap_or_default(),
        max_catchup: node.get("max_catchup").map_or(Some(default.max_catchup), additions::whole)?,
        catchup_window_ms: duration("catchup_window", default.catchup_window_ms)?,
        jitter_ms: duration("jitter", default.jitter_ms)?,
        start: moment("start")?,
        end: moment("end")?,
        paused: matches!(node.get("paused").map(|node| &node.kind), Some(Kind::Bool(true))),
    })
}

impl Checker<'_> {
    /// Options by the names of published schedules.
    pub(super) fn schedule_options(&mut self, root: &Node) {
        let published = root.get("schedule").map_or(&[][..], Node::items);
        let named: Vec<(String, &Node)> =
            published.iter().enumerate().map(|(place, node)| (name_at(node, place), node)).collect();
        let ours = additions::ours(root).and_then(|ours| ours.get("schedule_options"));
        for entry in ours.map_or(&[][..], Node::entries) {
            match named.iter().find(|(name, _)| *name == entry.key) {
                Some((_, schedule)) => self.options(&entry.value, schedule, "cron", Cron::parse),
                None => self.unknown_schedule(entry, &named),
            }
        }
    }

    fn unknown_schedule(&mut self, entry: &Entry, named: &[(String, &Node)]) {
        let shown: String = entry.key.chars().take(60).collect();
        let message = format!("there is no schedule `{shown}` to give options to");
        let help = self.suggest(&entry.key, named.iter().map(|(name, _)| name.as_str()));
        let help = help.unwrap_or_else(|| match named {
            [] => "there is nothing under `schedule`".to_owned(),
            some => {
                let names: Vec<&str> = some.iter().take(10).map(|(name, _)| name.as_str()).collect();
                format!("its schedules are {}", names.join(", "))
            }
        });
        self.report(Diagnostic::error(Code::UnknownSchedule, entry.key_span, message).with_help(help));
    }

    /// The options in a map, of the schedule whose cron expression stands under `key`.
    pub(super) fn options(
        &mut self,
        node: &Node,
        schedule: &Node,
        key: &str,
        read: fn(&str) -> Result<Cron, crate::cron::CronError>,
    ) {
        self.at_most(node.get("catchup_window"), CATCHUP_WINDOW_MS, "`catchup_window` is at most P366D");
        self.at_most(node.get("jitter"), SCHEDULE_JITTER_MS, "`jitter` is at most P1D");
        let start = self.moment(node.get("start"));
        let end = self.moment(node.get("end"));
        if start.is_none() && end.is_none() {
            return;
        }
        let zone = schedule.get_text("timezone").unwrap_or("UTC");
        let Ok(zone) = TimeZoneDatabase::bundled().get(zone) else { return };
        let Some(cron) = schedule.get_text(key).and_then(|text| read(text).ok()).filter(Cron::can_fire) else { return };
        let from = start.map_or(Some(jiff::Timestamp::UNIX_EPOCH), |start| start.begins(&zone));
        let Some(from) = from.and_then(|from| from.checked_sub(jiff::SignedDuration::from_nanos(1)).ok()) else {
            return;
        };
        let until = end.and_then(|end| end.ends(&zone));
        let first = cron.next_after(from, &zone, node.get_text("dst").and_then(Dst::from_word).unwrap_or_default());
        if first.is_none_or(|first| until.is_some_and(|until| first >= until)) {
            let at = node.entry("end").or(node.entry("start")).map_or(node.span, |entry| entry.key_span);
            let message = match (start, end) {
                (Some(start), Some(end)) => {
                    format!("this schedule never fires: no instant lies between {start} and {end}")
                }
                (Some(start), None) => format!("this schedule never fires: no instant lies after {start}"),
                _ => "this schedule never fires: no instant lies before its end".to_owned(),
            };
            self.report(Diagnostic::warning(Code::NeverFires, at, message));
        }
    }

    pub(super) fn at_most(&mut self, node: Option<&Node>, limit: u64, message: &str) {
        if let Some(node) = node
            && additions::milliseconds(node).is_some_and(|duration| duration > limit)
        {
            self.report(Diagnostic::error(Code::OutOfRange, node.span, message.to_owned()));
        }
    }

    /// A text of the right form may still be no date.
    fn moment(&mut self, node: Option<&Node>) -> Option<Moment> {
        let node = node?;
        let text = node.text()?;
        let moment = Moment::parse(text);
        let has_form = text.len() >= 10 && text.as_bytes().iter().take(4).all(u8::is_ascii_digit);
        if moment.is_none() && has_form {
            let message = format!("`{}` is no date", text.chars().take(60).collect::<String>());
            self.report(Diagnostic::error(Code::BadDate, node.span, message));
        }
        moment
    }
}

/// As [`Schedule::name_at`].
fn name_at(schedule: &Node, place: usize) -> String {
    schedule.get_text("name").map_or_else(|| format!("schedule-{}", place + 1), str::to_owned)
}
