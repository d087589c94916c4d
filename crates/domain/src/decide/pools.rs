//! Named pools get their size. A pool that shrinks takes nothing away from those who hold it.

use crate::{
    command::{Context, Rejection},
    event::Event,
    limits,
    state::Partition,
};

pub(super) fn set(
    partition: &Partition,
    name: &str,
    slots: Option<u32>,
    context: &Context,
) -> Result<Vec<Event>, Rejection> {
    let fits = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '-' | '.');
    if name.is_empty() || name.len() > limits::POOL_NAME_CHARS_MAX || !name.chars().all(fits) {
        let most = limits::POOL_NAME_CHARS_MAX;
        return Err(Rejection::InvalidPool(format!("a pool's name takes 1 to {most} characters of A-Z a-z 0-9 _ - .")));
    }
    if slots.is_some_and(|slots| slots > limits::POOL_SLOTS_MAX) {
        return Err(Rejection::InvalidPool(format!("a pool has at most {} slots", limits::POOL_SLOTS_MAX)));
    }
    let before = partition.pools.named.get(name).and_then(|pool| pool.slots);
    if before == slots {
        return Ok(Vec::new());
    }
    Ok(vec![Event::PoolSet { name: name.to_owned(), slots, at: context.now }])
}
