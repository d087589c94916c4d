//! Pages of lists.

use schemars::JsonSchema;
use serde::Serialize;

use super::{Fault, Query};
use crate::limits;

/// Which page is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Asked {
    /// From 1 on.
    pub(crate) page: u32,
    pub(crate) size: u32,
}

impl Asked {
    /// `page` and `page_size` (one page of the documentation calls it `per_page`).
    pub(crate) fn of(query: &Query) -> Result<Self, Fault> {
        Self::with(query, limits::PAGE_SIZE, limits::PAGE_SIZE_MAX)
    }

    /// The same of the task runs of one run.
    pub(crate) fn of_one_run(query: &Query) -> Result<Self, Fault> {
        Self::with(query, limits::TASK_RUN_PAGE_SIZE, limits::TASK_RUN_PAGE_SIZE_MAX)
    }

    /// How many there are, and those of the page.
    pub(crate) fn of_all<T>(self, all: Vec<T>) -> (u64, Vec<T>) {
        let (total, size) = (all.len() as u64, self.size as usize);
        let before = (self.page as usize - 1).saturating_mul(size);
        (total, all.into_iter().skip(before).take(size).collect())
    }

    fn with(query: &Query, size: u32, most: u32) -> Result<Self, Fault> {
        let page = query.number("page", 1..=u32::MAX)?.unwrap_or(1);
        let given = query.number("page_size", 1..=most)?;
        let given = if given.is_some() { given } else { query.number("per_page", 1..=most)? };
        Ok(Self { page, size: given.unwrap_or(size) })
    }
}

/// A page of a list.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Page<T> {
    /// From 1 on.
    pub(crate) page: u32,
    /// The most that a page holds.
    pub(crate) page_size: u32,
    /// Of all pages together.
    pub(crate) total: u64,
    /// Those of this page.
    pub(crate) results: Vec<T>,
}

impl<T> Page<T> {
    pub(crate) fn new(asked: Asked, total: Option<u64>, results: Vec<T>) -> Self {
        Self { page: asked.page, page_size: asked.size, total: total.unwrap_or_default(), results }
    }
}
