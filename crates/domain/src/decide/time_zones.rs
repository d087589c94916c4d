//! Rules of time zones change several times a year: from which moment on schedules were computed by which is a fact of its own. Of several
//! schedulers the one with the newest rules is told of; the others lag behind for a while.

use crate::{
    command::{Context, Rejection},
    decide::cut,
    event::Event,
    limits,
    state::Partition,
};

pub(super) fn note(partition: &Partition, release: &str, context: &Context) -> Result<Vec<Event>, Rejection> {
    let (year, letters) = release.split_at_checked(4).unwrap_or_default();
    let is_release = year.bytes().all(|byte| byte.is_ascii_digit())
        && !letters.is_empty()
        && letters.bytes().all(|byte| byte.is_ascii_alphanumeric())
        && release.len() <= limits::RELEASE_BYTES_MAX;
    if !is_release {
        return Err(Rejection::InvalidRelease(cut(release, limits::RELEASE_BYTES_MAX)));
    }
    // A year and a letter: their order is that of their text.
    if release <= partition.time_zones.as_str() {
        return Ok(Vec::new());
    }
    let (before, release) = (partition.time_zones.clone(), release.to_owned());
    Ok(vec![Event::TimeZonesChanged { before, release, at: context.now }])
}
