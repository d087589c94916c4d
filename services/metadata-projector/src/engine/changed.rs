//! Which rows of a store that other versions of the projections wrote are still what these versions would have written.

use std::collections::BTreeSet;

use super::{
    projection::Registered,
    rows::{Head, ProjectionVersion},
};

/// Names of those of `ours` whose rows in a store of this head cannot be taken for their own: all of them, where an older version skipped
/// events that this one knows.
pub fn to_rebuild(ours: &[Registered], head: &Head) -> BTreeSet<&'static str> {
    match head.lacks_events() {
        true => ours.iter().map(|one| one.name).collect(),
        false => changed(ours, &head.projections),
    }
}

/// Names of those of `ours` whose rows in a store that `wrote` wrote cannot be taken for their own: another version wrote them, or
/// none did, or it made them of rows for which that holds. Whoever raises a version looks at what that projection writes, and
/// not at what others make of it: so those count as changed, too.
fn changed(ours: &[Registered], wrote: &[ProjectionVersion]) -> BTreeSet<&'static str> {
    let same = |one: &Registered| wrote.iter().any(|other| other.name == one.name && other.version == one.version);
    let mut changed: BTreeSet<_> = ours.iter().filter(|one| !same(one)).map(|one| one.name).collect();
    loop {
        let follows =
            |one: &&Registered| !changed.contains(one.name) && one.reads.iter().any(|read| changed.contains(read));
        let more: Vec<_> = ours.iter().filter(follows).map(|one| one.name).collect();
        if more.is_empty() {
            return changed;
        }
        changed.extend(more);
    }
}

#[cfg(test)]
mod tests {
    use downbeat_domain::Level;

    use super::{super::versions_of, *};

    fn projection(name: &'static str, version: u32, reads: &'static [&'static str]) -> Registered {
        Registered { name, version, reads, fold: |_, _, _| Ok(()) }
    }

    #[test]
    fn what_another_version_wrote_is_changed_and_all_that_was_made_of_it() {
        let ours =
            [projection("a", 2, &[]), projection("b", 1, &["a"]), projection("c", 1, &["b"]), projection("d", 4, &[])];
        let wrote = |name: &str, version| {
            let mut wrote = versions_of(&ours);
            wrote.retain(|one| one.name != name);
            wrote.extend([ProjectionVersion { name: name.into(), version }].into_iter().filter(|one| one.version > 0));
            wrote
        };
        for (name, version, expected) in [
            ("a", 2, &[][..]),
            ("a", 1, &["a", "b", "c"]),
            ("a", 3, &["a", "b", "c"]),
            ("a", 0, &["a", "b", "c"]),
            ("b", 7, &["b", "c"]),
            ("c", 0, &["c"]),
            ("d", 3, &["d"]),
            ("gone since", 1, &[]),
        ] {
            let found: Vec<_> = changed(&ours, &wrote(name, version)).into_iter().collect();
            assert_eq!(found, expected, "{name} {version}");
        }
    }

    #[test]
    fn what_an_older_version_skipped_spoils_everything() {
        let ours = [projection("a", 2, &[]), projection("b", 1, &[])];
        let newest = Level::NEWEST.0;
        // Events that were skipped, the newest level that whoever skipped them knew.
        for (unknown_events, skipped_at, spoilt) in
            [(0, 0, false), (1, 0, true), (7, newest - 1, true), (1, newest, false), (0, newest, false)]
        {
            let head = Head { unknown_events, skipped_at, projections: versions_of(&ours), ..Head::default() };
            let expected: &[&str] = if spoilt { &["a", "b"] } else { &[] };
            let found: Vec<_> = to_rebuild(&ours, &head).into_iter().collect();
            assert_eq!(found, expected, "{unknown_events} {skipped_at}");
        }
    }
}
