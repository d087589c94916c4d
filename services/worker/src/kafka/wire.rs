//! Requests and answers of Kafka's protocol: frames, and fields of the versions before the compact ones. Knows nothing of what they mean.
//!
//! The crates with codecs of the protocol make room for as many items as an answer says that it has, before the items are there. Here what comes is
//! read as it comes: a count costs nothing.

use std::io;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::dial::Open;

/// Largest answer, in bytes, whatever the line may still bring.
const FRAME_BYTES_MAX: usize = 16 * 1024 * 1024;
/// What the client is called on the broker.
const CLIENT: &str = "downbeat";

/// A request that is written.
pub(super) struct Request(Vec<u8>);

impl Request {
    /// Of that kind and version. The line gives it its number.
    pub(super) fn new(kind: i16, version: i16) -> Self {
        Self(Vec::new()).short(kind).short(version).long(0).text(CLIENT)
    }

    pub(super) fn byte(mut self, value: u8) -> Self {
        self.0.push(value);
        self
    }

    pub(super) fn short(mut self, value: i16) -> Self {
        self.0.extend_from_slice(&value.to_be_bytes());
        self
    }

    pub(super) fn long(mut self, value: i32) -> Self {
        self.0.extend_from_slice(&value.to_be_bytes());
        self
    }

    pub(super) fn longest(mut self, value: i64) -> Self {
        self.0.extend_from_slice(&value.to_be_bytes());
        self
    }

    /// A text; longer ones than 32 KiB are cut, which no name is.
    pub(super) fn text(self, value: &str) -> Self {
        let value = &value[..value.floor_char_boundary(i16::MAX as usize)];
        let mut written = self.short(value.len() as i16);
        written.0.extend_from_slice(value.as_bytes());
        written
    }

    pub(super) fn bytes(self, value: &[u8]) -> Self {
        let mut written = self.long(value.len() as i32);
        written.0.extend_from_slice(value);
        written
    }
}

/// Sends a request and reads its answer, behind the head.
pub(super) async fn exchange(open: &mut Open, number: &mut i32, request: Request) -> io::Result<Vec<u8>> {
    *number = number.wrapping_add(1);
    let mut body = request.0;
    // Behind kind and version.
    body[4..8].copy_from_slice(&number.to_be_bytes());
    let mut frame = (body.len() as u32).to_be_bytes().to_vec();
    frame.append(&mut body);
    open.line.write_all(&frame).await?;
    open.line.flush().await?;
    let length = usize::try_from(open.line.read_i32().await?).unwrap_or(usize::MAX);
    if !(4..=FRAME_BYTES_MAX).contains(&length) {
        return Err(strange("it does not speak the protocol of Kafka: is TLS as it expects it (sslmode)?"));
    }
    let mut answer = Vec::new();
    let read = (&mut open.line).take(length as u64).read_to_end(&mut answer).await?;
    if read < length {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    if answer[..4] != number.to_be_bytes() {
        return Err(strange("an answer came out of its order"));
    }
    answer.drain(..4);
    Ok(answer)
}

/// A broker says something that the protocol does not know.
pub(super) fn strange(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

/// Reads the fields of an answer, one after the other.
pub(super) struct Fields<'a>(pub(super) &'a [u8]);

impl<'a> Fields<'a> {
    fn take(&mut self, number: usize) -> io::Result<&'a [u8]> {
        let (bytes, rest) = self.0.split_at_checked(number).ok_or_else(|| strange("an answer ends too early"))?;
        self.0 = rest;
        Ok(bytes)
    }

    fn fixed<const N: usize>(&mut self) -> io::Result<[u8; N]> {
        let bytes = self.take(N)?;
        bytes.try_into().map_err(|_| strange("an answer ends too early"))
    }

    pub(super) fn byte(&mut self) -> io::Result<u8> {
        self.fixed::<1>().map(|[byte]| byte)
    }

    pub(super) fn short(&mut self) -> io::Result<i16> {
        self.fixed().map(i16::from_be_bytes)
    }

    pub(super) fn long(&mut self) -> io::Result<i32> {
        self.fixed().map(i32::from_be_bytes)
    }

    pub(super) fn longest(&mut self) -> io::Result<i64> {
        self.fixed().map(i64::from_be_bytes)
    }

    /// A text; an absent one is empty.
    pub(super) fn text(&mut self) -> io::Result<&'a str> {
        let length = self.short()?;
        let bytes = if length < 0 { &[] } else { self.take(length as usize)? };
        std::str::from_utf8(bytes).map_err(|_| strange("a text is none"))
    }

    pub(super) fn bytes(&mut self) -> io::Result<&'a [u8]> {
        let length = self.long()?;
        if length < 0 { Ok(&[]) } else { self.take(length as usize) }
    }

    /// The number of items that follow; each of them takes at least a byte.
    pub(super) fn count(&mut self) -> io::Result<usize> {
        let count = self.long()?.max(0) as usize;
        if count > self.0.len() { Err(strange("an answer ends too early")) } else { Ok(count) }
    }

    /// Numbers of brokers; only how many there are matters.
    pub(super) fn brokers(&mut self) -> io::Result<usize> {
        let count = self.count()?;
        self.take(count * 4)?;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_read_and_what_ends_too_early_is_refused() {
        let whole = b"\x07\0\x02ab\xff\xff\0\0\0\x01c\0\0\0\x02\0\0\0\x01\0\0\0\x02";
        let read = |bytes: &[u8]| -> io::Result<_> {
            let mut fields = Fields(bytes);
            let byte = fields.byte()?;
            let texts = (fields.text()?.to_owned(), fields.text()?.to_owned());
            Ok((byte, texts, fields.bytes()?.to_vec(), fields.brokers()?))
        };
        assert_eq!(read(whole).unwrap(), (7, ("ab".to_owned(), String::new()), b"c".to_vec(), 2));
        for length in 0..whole.len() {
            assert!(read(&whole[..length]).is_err(), "{length}");
        }
        assert!(Fields(b"\x7f\xff\xff\xff").count().is_err(), "items that are not there");
        assert_eq!(Fields(b"\xff\xff\xff\xff").count().unwrap(), 0);
    }
}
