//! Events of OpenLineage as lines of JSON at the end of a file.
//!
//! Promises: what was appended is on the disk; a line that was cut off by a crash or a full disk is taken away before the next one, so that
//! every line of the file is an event. Nothing that is not ours is taken away. The file is opened anew each time: whoever
//! moves it away finds the next events in a new one. Blocks.

use std::{
    fs::{File, OpenOptions},
    io::{Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

use super::Message;
use crate::{error::Error, limits};

/// How every one of our lines begins.
const BEGINNING: &[u8] = b"{\"eventType\":";

/// A file of lines.
pub(super) struct LinesFile {
    path: PathBuf,
}

impl LinesFile {
    pub(super) fn new(path: &Path) -> Self {
        Self { path: path.to_owned() }
    }

    /// Appends in this order.
    ///
    /// # Errors
    /// `Folder`; `Outgoing` where the file holds something that is not ours. Some lines may be there, and come again when they are given again.
    pub(super) fn append(&mut self, messages: &[Message]) -> Result<(), Error> {
        let failed = || Error::folder("append events of OpenLineage to", &self.path);
        let new = !self.path.exists();
        // Not in append mode, since the end may move; there is one writer.
        let opened = OpenOptions::new().create(true).truncate(false).read(true).write(true).open(&self.path);
        let mut file = opened.map_err(failed())?;
        if !file.metadata().map_err(failed())?.is_file() {
            return Err(self.foreign("is no file"));
        }
        let end = self.whole(&mut file)?;
        let mut lines = Vec::new();
        for message in messages {
            lines.extend_from_slice(&message.body);
            lines.push(b'\n');
        }
        let written = file
            .set_len(end)
            .and_then(|()| file.seek(SeekFrom::Start(end)))
            .and_then(|_| file.write_all(&lines))
            .and_then(|()| file.sync_data());
        written.map_err(failed())?;
        match self.path.parent().filter(|folder| new && !folder.as_os_str().is_empty()) {
            Some(folder) => File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed()),
            None => Ok(()),
        }
    }

    /// Where the last whole line ends.
    fn whole(&self, file: &mut File) -> Result<u64, Error> {
        let failed = || Error::folder("read", &self.path);
        let length = file.seek(SeekFrom::End(0)).map_err(failed())?;
        let looked_at = length.min(limits::OPENLINEAGE_EVENT_BYTES_MAX as u64 + 1);
        file.seek(SeekFrom::Start(length - looked_at)).map_err(failed())?;
        let mut tail = Vec::new();
        file.take(looked_at).read_to_end(&mut tail).map_err(failed())?;
        if tail.is_empty() || tail.last() == Some(&b'\n') {
            return Ok(length);
        }
        let begins = tail.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let torn = &tail[begins..];
        // The whole of it was looked at, unless it is longer than any of ours.
        let seen = begins > 0 || looked_at == length;
        let same = torn.len().min(BEGINNING.len());
        if !seen || torn[..same] != BEGINNING[..same] {
            return Err(self.foreign("ends with a line that is not ours and has no end"));
        }
        tracing::warn!(file = %self.path.display(), bytes = torn.len(), "an event of OpenLineage was cut off; it comes again");
        Ok(length - torn.len() as u64)
    }

    fn foreign(&self, what: &str) -> Error {
        let reason = format!("{} {what}; give another file with --openlineage-file", self.path.display());
        Error::Outgoing { to: "OpenLineage", reason }
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    fn event(number: u32) -> Message {
        let body = Bytes::from(format!("{{\"eventType\":\"START\",\"number\":{number}}}"));
        Message { id: number.to_string(), subject: String::new(), attributes: Vec::new(), body }
    }

    fn line(number: u32) -> String {
        format!("{{\"eventType\":\"START\",\"number\":{number}}}\n")
    }

    #[test]
    fn lines_come_after_each_other_and_one_that_was_cut_off_is_taken_away() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("events.jsonl");
        let mut file = LinesFile::new(&path);
        let text = || std::fs::read_to_string(&path).unwrap();
        file.append(&[event(1), event(2)]).unwrap();
        assert_eq!(text(), line(1) + &line(2));
        for cut in 1..line(3).len() {
            std::fs::write(&path, line(1) + &line(3)[..cut]).unwrap();
            file.append(&[event(4)]).unwrap();
            assert_eq!(text(), line(1) + &line(4), "cut after {cut} bytes");
        }
        std::fs::write(&path, &line(3)[..20]).unwrap();
        file.append(&[event(4)]).unwrap();
        assert_eq!(text(), line(4));
        // Whoever moves it away gets a new one.
        std::fs::rename(&path, folder.path().join("old")).unwrap();
        file.append(&[event(5)]).unwrap();
        assert_eq!(text(), line(5));
    }

    #[test]
    fn nothing_that_is_not_ours_is_taken_away() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notes");
        let long = "x".repeat(limits::OPENLINEAGE_EVENT_BYTES_MAX * 2);
        for text in ["my notes", "a\nb", &long, &format!("{{\"eventType\":{long}")] {
            std::fs::write(&path, text).unwrap();
            let refused = LinesFile::new(&path).append(&[event(1)]).unwrap_err().to_string();
            assert!(refused.contains("not ours") && refused.contains("--openlineage-file"), "{refused}");
            assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
        }
        let folder = LinesFile::new(folder.path()).append(&[event(1)]).unwrap_err().to_string();
        assert!(folder.contains("cannot append events of OpenLineage to"), "{folder}");
    }
}
