//! Makes a document smaller while the two sides still disagree on it in the same way.

use super::{Case, json::Json, process::Judge};

/// Questions to the judge per document.
const QUESTIONS_MAX: usize = 400;

/// Takes parts out one by one, from the largest to the smallest, until nothing more can go.
pub(super) fn shrink(case: &Case, judge: &mut Judge, alike: impl Fn(&Case) -> bool) -> Case {
    let mut best = case.clone();
    let mut asked = 0;
    let mut place = 0;
    while asked < QUESTIONS_MAX {
        let mut smaller = Vec::new();
        let Some(value) = best.document.clone().at_mut(place).cloned() else { break };
        for candidate in reductions(&value) {
            let mut document = best.document.clone();
            if let Some(target) = document.at_mut(place) {
                *target = candidate;
                smaller.push(document);
            }
        }
        let found = smaller.into_iter().find_map(|document| {
            asked += 1;
            let tried = Case::of(best.index, document, judge);
            (tried.refused_by_us() == best.refused_by_us() && !tried.agrees() && alike(&tried)).then_some(tried)
        });
        match found {
            Some(found) => best = found,
            None => place += 1,
        }
    }
    best
}

/// The value with one part less.
fn reductions(value: &Json) -> Vec<Json> {
    match value {
        Json::List(items) => (0..items.len()).map(|at| Json::List(without(items, at))).collect(),
        Json::Map(fields) => (0..fields.len()).map(|at| Json::Map(without(fields, at))).collect(),
        Json::Text(text) if text.chars().count() > 12 => {
            let characters: Vec<char> = text.chars().collect();
            let half = characters.len() / 2;
            let cuts = [&characters[..half], &characters[half..]];
            cuts.iter().map(|cut| Json::Text(cut.iter().collect())).collect()
        }
        _ => Vec::new(),
    }
}

fn without<T: Clone>(items: &[T], at: usize) -> Vec<T> {
    items.iter().enumerate().filter(|(place, _)| *place != at).map(|(_, item)| item.clone()).collect()
}
