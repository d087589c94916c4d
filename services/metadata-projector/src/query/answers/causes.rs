//! Which failure explains which: pure over what fails now.
//!
//! | link | the failure is explained by |
//! |---|---|
//! | AFTER | the failing task of the same run that it comes after |
//! | CHILD | what fails in the pipeline whose run it started |
//! | READS | the failing task that writes an asset which it reads, if that one failed first |
//! | FOLLOWS | what fails in the pipeline whose failed run started its run, if that one failed first |
//! | SHARED | of those that none of these explains: the first one with the same class of error on the same connection |
//!
//! The first link of the table that holds counts; of several causes the one that failed first. A circle has no cause in it: it ends at the
//! failure that was first.

use std::collections::{BTreeMap, BTreeSet};

use crate::engine::failing::{
    classes,
    rows::{FailingEntry, FailingTask},
};

/// Why one failure explains another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Link {
    /// See the module.
    After,
    /// See the module.
    Child,
    /// See the module; the asset, as in keys.
    Reads(Vec<u8>),
    /// See the module.
    Follows,
    /// See the module.
    Shared,
}

/// Failures with one cause, by their places among all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Group {
    /// What failed first.
    pub(super) root: usize,
    /// What it explains, directly or not: how, and by which.
    pub(super) explained: Vec<(usize, usize, Link)>,
}

impl Group {
    /// All of its failures, the root first.
    pub(super) fn members(&self) -> impl Iterator<Item = usize> + '_ {
        std::iter::once(self.root).chain(self.explained.iter().map(|(place, _, _)| *place))
    }
}

/// The task of an entry.
pub(super) fn task(entry: &FailingEntry) -> &FailingTask {
    static NONE: std::sync::OnceLock<FailingTask> = std::sync::OnceLock::new();
    entry.task.as_ref().unwrap_or_else(|| NONE.get_or_init(FailingTask::default))
}

/// When it failed first since it went well.
pub(super) fn since(entry: &FailingEntry) -> i64 {
    task(entry).first.as_ref().map_or(0, |first| first.at)
}

/// Groups what fails, by the order of its roots among all.
pub(super) fn groups(all: &[FailingEntry]) -> Vec<Group> {
    let index = Index::of(all);
    let mut causes: Vec<Option<(usize, Link)>> = (0..all.len()).map(|place| index.cause(all, place)).collect();
    let mut first_shared = BTreeMap::<(&str, &str, &str), usize>::new();
    let mut roots: Vec<usize> = (0..all.len()).filter(|place| causes[*place].is_none()).collect();
    roots.sort_by_key(|place| (since(&all[*place]), *place));
    for place in roots {
        let task = task(&all[place]);
        if !classes::named(&task.class).shared || task.integration.is_empty() {
            continue;
        }
        let place_of = (task.class.as_str(), task.integration.as_str(), task.connection.as_str());
        match first_shared.get(&place_of) {
            Some(first) => causes[place] = Some((*first, Link::Shared)),
            None => drop(first_shared.insert(place_of, place)),
        }
    }
    let mut groups = BTreeMap::<usize, Group>::new();
    for place in 0..all.len() {
        let root = root(all, &causes, place);
        let group = groups.entry(root).or_insert_with(|| Group { root, explained: Vec::new() });
        if let Some((cause, link)) = causes[place].clone().filter(|_| place != root) {
            group.explained.push((place, cause, link));
        }
    }
    let mut groups: Vec<Group> = groups.into_values().collect();
    for group in &mut groups {
        group.explained.sort_by_key(|(place, _, _)| (since(&all[*place]), *place));
    }
    groups
}

/// Where the chain of causes ends.
fn root(all: &[FailingEntry], causes: &[Option<(usize, Link)>], place: usize) -> usize {
    let mut seen = BTreeSet::from([place]);
    let mut at = place;
    while let Some((next, _)) = causes[at] {
        if !seen.insert(next) {
            // A circle: whatever leads into it ends at the first of those that are in it.
            let mut circle = vec![next];
            let mut other = next;
            while let Some((further, _)) = causes[other].as_ref().filter(|(further, _)| *further != next) {
                circle.push(*further);
                other = *further;
            }
            return circle.into_iter().min_by_key(|place| (since(&all[*place]), *place)).unwrap_or(next);
        }
        at = next;
    }
    at
}

/// What fails, by what causes are looked for by.
struct Index<'a> {
    by_task: BTreeMap<(&'a [u8], &'a str, &'a str), usize>,
    by_pipeline: BTreeMap<&'a [u8], Vec<usize>>,
    by_output: BTreeMap<&'a [u8], Vec<usize>>,
}

impl<'a> Index<'a> {
    fn of(all: &'a [FailingEntry]) -> Self {
        let mut index = Self { by_task: BTreeMap::new(), by_pipeline: BTreeMap::new(), by_output: BTreeMap::new() };
        for (place, entry) in all.iter().enumerate() {
            let task = task(entry);
            let of = (entry.pipeline.as_slice(), entry.environment.as_str(), task.task.as_str());
            index.by_task.insert(of, place);
            index.by_pipeline.entry(&entry.pipeline).or_default().push(place);
            for output in &task.outputs {
                index.by_output.entry(output).or_default().push(place);
            }
        }
        index
    }

