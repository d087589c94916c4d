//! Sums of entries, grouped as somebody asks for. They are added up from the sums of months where these tell enough apart, else from those of
//! days: both say the same.

use std::collections::BTreeMap;

use downbeat_domain::PipelineId;
use downbeat_proto::metadata::v1::{self as wire, CostGroup};
use jiff::{ToSpan, civil::Date};

use super::{alias, filter::Filter};
use crate::{
    engine::{
        costs::{
            day_of,
            months::{Dimension, date_of, first_day, month_of},
            rows::{self as cost_rows, DayRow, For, Sum, UnpricedRow, add},
        },
        keys::cost as keys,
        rows,
    },
    limits,
    published::View,
    query::Refusal,
};

/// What a sum is of: the day it begins, and what for.
type Key = (String, For);

/// Sums for each combination of what they are grouped by.
///
/// # Errors
/// `NotFound`, `Invalid`, `TooLarge`, `Store`.
pub fn get(view: &View<'_>, request: &wire::GetCostRequest) -> Result<wire::GetCostResponse, Refusal> {
    let by = groups(&request.by)?;
    let asked = request.filter.clone().unwrap_or_default();
    let filter = Filter::read(view, &asked)?;
    let first = filter.from.map_or(i32::MIN, day_of);
    // A `to` inside a day takes that day with it.
    let last = filter.to.map_or(i32::MAX, |to| day_of(to.saturating_sub(1)));
    let mut adding = Adding { by: &by, filter: &filter, sums: BTreeMap::new(), read: 0 };
    match months(&by, &filter, first, last) {
        Some((dimension, months)) => adding.months(view, dimension, months)?,
        None => adding.days(view, first, last)?,
    }
    let sums = adding.sums;
    let shown = sums.into_iter().map(|(key, sum)| shown(view, key, &sum)).collect::<Result<_, _>>()?;
    Ok(wire::GetCostResponse { sums: shown, unpriced: unpriced(view)?, position: None })
}

/// The sums by month that answer this, and which months of them; `None` = days do.
fn months(by: &[CostGroup], filter: &Filter, first: i32, last: i32) -> Option<(Dimension, (i32, i32))> {
    if by.iter().any(|group| matches!(group, CostGroup::Day | CostGroup::Week)) {
        return None;
    }
    let whole = |day: i32| first_day(month_of(day)) == Some(day);
    let begins = first == i32::MIN || whole(first);
    let ends = last == i32::MAX || last.checked_add(1).is_some_and(whole);
    let dimension = filter.dimension(by).filter(|_| begins && ends)?;
    Some((dimension, (month_of(first), month_of(last))))
}

/// Sums that are being added up.
struct Adding<'a> {
    by: &'a [CostGroup],
    filter: &'a Filter,
    sums: BTreeMap<Key, Sum>,
    read: usize,
}

impl Adding<'_> {
    fn days(&mut self, view: &View<'_>, first: i32, last: i32) -> Result<(), Refusal> {
        for row in view.store.scan(keys::DAYS, Some(&keys::first_of_day(first))) {
            let (key, bytes) = row?;
            let day = day_in(&key);
            if day > last {
                break;
            }
            self.add(day, rows::read(&key, &bytes)?)?;
        }
        Ok(())
    }

    fn months(&mut self, view: &View<'_>, dimension: Dimension, (first, last): (i32, i32)) -> Result<(), Refusal> {
        let begin = keys::first_of_month(dimension.letter(), first);
        for row in view.store.scan(&keys::months(dimension.letter()), Some(&begin)) {
            let (key, bytes) = row?;
            let month = keys::month_in(&key).unwrap_or(i32::MAX);
            if month > last {
                break;
            }
            // Of what lies beyond all calendars no day is told.
            self.add(first_day(month).unwrap_or(i32::MAX), rows::read(&key, &bytes)?)?;
        }
        Ok(())
    }

    fn add(&mut self, day: i32, row: DayRow) -> Result<(), Refusal> {
        self.read += 1;
        if self.read > limits::COST_ROWS_MAX {
            let most = limits::COST_ROWS_MAX;
            return Err(Refusal::TooLarge(format!(
                "more than {most} sums of days are asked for: narrow `from` and `to`"
            )));
        }
        let (Some(what), Some(sum)) = (row.what, row.sum) else { return Ok(()) };
        if !self.filter.takes_what(&what) {
            return Ok(());
        }
        let key = (since(self.by, day), grouped(self.by, what));
        if !self.sums.contains_key(&key) && self.sums.len() >= limits::COST_SUMS_MAX {
            let most = limits::COST_SUMS_MAX;
            return Err(Refusal::TooLarge(format!("more than {most} sums: group by less, or narrow the filter")));
        }
        let (estimated, billed) = (cost_rows::number(&sum.estimated), cost_rows::number(&sum.billed));
        add(self.sums.entry(key).or_default(), estimated, billed, sum.entries);
        Ok(())
    }
}

