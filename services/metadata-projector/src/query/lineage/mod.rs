//! Lineage over all runs: what came of what, what breaks if something goes, how one thing came of another, and what two runs did
//! differently.

mod diff;
mod find;
mod impact;
mod neighbourhood;
mod neighbours;
mod path;
mod walk;

pub(in crate::query) use self::neighbours::alias_of;
pub use self::{
    diff::diff,
    find::asset,
    impact::impact,
    neighbourhood::{Neighbourhood, neighbourhood},
    path::path,
    walk::{Question, lineage},
};
