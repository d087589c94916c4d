//! What a server answers to a query: results one after the other, each with rows or with a number of rows changed.

use serde_json::Value;

use super::errors::{Fault, Said, cut_short};
use super::packets::{Fields, Open};
use super::values::Column;

/// Of the status: another result follows.
const MORE_RESULTS: u64 = 0x0008;
/// Columns of a result, as the servers limit them.
const COLUMNS_MAX: u64 = 4096;

/// A part of an answer.
#[derive(Debug)]
pub(super) enum Part {
    /// A result with rows begins.
    Columns(Vec<String>),
    Row(Vec<Value>),
    /// A result ends.
    End {
        /// Rows that were changed; `None`: it brought rows.
        affected: Option<u64>,
        warnings: u64,
    },
}

/// An answer that is read. It must be read to its end before anything else is asked.
pub(super) struct Answer<'a> {
    packets: &'a mut Open,
    columns: Vec<Column>,
    next: Next,
}

enum Next {
    Result,
    Row,
    Nothing,
}

impl<'a> Answer<'a> {
    /// Asks.
    pub(super) async fn to(packets: &'a mut Open, query: &str) -> Result<Self, Fault> {
        packets.command(super::COM_QUERY, query.as_bytes()).await?;
        Ok(Self { packets, columns: Vec::new(), next: Next::Result })
    }

    /// The next part. `None`: that was all.
    pub(super) async fn next(&mut self) -> Result<Option<Part>, Fault> {
        let packet = match self.next {
            Next::Nothing => return Ok(None),
            Next::Result | Next::Row => self.packets.read().await?,
        };
        match (&self.next, packet.first()) {
            (_, Some(0xFF)) => {
                self.next = Next::Nothing;
                Err(Fault::Said(Said::read(&packet[1..])))
            }
            (Next::Row, Some(0xFE)) if packet.len() < 9 => self.rows_end(&packet),
            (Next::Row, _) => self.row(&packet).map(|row| Some(Part::Row(row))),
            (_, Some(0x00)) => self.changed(&packet),
            // A file of this machine: nobody gets one.
            (_, Some(0xFB)) => {
                Err(Fault::Strange("the server asks for a file of this machine (LOAD DATA LOCAL)".to_owned()))
            }
            _ => self.begins(&packet).await.map(Some),
        }
    }

    async fn begins(&mut self, packet: &[u8]) -> Result<Part, Fault> {
        let number = Fields(packet).number().filter(|number| *number <= COLUMNS_MAX).ok_or_else(cut_short)?;
        self.columns.clear();
        for _ in 0..number {
            let definition = self.packets.read().await?;
            self.columns.push(Column::read(&definition).ok_or_else(cut_short)?);
        }
        // The definitions end as rows do.
        self.packets.read().await?;
        self.next = Next::Row;
        Ok(Part::Columns(self.columns.iter().map(|column| column.name.clone()).collect()))
    }

    fn row(&self, packet: &[u8]) -> Result<Vec<Value>, Fault> {
        let mut fields = Fields(packet);
        let mut read = |column: &Column| {
            let printed = fields.value()?;
            Some(printed.map_or(Value::Null, |printed| column.value(printed)))
        };
        self.columns.iter().map(&mut read).collect::<Option<_>>().ok_or_else(cut_short)
    }

    fn rows_end(&mut self, packet: &[u8]) -> Result<Option<Part>, Fault> {
        let mut fields = Fields(&packet[1..]);
        let read = || Some((fields.fixed(2)?, fields.fixed(2)?));
        let (warnings, status) = { read }().ok_or_else(cut_short)?;
        Ok(self.ends(None, warnings, status))
    }

    fn changed(&mut self, packet: &[u8]) -> Result<Option<Part>, Fault> {
        let mut fields = Fields(&packet[1..]);
        let mut read = || {
            let affected = fields.number()?;
            // The id of the last row.
            fields.number()?;
            Some((affected, fields.fixed(2)?, fields.fixed(2)?))
        };
        let (affected, status, warnings) = read().ok_or_else(cut_short)?;
        Ok(self.ends(Some(affected), warnings, status))
    }

    fn ends(&mut self, affected: Option<u64>, warnings: u64, status: u64) -> Option<Part> {
        self.next = if status & MORE_RESULTS == 0 { Next::Nothing } else { Next::Result };
        Some(Part::End { affected, warnings })
    }
}