fn groups(by: &[i32]) -> Result<Vec<CostGroup>, Refusal> {
    let read = |by: &i32| match CostGroup::try_from(*by) {
        Ok(CostGroup::Unspecified) | Err(_) => Err(Refusal::Invalid(format!("by: {by} is no group"))),
        Ok(group) => Ok(group),
    };
    let by: Vec<CostGroup> = by.iter().map(read).collect::<Result<_, _>>()?;
    let times = by.iter().filter(|group| matches!(group, CostGroup::Day | CostGroup::Week | CostGroup::Month));
    if times.count() > 1 {
        return Err(Refusal::Invalid("by: at most one of day, week and month".to_owned()));
    }
    Ok(by)
}

fn day_in(key: &[u8]) -> i32 {
    let number = key.get(2..6).and_then(|bytes| bytes.try_into().ok()).map_or(0, u32::from_be_bytes);
    (number ^ (1 << 31)) as i32
}

/// The first day of the day, week or month; empty = not grouped by time.
fn since(by: &[CostGroup], day: i32) -> String {
    let date = || date_of(day);
    let time = by.iter().find(|group| matches!(group, CostGroup::Day | CostGroup::Week | CostGroup::Month));
    let first = match time {
        None => return String::new(),
        Some(CostGroup::Week) => {
            date().and_then(|date| date.checked_sub(i64::from(date.weekday().to_monday_zero_offset()).days()).ok())
        }
        Some(CostGroup::Month) => date().map(Date::first_of_month),
        Some(_) => date(),
    };
    first.map(|first| first.to_string()).unwrap_or_default()
}

/// Only what is grouped by; money of two currencies is never added.
fn grouped(by: &[CostGroup], what: For) -> For {
    let kept = |group: CostGroup, text: String| if by.contains(&group) { text } else { String::new() };
    For {
        pipeline_id: if by.contains(&CostGroup::Pipeline) { what.pipeline_id } else { Vec::new() },
        task: kept(CostGroup::Task, what.task),
        asset: kept(CostGroup::Asset, what.asset),
        owner: kept(CostGroup::Owner, what.owner),
        unit: kept(CostGroup::Unit, what.unit),
        integration: kept(CostGroup::Integration, what.integration),
        currency: what.currency,
    }
}

fn shown(view: &View<'_>, (since, what): Key, sum: &Sum) -> Result<wire::CostSum, Refusal> {
    let pipeline = PipelineId::from_slice(&what.pipeline_id);
    Ok(wire::CostSum {
        pipeline_id: pipeline.map(|id| id.to_string()).unwrap_or_default(),
        pipeline: alias(view, pipeline)?,
        task: what.task,
        asset: what.asset,
        owner: what.owner,
        unit: what.unit,
        integration: what.integration,
        since,
        ..of(what.currency, sum)
    })
}

/// A sum of one currency.
pub(super) fn of(currency: String, sum: &Sum) -> wire::CostSum {
    let (estimated, billed) = (cost_rows::number(&sum.estimated), cost_rows::number(&sum.billed));
    wire::CostSum {
        currency,
        estimated: estimated.to_string(),
        billed: billed.to_string(),
        total: estimated.saturating_add(billed).to_string(),
        entries: sum.entries,
        ..wire::CostSum::default()
    }
}

fn unpriced(view: &View<'_>) -> Result<Vec<wire::UnpricedUnit>, Refusal> {
    let mut found = Vec::new();
    for row in view.store.scan(keys::UNPRICED, None).take(limits::UNPRICED_SHOWN_MAX) {
        let (key, bytes) = row?;
        let UnpricedRow { unit, quantity, count, last_at } = rows::read(&key, &bytes)?;
        found.push(wire::UnpricedUnit { unit, quantity, count, last_at });
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_weeks_and_months_are_told_by_their_first_day() {
        let day = |text: &str| {
            let at: jiff::Timestamp = format!("{text}T12:00:00Z").parse().unwrap();
            day_of(at.as_microsecond())
        };
        let cases = [
            (CostGroup::Day, "2026-11-27", "2026-11-27"),
            (CostGroup::Week, "2026-11-27", "2026-11-23"),
            (CostGroup::Week, "2026-11-23", "2026-11-23"),
            (CostGroup::Month, "2026-11-27", "2026-11-01"),
            (CostGroup::Day, "1969-12-31", "1969-12-31"),
            (CostGroup::Task, "2026-11-27", ""),
        ];
        for (group, date, first) in cases {
            assert_eq!(since(&[group], day(date)), first, "{group:?} of {date}");
        }
        assert_eq!(day_of(-1), -1);
        assert_eq!(day_of(crate::engine::costs::DAY), 1);
        assert_eq!(day_in(&keys::day(-3, [7; 16])), -3);
    }
}
