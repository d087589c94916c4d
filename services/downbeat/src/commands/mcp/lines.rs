//! Lines of bytes, in and out, on threads of their own: neither a slow reader nor a silent writer stops anything else.
//!
//! Promises: a line that is longer than it may be is dropped without being kept; lines of several writers never mix.

use std::io::{self, BufRead, BufReader, Read, Write};

use tokio::sync::{mpsc, oneshot};

/// Bytes of a line that comes in: the gateway takes no larger message.
pub(super) const LINE_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Lines that wait to be looked at.
const LINES_WAITING: usize = 4;
/// Answers that wait to be written.
const ANSWERS_WAITING: usize = 64;

/// What came in.
#[derive(Debug)]
pub(super) enum Line {
    /// Without its end.
    Whole(Vec<u8>),
    /// It has more than [`LINE_BYTES_MAX`].
    TooLong,
    /// Nothing more comes, though it has not ended.
    Failed(io::Error),
}

/// Reads lines until the end.
pub(super) fn input(from: impl Read + Send + 'static) -> mpsc::Receiver<Line> {
    let (sender, receiver) = mpsc::channel(LINES_WAITING);
    std::thread::spawn(move || {
        let mut from = BufReader::new(from);
        while let Some(line) = next(&mut from, LINE_BYTES_MAX) {
            let over = matches!(line, Line::Failed(_));
            if sender.blocking_send(line).is_err() || over {
                break;
            }
        }
    });
    receiver
}

fn next(from: &mut impl BufRead, most: usize) -> Option<Line> {
    let mut line = Vec::new();
    // One byte more, so that what is too long is known, and its end.
    let count = match from.by_ref().take(most as u64 + 1).read_until(b'\n', &mut line) {
        Ok(count) => count,
        Err(error) => return Some(Line::Failed(error)),
    };
    if line.ends_with(b"\n") {
        line.pop();
        return Some(Line::Whole(line));
    }
    match count {
        0 => None,
        count if count <= most => Some(Line::Whole(line)),
        _ => match from.skip_until(b'\n') {
            Ok(_) => Some(Line::TooLong),
            Err(error) => Some(Line::Failed(error)),
        },
    }
}

/// Where answers go.
#[derive(Clone, Debug)]
pub(super) struct Output(mpsc::Sender<Said>);

#[derive(Debug)]
enum Said {
    Line(Vec<u8>),
    /// Nothing more comes; who hears that all is written.
    End(oneshot::Sender<()>),
}

/// Writes lines until somebody says that it is over, or nobody reads any more.
pub(super) fn output(mut to: impl Write + Send + 'static) -> Output {
    let (sender, mut receiver) = mpsc::channel(ANSWERS_WAITING);
    std::thread::spawn(move || {
        while let Some(said) = receiver.blocking_recv() {
            match said {
                Said::Line(mut line) => {
                    line.push(b'\n');
                    if to.write_all(&line).and_then(|()| to.flush()).is_err() {
                        break;
                    }
                }
                Said::End(heard) => {
                    // Nobody may wait for it any more.
                    let _ = heard.send(());
                    break;
                }
            }
        }
    });
    Output(sender)
}

impl Output {
    /// Writes a line, given without its end. Where nobody reads any more, it is gone.
    pub(super) async fn say(&self, line: Vec<u8>) {
        let _ = self.0.send(Said::Line(line)).await;
    }

    /// Waits until nobody reads any more.
    pub(super) async fn closed(&self) {
        self.0.closed().await;
    }

    /// Waits until everything is written.
    pub(super) async fn end(&self) {
        let (sender, receiver) = oneshot::channel();
        if self.0.send(Said::End(sender)).await.is_ok() {
            let _ = receiver.await;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    #[test]
    fn lines_come_one_by_one_and_one_that_is_too_long_takes_nothing_along() {
        let mut from: &[u8] = b"{}\n\n12345678\n123456789\nab\r\n1234567890123\nlast";
        let mut lines = Vec::new();
        while let Some(line) = next(&mut from, 8) {
            lines.push(match line {
                Line::Whole(line) => String::from_utf8(line).unwrap(),
                Line::TooLong => "too long".to_owned(),
                Line::Failed(error) => panic!("{error}"),
            });
        }
        assert_eq!(lines, ["{}", "", "12345678", "too long", "ab\r", "too long", "last"]);
    }

    #[tokio::test]
    async fn an_input_that_cannot_be_read_ends() {
        struct Broken;
        impl Read for Broken {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(io::Error::other("torn"))
            }
        }
        let mut lines = input(Broken);
        assert!(matches!(lines.recv().await, Some(Line::Failed(error)) if error.to_string() == "torn"));
        assert!(lines.recv().await.is_none());
    }

    /// Keeps what is written, until it is full.
    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<u8>>>);

    impl Write for Kept {
        fn write(&mut self, data: &[u8]) -> io::Result<usize> {
            let mut kept = self.0.lock().unwrap();
            if kept.len() + data.len() > 20 {
                return Err(io::ErrorKind::BrokenPipe.into());
            }
            kept.extend_from_slice(data);
            Ok(data.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[tokio::test]
    async fn everything_is_written_before_the_end_and_nobody_waits_for_a_reader_who_is_gone() {
        let kept = Kept::default();
        let out = output(kept.clone());
        for line in ["one", "two"] {
            out.say(line.into()).await;
        }
        out.end().await;
        assert_eq!(*kept.0.lock().unwrap(), b"one\ntwo\n");

        let out = output(kept);
        for _ in 0..ANSWERS_WAITING * 2 {
            out.say(b"a longer line".to_vec()).await;
        }
        out.closed().await;
        out.end().await;
    }
}
