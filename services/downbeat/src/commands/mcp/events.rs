//! Server-sent events, as far as messages come in them: the data of each, whatever the pieces that the bytes come in.

/// Takes a stream apart.
#[derive(Debug, Default)]
pub(super) struct Events {
    /// A line that has not ended.
    line: Vec<u8>,
    /// The data of an event that has not ended.
    data: Option<Vec<u8>>,
    /// The last byte was a carriage return: a line feed behind it ends the same line.
    returned: bool,
}

impl Events {
    /// Takes the next bytes; the data of the events that they end.
    pub(super) fn take(&mut self, bytes: &[u8]) -> Vec<Vec<u8>> {
        let mut ended = Vec::new();
        for byte in bytes {
            let after_return = std::mem::replace(&mut self.returned, *byte == b'\r');
            match byte {
                b'\n' if after_return => {}
                b'\n' | b'\r' => ended.extend(self.end_line()),
                byte => self.line.push(*byte),
            }
        }
        ended
    }

    /// How many bytes are kept of what has not ended.
    pub(super) fn kept(&self) -> usize {
        self.line.len() + self.data.as_ref().map_or(0, Vec::len)
    }

    fn end_line(&mut self) -> Option<Vec<u8>> {
        let line = std::mem::take(&mut self.line);
        if line.is_empty() {
            return self.data.take().filter(|data| !data.is_empty());
        }
        let value = line.strip_prefix(b"data:")?;
        let value = value.strip_prefix(b" ").unwrap_or(value);
        match &mut self.data {
            Some(data) => {
                data.push(b'\n');
                data.extend_from_slice(value);
            }
            None => self.data = Some(value.to_vec()),
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_data_of_events_comes_whole_in_whatever_pieces_the_stream_does() {
        let stream = b": hello\nid: 1\nretry: 5\ndata: {\"a\":\n\nevent: message\r\ndata:one\r\ndata: two\r\n\r\ndata:\n\ndata: half";
        let expected: [&[u8]; 2] = [b"{\"a\":", b"one\ntwo"];
        for size in 1..stream.len() {
            let mut events = Events::default();
            let found: Vec<Vec<u8>> = stream.chunks(size).flat_map(|piece| events.take(piece)).collect();
            assert_eq!(found, expected, "in pieces of {size}");
            assert_eq!(events.kept(), "data: half".len());
        }
    }
}
