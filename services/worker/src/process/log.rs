//! The log of one attempt: what its processes print, and lines of the worker's own, streamed into a blob.
//!
//! Promises: constant memory; readers see a line as soon as it was taken; at most [`LOG_BYTES_MAX`] bytes, and what was dropped
//! beyond is counted in the last line; no credential that it has learnt of, in whatever pieces it comes. A log that cannot be written
//! never fails the task.

use std::{collections::VecDeque, sync::Arc};

use downbeat_runtime::blob::BlobWriter;
use serde_json::Value;
use tokio::sync::Mutex;
use tracing::warn;

use super::mask::Mask;
use crate::connections::Secret;
use crate::limits::{LOG_BYTES_MAX, LOG_TAIL_BYTES};

/// Shared by everybody who writes into one attempt's log.
#[derive(Debug, Clone)]
pub(crate) struct TaskLog(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    /// None = nobody keeps it: only its end is looked at.
    blob: Option<BlobWriter>,
    cap: u64,
    written: u64,
    dropped: u64,
    broken: bool,
    at_line_start: bool,
    tail: VecDeque<u8>,
    mask: Mask,
    /// Output that may be the beginning of a credential.
    held: Vec<u8>,
}

impl TaskLog {
    pub(crate) fn new(blob: BlobWriter) -> Self {
        Self::with_cap(Some(blob), LOG_BYTES_MAX)
    }

    /// A log that is not kept, of what is no attempt: errors show its end.
    pub(crate) fn nowhere() -> Self {
        Self::with_cap(None, LOG_BYTES_MAX)
    }

    fn with_cap(blob: Option<BlobWriter>, cap: u64) -> Self {
        Self(Arc::new(Mutex::new(State {
            blob,
            cap,
            written: 0,
            dropped: 0,
            broken: false,
            at_line_start: true,
            tail: VecDeque::new(),
            mask: Mask::default(),
            held: Vec::new(),
        })))
    }

    /// From now on these are in nothing that is said.
    pub(crate) async fn learn(&self, secrets: &[Secret]) {
        self.0.lock().await.mask.learn(secrets);
    }

    /// The text without any credential.
    pub(crate) async fn hide(&self, text: String) -> String {
        self.0.lock().await.mask.hide(text)
    }

    /// For whoever takes credentials out of something that has many texts.
    pub(crate) async fn with_mask<T>(&self, act: impl FnOnce(&Mask) -> T) -> T {
        act(&self.0.lock().await.mask)
    }

    /// The value without any credential.
    pub(crate) async fn hide_in_value(&self, value: Value) -> Value {
        self.0.lock().await.mask.hide_in_value(value)
    }

    /// Takes output of a process.
    pub(crate) async fn output(&self, data: &[u8]) {
        let mut state = self.0.lock().await;
        let State { mask, held, .. } = &mut *state;
        let certain = mask.stream(held, data);
        state.printed(&certain).await;
    }

    /// The process prints nothing more.
    pub(crate) async fn output_ended(&self) {
        self.0.lock().await.release().await;
    }

    /// Writes one line of the worker's own.
    pub(crate) async fn line(&self, text: &str) {
        let mut state = self.0.lock().await;
        let start = if state.at_line_start { "" } else { "\n" };
        let text = state.mask.hide(text.to_owned());
        state.write(format!("{start}[downbeat] {text}\n").as_bytes()).await;
    }

    /// Writes a text as it is, closed with a line end.
    pub(crate) async fn text(&self, text: &str) {
        let mut state = self.0.lock().await;
        let text = state.mask.hide_in_bytes(text.as_bytes());
        state.write(&text).await;
        if !state.at_line_start {
            state.write(b"\n").await;
        }
    }

    /// The last bytes of output since the last call of [`TaskLog::forget_tail`], as text.
    pub(crate) async fn tail(&self) -> String {
        let mut state = self.0.lock().await;
        state.release().await;
        String::from_utf8_lossy(&state.tail.iter().copied().collect::<Vec<_>>()).into_owned()
    }

    /// Another process begins: what the earlier ones printed is no longer its tail.
    pub(crate) async fn forget_tail(&self) {
        let mut state = self.0.lock().await;
        state.release().await;
        state.tail.clear();
    }

    /// Says how much was dropped, if anything was.
    pub(crate) async fn close(&self) {
        let mut state = self.0.lock().await;
        state.release().await;
        if state.dropped > 0 {
            let line = format!(
                "\n[downbeat] the log is full ({} MiB): {} further bytes of output were dropped\n",
                state.cap / (1024 * 1024),
                state.dropped
            );
            state.cap = u64::MAX;
            state.write(line.as_bytes()).await;
        }
    }
}

