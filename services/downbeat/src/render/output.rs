//! Standard output and the terminal behind it: whether it shows colours, how wide it is, and whether anyone still reads.

use std::io::{ErrorKind, IsTerminal, Write as _};

use downbeat_dialect::report::Look;

use crate::error::Error;

/// Columns of a line number and the bar behind it, left free on a terminal.
const GUTTER_COLUMNS: usize = 8;
/// The narrowest excerpt that still helps.
const NARROWEST_COLUMNS: usize = 40;

/// How a report is laid out on a stream: colours only on a terminal and without NO_COLOR, as wide as the terminal.
pub fn look(stream: &impl IsTerminal) -> Look {
    if !stream.is_terminal() {
        return Look::default();
    }
    let colour = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    let columns = crossterm::terminal::size().map_or(Look::default().columns, |(columns, _)| usize::from(columns));
    Look { colour, columns: columns.saturating_sub(GUTTER_COLUMNS).max(NARROWEST_COLUMNS) }
}

/// Width of the terminal that standard output is; `None` where it is no terminal, or one that does not know its size.
pub fn columns() -> Option<usize> {
    if !std::io::stdout().is_terminal() {
        return None;
    }
    crossterm::terminal::size().ok().map(|(columns, _)| usize::from(columns)).filter(|columns| *columns > 0)
}

/// Writes to standard output. A reader that has seen enough (`| head`) is no fault.
pub fn print(text: &str) -> Result<(), Error> {
    let mut output = std::io::stdout().lock();
    match output.write_all(text.as_bytes()).and_then(|()| output.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(Error::Io { what: "cannot write to standard output".to_owned(), source: error })
        }
        _ => Ok(()),
    }
}
