//! Messages of MongoDB's wire protocol (OP_MSG): one document there, one back. Knows nothing of what they say.

use std::io;

use bson::{RawDocumentBuf, raw::RawDocument};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::errors::Fault;
use crate::dial::Open;

const OP_MSG: u32 = 2013;
const HEAD_BYTES: usize = 16;
/// Flags: a checksum follows; another message follows without being asked for.
const CHECKSUM: u32 = 1;
const MORE_TO_COME: u32 = 1 << 1;
/// Largest message that servers send: 48 MB and a head.
const MESSAGE_BYTES_MAX: usize = 48_000_000 + 16 * 1024;

pub(super) async fn write(open: &mut Open, number: u32, body: &RawDocument) -> io::Result<()> {
    let body = body.as_bytes();
    let length = HEAD_BYTES + 5 + body.len();
    let mut message = Vec::with_capacity(length);
    for word in [length as u32, number, 0, OP_MSG, 0] {
        message.extend_from_slice(&word.to_le_bytes());
    }
    // A section that is one document.
    message.push(0);
    message.extend_from_slice(body);
    open.line.write_all(&message).await?;
    open.line.flush().await
}

/// Reads the answer to the message of that number.
pub(super) async fn read(open: &mut Open, number: u32) -> Result<RawDocumentBuf, Fault> {
    let mut head = [0; HEAD_BYTES];
    open.line.read_exact(&mut head).await?;
    let word = |place: usize| u32::from_le_bytes([head[place], head[place + 1], head[place + 2], head[place + 3]]);
    let length = word(0) as usize;
    if word(12) != OP_MSG || word(8) != number || !(HEAD_BYTES..=MESSAGE_BYTES_MAX).contains(&length) {
        return Err(Fault::Strange("it does not speak the protocol of MongoDB (OP_MSG)".to_owned()));
    }
    // It grows as bytes come, not by what the server says will come.
    let (mut rest, wanted) = (Vec::new(), length - HEAD_BYTES);
    let read = (&mut open.line).take(wanted as u64).read_to_end(&mut rest).await?;
    if read < wanted {
        return Err(Fault::Line(io::ErrorKind::UnexpectedEof.into()));
    }
    let body = body(&rest).ok_or_else(|| Fault::Strange("a message is none of the protocol of MongoDB".to_owned()))?;
    RawDocumentBuf::from_bytes(body.to_vec()).map_err(|_| Fault::Strange("an answer is no document".to_owned()))
}

/// The only document behind the head.
fn body(rest: &[u8]) -> Option<&[u8]> {
    let (flags, rest) = rest.split_first_chunk::<4>()?;
    let flags = u32::from_le_bytes(*flags);
    let rest = if flags & CHECKSUM == 0 { rest } else { rest.get(..rest.len().checked_sub(4)?)? };
    match rest.split_first()? {
        (0, body) if flags & MORE_TO_COME == 0 => Some(body),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::body;

    #[test]
    fn bodies_are_taken_out_and_broken_ones_are_refused() {
        for (rest, expected) in [
            (b"\0\0\0\0\0abc".as_slice(), Some(b"abc".as_slice())),
            (b"\x01\0\0\0\0abcSUMS", Some(b"abc")),
            (b"\x02\0\0\0\0abc", None),
            (b"\0\0\0\0\x01abc", None),
            (b"\x01\0\0\0\0ab", None),
            (b"\0\0\0\0", None),
            (b"\0\0", None),
        ] {
            assert_eq!(body(rest), expected, "{rest:?}");
        }
    }
}
