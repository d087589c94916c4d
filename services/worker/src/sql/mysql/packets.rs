//! Packets of the MySQL protocol on a line, and what their fields look like. Knows nothing of what they mean.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, BufReader};

/// The payload of a part that is followed by another one.
const WHOLE_PART: usize = 0xFF_FFFF;

/// A line to a server, plain or encrypted.
pub(super) trait Line: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Line for T {}

/// Writes and reads whole packets. How much may come in all, the line decides.
pub(super) struct Packets<L> {
    line: L,
    /// Of the next packet, whoever sends it.
    number: u8,
}

/// Once it is known how the line is protected.
pub(super) type Open = Packets<BufReader<Box<dyn Line>>>;

impl<L: Line> Packets<L> {
    pub(super) fn new(line: L) -> Self {
        Self { line, number: 0 }
    }

    /// The same exchange over another line, made of this one.
    pub(super) fn into_parts(self) -> (L, u8) {
        (self.line, self.number)
    }

    /// A command begins an exchange.
    pub(super) async fn command(&mut self, command: u8, argument: &[u8]) -> io::Result<()> {
        self.number = 0;
        self.write(&[&[command], argument].concat()).await
    }

    pub(super) async fn write(&mut self, payload: &[u8]) -> io::Result<()> {
        let mut rest = payload;
        let mut bytes = Vec::with_capacity(payload.len() + 4);
        loop {
            let (part, after) = rest.split_at(rest.len().min(WHOLE_PART));
            bytes.extend_from_slice(&(part.len() as u32).to_le_bytes()[..3]);
            bytes.push(self.number);
            bytes.extend_from_slice(part);
            self.number = self.number.wrapping_add(1);
            rest = after;
            if part.len() < WHOLE_PART {
                break;
            }
        }
        self.line.write_all(&bytes).await?;
        self.line.flush().await
    }

    pub(super) async fn read(&mut self) -> io::Result<Vec<u8>> {
        let mut payload = Vec::new();
        loop {
            let mut head = [0; 4];
            self.line.read_exact(&mut head).await?;
            if head[3] != self.number {
                return Err(io::Error::new(io::ErrorKind::InvalidData, "a packet came out of its order"));
            }
            self.number = self.number.wrapping_add(1);
            let length = u32::from_le_bytes([head[0], head[1], head[2], 0]) as usize;
            // It grows as bytes come, not by what the server says will come.
            let read = (&mut self.line).take(length as u64).read_to_end(&mut payload).await?;
            if read < length {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            if length < WHOLE_PART {
                return Ok(payload);
            }
        }
    }
}

impl Open {
    pub(super) fn open(line: Box<dyn Line>, number: u8) -> Self {
        Self { line: BufReader::new(line), number }
    }
}

/// Reads the fields of one packet. `None`: it ends before the field does.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fields<'a>(pub(super) &'a [u8]);

impl<'a> Fields<'a> {
    pub(super) fn bytes(&mut self, number: usize) -> Option<&'a [u8]> {
        let (bytes, rest) = self.0.split_at_checked(number)?;
        self.0 = rest;
        Some(bytes)
    }

    pub(super) fn byte(&mut self) -> Option<u8> {
        self.bytes(1).map(|bytes| bytes[0])
    }

    /// A whole number of so many bytes, the lowest first.
    pub(super) fn fixed(&mut self, bytes: usize) -> Option<u64> {
        let bytes = self.bytes(bytes)?;
        Some(bytes.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte)))
    }

    /// A whole number that says how long it is.
    pub(super) fn number(&mut self) -> Option<u64> {
        match self.byte()? {
            0xFC => self.fixed(2),
            0xFD => self.fixed(3),
            0xFE => self.fixed(8),
            0xFB | 0xFF => None,
            small => Some(small.into()),
        }
    }

    /// Bytes after their number.
    pub(super) fn counted(&mut self) -> Option<&'a [u8]> {
        let length = self.number()?;
        self.bytes(usize::try_from(length).ok()?)
    }

    /// Bytes up to a null byte, or to the end.
    pub(super) fn up_to_null(&mut self) -> &'a [u8] {
        let end = self.0.iter().position(|byte| *byte == 0);
        let (bytes, rest) = self.0.split_at(end.unwrap_or(self.0.len()));
        self.0 = rest.get(1..).unwrap_or_default();
        bytes
    }

    /// A value of a row. `Some(None)`: NULL.
    pub(super) fn value(&mut self) -> Option<Option<&'a [u8]>> {
        if self.0.first() == Some(&0xFB) {
            self.0 = &self.0[1..];
            return Some(None);
        }
        self.counted().map(Some)
    }
}

/// Bytes before which their number stands.
pub(super) fn put_counted(packet: &mut Vec<u8>, bytes: &[u8]) {
    match bytes.len() {
        small @ 0..=0xFA => packet.push(small as u8),
        middle @ 0xFB..=0xFFFF => {
            packet.push(0xFC);
            packet.extend_from_slice(&(middle as u16).to_le_bytes());
        }
        large => {
            packet.push(0xFE);
            packet.extend_from_slice(&(large as u64).to_le_bytes());
        }
    }
    packet.extend_from_slice(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn packets_of_any_length_come_as_they_were_sent() {
        for length in [0, 1, 250, 70_000, WHOLE_PART - 1, WHOLE_PART, WHOLE_PART + 1, 2 * WHOLE_PART] {
            let (here, there) = tokio::io::duplex(1 << 20);
            let sent: Vec<u8> = (0..length).map(|place| place as u8).collect();
            let (mut here, mut there) = (Packets::new(here), Packets::new(there));
            let (written, read) = tokio::join!(here.write(&sent), there.read());
            written.unwrap();
            assert!(read.unwrap() == sent, "{length}");
            assert_eq!(here.number, there.number);
        }
    }

    #[tokio::test]
    async fn what_is_cut_off_or_out_of_order_is_an_error() {
        for bytes in [&[5, 0, 0, 0, 1, 2][..], &[1, 0, 0, 7, 1], &[1, 0]] {
            let error = Packets::new(tokio::io::join(bytes, Vec::new())).read().await.unwrap_err();
            let kinds = [io::ErrorKind::UnexpectedEof, io::ErrorKind::InvalidData];
            assert!(kinds.contains(&error.kind()), "{bytes:?}: {error}");
        }
    }

    #[test]
    fn fields_never_reach_beyond_their_packet() {
        for (bytes, number) in [
            (&[0xFA_u8][..], Some(250)),
            (&[0xFC, 1, 2], Some(0x201)),
            (&[0xFD, 1, 2, 3], Some(0x3_0201)),
            (&[0xFE, 1, 0, 0, 0, 0, 0, 0, 1], Some(1 + (1 << 56))),
            (&[0xFC, 1], None),
            (&[0xFB], None),
            (&[], None),
        ] {
            assert_eq!(Fields(bytes).number(), number, "{bytes:?}");
        }
        for length in [0, 250, 251, 65_535, 65_536] {
            let mut packet = Vec::new();
            put_counted(&mut packet, &vec![7; length]);
            assert_eq!(Fields(&packet).counted().unwrap().len(), length);
            assert_eq!(
                Fields(&packet[..packet.len() - 1]).counted().map(<[u8]>::len).is_some(),
                length == 0 && packet.len() > 1
            );
        }
        let mut fields = Fields(b"ab\0c");
        assert_eq!((fields.up_to_null(), fields.up_to_null(), fields.up_to_null()), (&b"ab"[..], &b"c"[..], &b""[..]));
    }
}
