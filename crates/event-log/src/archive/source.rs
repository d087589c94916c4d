//! Reading what was exported or archived: files and folders, one behind the other, as one row of ranges.
//!
//! Promises: every range that is given follows the one before it, by sequence and by hash, and is of the same chain; a file that is cut off
//! anywhere is refused.

use std::collections::VecDeque;
use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use super::range::{Block, Range, read_block};
use super::{ArchiveError, Span, follow, name, spans};
use crate::types::{LogId, Tail};

/// What is still to be read.
enum Part {
    /// A file of ranges with an end.
    File(PathBuf),
    /// A range of a folder.
    Range(PathBuf, Span),
}

/// Ranges out of files and folders.
pub struct Source {
    parts: VecDeque<Part>,
    open: Option<(PathBuf, BufReader<File>)>,
    /// The log, and the place behind what was given.
    at: Option<(LogId, Tail)>,
}

/// What a source holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// The log of the last range.
    pub log: LogId,
    /// The first record.
    pub first: u64,
    /// The place behind the last.
    pub tail: Tail,
}

impl Source {
    /// Files and folders in the order of their records.
    ///
    /// # Errors
    /// `Io`; `Gap` in a folder; `Unfit` where a folder holds no ranges.
    pub fn open(paths: &[PathBuf]) -> Result<Self, ArchiveError> {
        let mut parts = VecDeque::new();
        for path in paths {
            if path.is_dir() {
                parts.extend(of_folder(path)?);
            } else {
                parts.push_back(Part::File(path.clone()));
            }
        }
        Ok(Self { parts, open: None, at: None })
    }

    /// The next range; `None` at the end. Of a range that begins before the end of the one before only the rest is given.
    ///
    /// # Errors
    /// Whatever does not fit.
    pub fn next_range(&mut self) -> Result<Option<Range>, ArchiveError> {
        loop {
            if let Some((path, reader)) = &mut self.open {
                let place = place_of(path);
                match read_block(reader, &place)? {
                    Some(Block::Records(range)) => return self.take(&place, range).map(Some),
                    Some(Block::End { log, at }) => {
                        let ends = self.at.as_ref().is_none_or(|(_, tail)| *tail == at);
                        let more = read_block(reader, &place).map_or(true, |block| block.is_some());
                        if !ends || more {
                            let reason = format!("its end says that record {} of log {log} is its last", at.sequence);
                            return Err(ArchiveError::Damaged { place, reason });
                        }
                        self.at.get_or_insert((log, at));
                        self.open = None;
                        continue;
                    }
                    None => {
                        let reason = "its end is missing: it was cut off, or is still being written".to_owned();
                        return Err(ArchiveError::Damaged { place, reason });
                    }
                }
            }
            match self.parts.pop_front() {
                None => return Ok(None),
                Some(Part::File(path)) => self.open = Some((path.clone(), open(&path)?)),
                Some(Part::Range(path, span)) => {
                    let place = place_of(&path);
                    let mut reader = open(&path)?;
                    let block = read_block(&mut reader, &place)?;
                    let more = read_block(&mut reader, &place).map_or(true, |block| block.is_some());
                    match block {
                        Some(Block::Records(range))
                            if !more
                                && range.before.sequence + 1 == span.first
                                && range.tail().sequence == span.last =>
                        {
                            return self.take(&place, range).map(Some);
                        }
                        _ => {
                            let reason = "it does not hold what its name says".to_owned();
                            return Err(ArchiveError::Damaged { place, reason });
                        }
                    }
                }
            }
        }
    }

    /// Holds a range against what came before it.
    fn take(&mut self, place: &str, mut range: Range) -> Result<Range, ArchiveError> {
        if let Some((log, at)) = &self.at {
            if range.log.origin() != log.origin() {
                let (expected, found) = (log.to_string(), range.log.to_string());
                return Err(ArchiveError::OtherLog { place: place.to_owned(), expected, found });
            }
            if range.before.sequence > at.sequence {
                let (expected, found) = (at.sequence + 1, range.before.sequence + 1);
                return Err(ArchiveError::Gap { place: place.to_owned(), expected, found });
            }
            range.entries.retain(|entry| entry.sequence > at.sequence);
            let follows = match range.entries.first() {
                Some(first) => first.previous == at.hash,
                None => false,
            };
            if !follows {
                let reason = format!("its records do not follow record {}, which has hash {}", at.sequence, at.hash);
                return Err(ArchiveError::Damaged { place: place.to_owned(), reason });
            }
            range.before = *at;
        }
        self.at = Some((range.log.clone(), range.tail()));
        Ok(range)
    }
}

fn of_folder(folder: &Path) -> Result<Vec<Part>, ArchiveError> {
    let (chosen, gap) = follow(&spans(folder)?);
    let Some(last) = chosen.last() else {
        return Err(ArchiveError::Unfit(format!("{} holds no records of a log", folder.display())));
    };
    if let Some(gap) = gap {
        let place = folder.display().to_string();
        return Err(ArchiveError::Gap { place, expected: last.last + 1, found: gap.first });
    }
    Ok(chosen.into_iter().map(|span| Part::Range(folder.join(name(span)), span)).collect())
}

fn open(path: &Path) -> Result<BufReader<File>, ArchiveError> {
    File::open(path).map(BufReader::new).map_err(ArchiveError::io("cannot open", path))
}

fn place_of(path: &Path) -> String {
    path.display().to_string()
}

/// Reads everything and proves the chain. `progress` hears the last sequence after each range.
///
/// # Errors
/// At the first thing that does not fit; `Unfit` where there is no record.
pub fn verify(source: &mut Source, mut progress: impl FnMut(u64)) -> Result<Summary, ArchiveError> {
    let mut summary: Option<Summary> = None;
    while let Some(range) = source.next_range()? {
        let (first, tail) = (range.before.sequence + 1, range.tail());
        let first = summary.as_ref().map_or(first, |summary| summary.first);
        summary = Some(Summary { log: range.log, first, tail });
        progress(tail.sequence);
    }
    summary.ok_or_else(|| ArchiveError::Unfit("there is no record in it".to_owned()))
}