impl State {
    /// What was held back turned out to be no credential.
    async fn release(&mut self) {
        let rest = self.mask.rest(&mut self.held);
        if !rest.is_empty() {
            self.printed(&rest).await;
        }
    }

    async fn printed(&mut self, data: &[u8]) {
        let keep = &data[data.len().saturating_sub(LOG_TAIL_BYTES)..];
        let surplus = (self.tail.len() + keep.len()).saturating_sub(LOG_TAIL_BYTES);
        let surplus = surplus.min(self.tail.len());
        self.tail.drain(..surplus);
        self.tail.extend(keep);
        self.write(data).await;
    }

    async fn write(&mut self, data: &[u8]) {
        let room = usize::try_from(self.cap.saturating_sub(self.written)).unwrap_or(usize::MAX);
        let (taken, left) = data.split_at(room.min(data.len()));
        self.dropped += left.len() as u64;
        if taken.is_empty() || self.broken {
            return;
        }
        self.at_line_start = taken.ends_with(b"\n");
        self.written += taken.len() as u64;
        let Some(blob) = &mut self.blob else { return };
        let written = match blob.write(taken).await {
            Ok(()) => blob.flush().await,
            Err(error) => Err(error),
        };
        if let Err(error) = written {
            self.broken = true;
            warn!(%error, "a task's log cannot be written; the task goes on without");
        }
    }
}

/// The last `count` lines of a text that are not blank, joined by line ends.
pub(crate) fn last_lines(text: &str, count: usize) -> String {
    let mut lines: Vec<&str> =
        text.lines().map(str::trim_end).filter(|line| !line.is_empty()).rev().take(count).collect();
    lines.reverse();
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use downbeat_runtime::blob::{BlobKey, BlobStore};
    use uuid::Uuid;

    use super::*;

    async fn log_with_cap(folder: &std::path::Path, cap: u64) -> (TaskLog, BlobStore, BlobKey) {
        let store = BlobStore::open(folder).unwrap();
        let key = BlobKey::task_log(Uuid::nil(), Uuid::nil(), 1);
        (TaskLog::with_cap(Some(store.append(&key).await.unwrap()), cap), store, key)
    }

    #[tokio::test]
    async fn output_beyond_the_cap_is_counted_and_the_rest_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let (log, store, key) = log_with_cap(folder.path(), 10).await;
        log.output(b"12345678").await;
        log.output(b"90abcdef").await;
        log.output(b"xyz").await;
        log.close().await;
        let text = store.read(&key, 0, 1000).await.unwrap().unwrap().data;
        let text = std::str::from_utf8(&text).unwrap();
        assert!(text.starts_with("1234567890\n[downbeat] the log is full"), "{text}");
        assert!(text.contains("9 further bytes"), "{text}");
        assert_eq!(log.tail().await, "1234567890abcdefxyz");
    }

    #[tokio::test]
    async fn own_lines_begin_on_a_line_of_their_own_and_are_seen_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let (log, store, key) = log_with_cap(folder.path(), 1000).await;
        log.line("one").await;
        log.output(b"half a line").await;
        log.line("two").await;
        let text = store.read(&key, 0, 1000).await.unwrap().unwrap().data;
        assert_eq!(text, "[downbeat] one\nhalf a line\n[downbeat] two\n");
    }

    #[tokio::test]
    async fn no_credential_is_in_the_log_or_its_tail() {
        let folder = tempfile::tempdir().unwrap();
        let (log, store, key) = log_with_cap(folder.path(), 1000).await;
        log.learn(&[Secret::new("s3cret-word")]).await;
        log.output(b"the s3cr").await;
        log.line("the worker says s3cret-word").await;
        log.output(b"et-word, s3cret").await;
        log.text("a file with s3cret-word").await;
        assert_eq!(log.tail().await, "the ***, s3cret");
        log.close().await;
        let text = store.read(&key, 0, 1000).await.unwrap().unwrap().data;
        assert_eq!(text, "the \n[downbeat] the worker says ***\n***, a file with ***\ns3cret");
    }

    #[tokio::test]
    async fn the_tail_stays_small() {
        let folder = tempfile::tempdir().unwrap();
        let (log, ..) = log_with_cap(folder.path(), u64::MAX).await;
        for _ in 0..50 {
            log.output(&[b'a'; 1000]).await;
        }
        log.output(b"end").await;
        let tail = log.tail().await;
        assert!(tail.ends_with("aend") && tail.len() == LOG_TAIL_BYTES);
        assert_eq!(last_lines("a\n\nb\nc\n\n", 2), "b\nc");
    }
}