    fn cause(&self, all: &[FailingEntry], place: usize) -> Option<(usize, Link)> {
        let entry = &all[place];
        let task = task(entry);
        let earliest = |places: &[usize], before: bool| {
            let others = places.iter().copied().filter(|other| *other != place);
            let fits = others.filter(|other| !before || since(&all[*other]) <= since(entry));
            fits.min_by_key(|other| (since(&all[*other]), *other))
        };
        if !task.after.is_empty() {
            let found = self.by_task.get(&(entry.pipeline.as_slice(), entry.environment.as_str(), task.after.as_str()));
            if let Some(found) = found.filter(|found| **found != place) {
                return Some((*found, Link::After));
            }
        }
        let of = |pipeline: &[u8]| self.by_pipeline.get(pipeline).map(Vec::as_slice).unwrap_or_default();
        if !task.child_pipeline.is_empty()
            && let Some(found) = earliest(of(&task.child_pipeline), false)
        {
            return Some((found, Link::Child));
        }
        let of_others = |input: &&Vec<u8>| !task.outputs.contains(input);
        let read = task.inputs.iter().filter(of_others).filter_map(|input| {
            let found = earliest(self.by_output.get(input.as_slice())?, true)?;
            Some((found, Link::Reads(input.clone())))
        });
        if let Some(found) = read.min_by_key(|(found, _)| (since(&all[*found]), *found)) {
            return Some(found);
        }
        if !task.follows.is_empty()
            && let Some(found) = earliest(of(&task.follows), true)
        {
            return Some((found, Link::Follows));
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::failing::rows::RunMark;

    fn fails(pipeline: u8, task: &str, since: i64) -> FailingEntry {
        let mark = RunMark { at: since, ..RunMark::default() };
        let task = FailingTask { task: task.to_owned(), first: Some(mark), ..FailingTask::default() };
        FailingEntry { pipeline: vec![pipeline; 16], environment: String::new(), task: Some(task) }
    }

    fn with(mut entry: FailingEntry, change: impl FnOnce(&mut FailingTask)) -> FailingEntry {
        change(entry.task.get_or_insert_default());
        entry
    }

    fn told(all: &[FailingEntry]) -> Vec<(usize, Vec<usize>)> {
        groups(all).iter().map(|group| (group.root, group.members().skip(1).collect())).collect()
    }

    #[test]
    fn failures_are_explained_by_what_failed_before_them() {
        let writes = |asset: u8| move |task: &mut FailingTask| task.outputs.push(vec![asset]);
        let reads = |asset: u8| move |task: &mut FailingTask| task.inputs.push(vec![asset]);
        let refused = |connection: &'static str| {
            move |task: &mut FailingTask| {
                task.class = "CREDENTIALS_REFUSED".to_owned();
                (task.integration, task.connection) = ("SNOWFLAKE".to_owned(), connection.to_owned());
            }
        };
        let cases = [
            ("nothing", vec![], vec![]),
            ("on their own", vec![fails(1, "a", 1), fails(2, "b", 2)], vec![(0, vec![]), (1, vec![])]),
            (
                "by dependencies",
                vec![fails(1, "a", 1), with(fails(1, "b", 2), |task| task.after = "a".to_owned())],
                vec![(0, vec![1])],
            ),
            (
                "by what is read, over two steps",
                vec![
                    with(with(fails(1, "a", 2), reads(9)), writes(8)),
                    with(fails(2, "b", 1), writes(9)),
                    with(fails(3, "c", 3), reads(8)),
                ],
                vec![(1, vec![0, 2])],
            ),
            (
                "not by what failed later",
                vec![with(fails(1, "a", 2), writes(9)), with(fails(2, "b", 1), reads(9))],
                vec![(0, vec![]), (1, vec![])],
            ),
            (
                "by the run that it started",
                vec![with(fails(1, "a", 1), |task| task.child_pipeline = vec![2; 16]), fails(2, "b", 1)],
                vec![(1, vec![0])],
            ),
            (
                "by the end of another run",
                vec![fails(1, "a", 1), with(fails(2, "b", 2), |task| task.follows = vec![1; 16])],
                vec![(0, vec![1])],
            ),
            (
                "by a connection that refuses all",
                vec![
                    with(fails(1, "a", 3), refused("w")),
                    with(fails(2, "b", 1), refused("w")),
                    with(fails(3, "c", 2), refused("other")),
                ],
                vec![(1, vec![0]), (2, vec![])],
            ),
            (
                "a circle ends at what was first",
                vec![
                    with(with(fails(1, "a", 1), reads(9)), writes(8)),
                    with(with(fails(2, "b", 1), reads(8)), writes(9)),
                ],
                vec![(0, vec![1])],
            ),
        ];
        for (name, all, expected) in cases {
            assert_eq!(told(&all), expected, "{name}");
        }
    }
}
