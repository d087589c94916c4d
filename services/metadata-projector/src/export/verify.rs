//! Is a file as it was written?
//!
//! Promises: one pass, line by line, whatever the size; every fault is told with the line at which it shows. What it cannot tell: a file that
//! somebody who knows this form wrote anew from end to end is in itself without fault; its end hash is another one, and the log says otherwise.

use std::io::{self, BufRead, Read};

use downbeat_event_log::Hash;
use serde_json::{Map, Value};

use super::{Header, begin_of, chained};
use crate::limits;

/// Something is wrong with a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Where it shows, counted from 1 as editors do.
    pub line: u64,
    /// What.
    pub what: String,
}

/// What a file turned out to be.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    /// What it is about; `None` where the first line does not say.
    pub header: Option<Header>,
    /// Entries that it holds.
    pub entries: u64,
    /// Hash of its last line.
    pub end: Option<Hash>,
    /// At most [`limits::FAULTS_TOLD_MAX`].
    pub faults: Vec<Fault>,
}

/// A line that can be read.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) fields: Map<String, Value>,
    /// Its text without number and hashes: what it says.
    pub(super) said: String,
    n: u64,
    previous: Hash,
    hash: Hash,
    /// What it says gives the hash that it names.
    is_whole: bool,
}

impl Line {
    /// From a line without its end.
    pub(super) fn read(text: &str) -> Result<Self, String> {
        const NO_LINE: &str = "is no line of an export: it does not end in its hash";
        let (open, hash) = text.strip_suffix("\"}").and_then(|text| text.rsplit_once(",\"hash\":\"")).ok_or(NO_LINE)?;
        let hash = hash_of(hash).ok_or(NO_LINE)?;
        let body = format!("{open}}}");
        let fields: Map<String, Value> = serde_json::from_str(&body).map_err(|error| format!("is no JSON: {error}"))?;
        let n = fields.get("n").and_then(Value::as_u64).ok_or("has no number `n`")?;
        let previous = fields.get("previous").and_then(Value::as_str).and_then(hash_of);
        let previous = previous.ok_or("names no line before it in `previous`")?;
        let said = open.rsplit_once(",\"n\":").map_or(open, |(said, _)| said).to_owned();
        Ok(Self { fields, said, n, previous, hash, is_whole: chained(previous, &body) == hash })
    }

    pub(super) fn kind(&self) -> &str {
        self.fields.get("kind").and_then(Value::as_str).unwrap_or_default()
    }
}

fn hash_of(text: &str) -> Option<Hash> {
    let mut hash = [0; 32];
    if text.len() != 64 || !text.bytes().all(|digit| digit.is_ascii_digit() || (b'a'..=b'f').contains(&digit)) {
        return None;
    }
    for (byte, digits) in hash.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
    }
    Some(Hash(hash))
}

/// Reads the lines of a file, each of bounded length.
pub(super) struct Reader<R> {
    input: R,
    number: u64,
}

impl<R: BufRead> Reader<R> {
    pub(super) fn new(input: R) -> Self {
        Self { input, number: 0 }
    }

    /// The next line, with its number from 1; an inner error says why it is none.
    pub(super) fn next(&mut self) -> io::Result<Option<(u64, Result<Line, String>)>> {
        let mut bytes = Vec::new();
        let most = limits::EXPORT_LINE_BYTES_MAX as u64;
        let read = self.input.by_ref().take(most + 1).read_until(b'\n', &mut bytes)?;
        if read == 0 {
            return Ok(None);
        }
        self.number += 1;
        if bytes.pop_if(|last| *last == b'\n').is_none() {
            if read as u64 > most {
                self.skip_line()?;
                return Ok(Some((self.number, Err(format!("is longer than {most} bytes")))));
            }
            return Ok(Some((self.number, Err("is not whole: the file ends in it".to_owned()))));
        }
        let line = String::from_utf8(bytes).map_err(|_| "is no text".to_owned()).and_then(|text| Line::read(&text));
        Ok(Some((self.number, line)))
    }

    fn skip_line(&mut self) -> io::Result<()> {
        loop {
            let available = self.input.fill_buf()?;
            if available.is_empty() {
                return Ok(());
            }
            let (used, ended) = match available.iter().position(|byte| *byte == b'\n') {
                Some(place) => (place + 1, true),
                None => (available.len(), false),
            };
            self.input.consume(used);
            if ended {
                return Ok(());
            }
        }
    }
}

