//! Out of a log: range by range, into a file or a folder.
//!
//! Promises: what is written is durable and whole when it has its name; a folder is continued where it ends, and only with the log that it is of.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use super::range::{Block, Range, encode_end, read_block};
use super::{ArchiveError, Span, follow, name, spans};
use crate::error::Error;
use crate::frame;
use crate::limits::{RANGE_BYTES, RANGE_RECORDS, READ_ENTRIES};
use crate::log::EventLog;
use crate::procedures::check_position;
use crate::types::{Entry, LogId, Tail};

/// Takes a log out as ranges.
pub struct Exporter<'a> {
    log: &'a dyn EventLog,
    at: Tail,
    end: u64,
    read: Vec<Entry>,
}

impl<'a> Exporter<'a> {
    /// Begins behind `after`, a place of the log that the caller has checked, and ends where the log ends now.
    ///
    /// # Errors
    /// As [`EventLog::tail`].
    pub async fn new(log: &'a dyn EventLog, after: Tail) -> Result<Self, Error> {
        let end = log.tail().await?.sequence;
        Ok(Self { log, at: after, end, read: Vec::new() })
    }

    /// Where it stands.
    pub fn at(&self) -> Tail {
        self.at
    }

    /// The next range; `None` at the end.
    ///
    /// # Errors
    /// As [`EventLog::read`].
    pub async fn next_range(&mut self) -> Result<Option<Range>, Error> {
        let (mut entries, mut bytes, before) = (Vec::new(), 0, self.at);
        while entries.len() < RANGE_RECORDS && bytes < RANGE_BYTES && self.at.sequence < self.end {
            if self.read.is_empty() {
                let wanted = usize::try_from(self.end - self.at.sequence).unwrap_or(usize::MAX).min(READ_ENTRIES);
                self.read = self.log.read(self.at.sequence, wanted).await?;
                self.read.reverse();
            }
            let Some(entry) = self.read.pop() else {
                let reason = format!("the log ends at {} but entries end before", self.end);
                return Err(Error::corrupt(self.log.id(), self.at.sequence + 1, reason));
            };
            frame::check_link(&self.log.id().0, self.at.sequence, &self.at.hash, &entry)?;
            bytes += frame::OVERHEAD_BYTES + entry.payload.len();
            self.at = entry.tail();
            entries.push(entry);
        }
        let range = Range { log: self.log.id().clone(), before, entries };
        Ok((!range.entries.is_empty()).then_some(range))
    }
}

/// The place at this sequence.
async fn place(log: &dyn EventLog, sequence: u64) -> Result<Tail, Error> {
    let Some(before) = sequence.checked_sub(1) else { return Ok(Tail::start(log.id())) };
    let entries = log.read(before, 1).await?;
    let ahead = || Error::AheadOfLog { log: log.id().clone(), position: sequence, tail: before };
    Ok(entries.first().ok_or_else(ahead)?.tail())
}

/// Writes the records behind sequence `after` into a new file. `progress` hears the last sequence after each range. Returns the place behind
/// the last record.
///
/// # Errors
/// `Unfit` where a file of that name is, or the log has no such records; `Io`, `Log`.
pub async fn export_file(
    log: &dyn EventLog,
    after: u64,
    file: &Path,
    mut progress: impl FnMut(u64),
) -> Result<Tail, ArchiveError> {
    if file.exists() {
        return Err(ArchiveError::Unfit(format!(
            "{} is there already: choose another name, or remove it",
            file.display()
        )));
    }
    let mut exporter = Exporter::new(log, place(log, after).await?).await?;
    let mut partial = file.as_os_str().to_owned();
    partial.push(".partial");
    let partial = std::path::PathBuf::from(partial);
    let io = |what| ArchiveError::io(what, &partial);
    let mut out = BufWriter::new(File::create(&partial).map_err(io("cannot create"))?);
    while let Some(range) = exporter.next_range().await? {
        out.write_all(&range.encode().map_err(io("cannot pack records for"))?).map_err(io("cannot write"))?;
        progress(range.tail().sequence);
    }
    let end = exporter.at();
    out.write_all(&encode_end(log.id(), end)).map_err(io("cannot write"))?;
    let out = out.into_inner().map_err(|error| io("cannot write")(error.into_error()))?;
    out.sync_all().map_err(io("cannot write"))?;
    std::fs::rename(&partial, file).map_err(io("cannot rename"))?;
    sync_folder(file.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new(".")))?;
    Ok(end)
}

/// Writes into a folder what it does not hold yet, a range a file. An empty folder, or none, begins behind sequence `after`.
///
/// # Errors
/// `Unfit` where the folder begins elsewhere, `Gap`, `OtherLog`, `Damaged` where it cannot be continued; `Io`, `Log`.
pub async fn export_folder(
    log: &dyn EventLog,
    after: u64,
    folder: &Path,
    mut progress: impl FnMut(u64),
) -> Result<Tail, ArchiveError> {
    std::fs::create_dir_all(folder).map_err(ArchiveError::io("cannot create", folder))?;
    if let (chosen, Some(gap)) = follow(&spans(folder)?) {
        let expected = chosen.last().map_or(1, |last| last.last + 1);
        return Err(ArchiveError::Gap { place: folder.display().to_string(), expected, found: gap.first });
    }
    let from = match reach(log.id(), folder)? {
        None => place(log, after).await?,
        Some((first, end)) => {
            if after > 0 && first != after + 1 {
                let why = format!("{} begins with record {first}: leave --after out to continue it", folder.display());
                return Err(ArchiveError::Unfit(why));
            }
            check_position(log, end).await?;
            end
        }
    };
    let mut exporter = Exporter::new(log, from).await?;
    while let Some(range) = exporter.next_range().await? {
        let path = folder.join(name(Span { first: range.before.sequence + 1, last: range.tail().sequence }));
        let io = |what| ArchiveError::io(what, &path);
        let bytes = range.encode().map_err(io("cannot pack records for"))?;
        let partial = path.with_extension("partial");
        let mut out = File::create(&partial).map_err(io("cannot create"))?;
        out.write_all(&bytes).and_then(|()| out.sync_all()).map_err(io("cannot write"))?;
        std::fs::rename(&partial, &path).map_err(io("cannot rename"))?;
        sync_folder(folder)?;
        progress(range.tail().sequence);
    }
    Ok(exporter.at())
}

/// The first record of a folder and the place behind the last that leads from it without a gap; `None` where nothing is.
///
/// # Errors
/// `OtherLog`, `Damaged`, `Io`.
pub fn reach(log: &LogId, folder: &Path) -> Result<Option<(u64, Tail)>, ArchiveError> {
    let (chosen, _) = follow(&spans(folder)?);
    let (Some(first), Some(last)) = (chosen.first(), chosen.last()) else { return Ok(None) };
    let path = folder.join(name(*last));
    let mut file = File::open(&path).map_err(ArchiveError::io("cannot open", &path))?;
    let place = path.display().to_string();
    match read_block(&mut file, &place)? {
        Some(Block::Records(range)) if range.log != *log => {
            Err(ArchiveError::OtherLog { place, expected: log.to_string(), found: range.log.to_string() })
        }
        Some(Block::Records(range)) => Ok(Some((first.first, range.tail()))),
        _ => Err(ArchiveError::Damaged { place, reason: "it holds no records".to_owned() }),
    }
}

fn sync_folder(folder: &Path) -> Result<(), ArchiveError> {
    let synced = File::open(folder).and_then(|folder| folder.sync_all());
    synced.map_err(ArchiveError::io("cannot write", folder))
}