/// Where the chain stands.
#[derive(Debug, Default)]
struct Chain {
    /// Number, hash and place in the file of the last line that counts.
    last: Option<(u64, Hash, u64)>,
    /// Hash of the one before it.
    before: Option<Hash>,
    /// The last line could not be read, so nothing is known of its hash.
    is_broken: bool,
}

impl Chain {
    /// Takes in the next line; says what is wrong with it, and whether it is part of the chain.
    fn take_in(&mut self, place: u64, line: &Line, begin: Hash) -> Option<Fault> {
        let fault = |at: u64, what: String| Some(Fault { line: at, what });
        let own = match line.is_whole {
            true => None,
            false => fault(place, "was changed: what it says does not give its hash".to_owned()),
        };
        let (last, hash, at) = match self.last {
            Some(last) => last,
            None if !self.is_broken && line.previous != begin => {
                self.goes_on(place, line);
                return own.or_else(|| fault(place, "is not the beginning that its log gives".to_owned()));
            }
            None => {
                self.goes_on(place, line);
                return own;
            }
        };
        let found = if self.is_broken || line.previous == hash {
            None
        } else if line.n == last && line.hash != hash && self.before == Some(line.previous) {
            fault(at, "was inserted: the line behind it follows the one before it".to_owned())
        } else if line.n <= last {
            // What follows is held against the line before it.
            return own.or_else(|| fault(place, format!("was inserted or moved here: number {} after {last}", line.n)));
        } else if line.n > last + 1 {
            let (first, end, count) = (last + 1, line.n - 1, line.n - last - 1);
            fault(
                place,
                format!("does not follow the line before it: {count} lines were removed (numbers {first} to {end})"),
            )
        } else {
            fault(at, "was replaced: the line behind it follows another one".to_owned())
        };
        self.goes_on(place, line);
        own.or(found)
    }

    fn goes_on(&mut self, place: u64, line: &Line) {
        self.before = self.last.map(|(_, hash, _)| hash);
        self.last = Some((line.n, line.hash, place));
        self.is_broken = false;
    }
}

/// Reads a file from its beginning to its end.
///
/// # Errors
/// It cannot be read.
pub fn verify(input: impl BufRead) -> io::Result<Verdict> {
    let mut reader = Reader::new(input);
    let mut verdict = Verdict { header: None, entries: 0, end: None, faults: Vec::new() };
    let (mut chain, mut trailer, mut places) = (Chain::default(), None, 0);
    while let Some((place, line)) = reader.next()? {
        places = place;
        if trailer.is_some() {
            tell(&mut verdict, place, "stands behind the end of the export");
            continue;
        }
        let line = match line {
            Ok(line) => line,
            Err(why) => {
                tell(&mut verdict, place, &why);
                chain.is_broken = true;
                continue;
            }
        };
        if place == 1 {
            match Header::read(&line.fields) {
                Ok(header) => verdict.header = Some(header),
                Err(why) => {
                    tell(&mut verdict, place, &why);
                    return Ok(verdict);
                }
            }
        }
        let begin = verdict.header.as_ref().map_or(Hash([0; 32]), |header| begin_of(&header.log_id));
        if let Some(fault) = chain.take_in(place, &line, begin) {
            tell(&mut verdict, fault.line, &fault.what);
        }
        verdict.end = Some(line.hash);
        match line.kind() {
            "entry" => verdict.entries += 1,
            "trailer" => trailer = Some((place, line)),
            "header" if place == 1 => {}
            _ => tell(&mut verdict, place, "is neither an entry nor the end"),
        }
    }
    match trailer {
        None => tell(&mut verdict, places + 1, "the end is missing: the last line is no trailer"),
        Some((place, line)) => {
            let counted = line.fields.get("entries").and_then(Value::as_u64);
            if counted != Some(verdict.entries) && verdict.faults.is_empty() {
                let what = format!("counts {} entries, but there are {}", counted.unwrap_or_default(), verdict.entries);
                tell(&mut verdict, place, &what);
            }
        }
    }
    Ok(verdict)
}

fn tell(verdict: &mut Verdict, line: u64, what: &str) {
    if verdict.faults.len() < limits::FAULTS_TOLD_MAX {
        verdict.faults.push(Fault { line, what: what.to_owned() });
    }
}
