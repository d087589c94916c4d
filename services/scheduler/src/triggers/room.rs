//! How full the trigger stream is: a full one refuses publishers, who are told so by NATS, and operators by this.

use std::{convert::Infallible, time::Duration};

use async_nats::jetstream::stream::{Config, State, Stream};

use super::nats::TRIGGER_STREAM;
use crate::{limits, metrics::Metrics};

/// Looks now and then, and says when there is little room, and when there is room again. Ends with whoever waits for it.
pub(super) async fn watch(stream: &Stream, metrics: &Metrics) -> Infallible {
    let mut watched = Watched::default();
    let mut looks = tokio::time::interval(limits::ROOM_INTERVAL);
    loop {
        looks.tick().await;
        // A NATS that is away is said by those who read messages.
        let Ok(info) = stream.get_info().await else { continue };
        metrics.waiting(info.state.messages, info.state.bytes);
        match watched.look(&info.config, &info.state, limits::ROOM_INTERVAL) {
            Some(Said::Little(how)) => tracing::warn!(
                "the stream {TRIGGER_STREAM} is {how}: once it is full, publishers are refused until schedulers have settled messages"
            ),
            Some(Said::Enough) => tracing::info!("the stream {TRIGGER_STREAM} has room again"),
            None => {}
        }
    }
}

/// What is to be said after a look.
#[derive(Debug, PartialEq, Eq)]
enum Said {
    Little(String),
    Enough,
}

/// What was said, and for how long nothing was.
#[derive(Debug, Default)]
struct Watched {
    little: bool,
    silent: Duration,
}

impl Watched {
    /// The stream is so full; the look before was so long ago.
    fn look(&mut self, config: &Config, state: &State, since: Duration) -> Option<Said> {
        let how = little_room(config, state);
        self.silent += since;
        let was_little = std::mem::replace(&mut self.little, how.is_some());
        match how {
            Some(how) if !was_little || self.silent >= limits::COUNTS_INTERVAL => {
                self.silent = Duration::ZERO;
                Some(Said::Little(how))
            }
            None if was_little => Some(Said::Enough),
            _ => None,
        }
    }
}

/// The limit that is nearly reached, in words; limits that are not set are negative.
fn little_room(config: &Config, state: &State) -> Option<String> {
    let counted = [("bytes", state.bytes, config.max_bytes), ("messages", state.messages, config.max_messages)];
    counted.into_iter().find_map(|(unit, there, most)| {
        let most = u64::try_from(most).ok().filter(|most| *most > 0)?;
        let percent = there.saturating_mul(100) / most;
        (percent >= limits::LITTLE_ROOM_PERCENT).then(|| format!("{percent} % full ({there} of {most} {unit})"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(messages: u64, bytes: u64) -> State {
        serde_json::from_value(serde_json::json!({
            "messages": messages, "bytes": bytes, "first_seq": 1, "first_ts": "2026-01-01T00:00:00Z",
            "last_seq": messages, "last_ts": "2026-01-01T00:00:00Z", "consumer_count": 1, "num_subjects": 1
        }))
        .unwrap()
    }

    #[test]
    fn any_limit_may_be_the_one_that_is_reached() {
        let config = |max_bytes, max_messages| Config { max_bytes, max_messages, ..Config::default() };
        for (config, state, said) in [
            (config(1_000, -1), state(5, 899), None),
            (config(1_000, -1), state(5, 900), Some("90 % full (900 of 1000 bytes)")),
            (config(1_000, 20), state(20, 400), Some("100 % full (20 of 20 messages)")),
            (config(-1, -1), state(u64::MAX, u64::MAX), None),
        ] {
            assert_eq!(little_room(&config, &state).as_deref(), said);
        }
    }

    #[test]
    fn it_is_said_at_once_then_now_and_then_and_its_end_once() {
        let config = Config { max_messages: 10, max_bytes: -1, ..Config::default() };
        let mut watched = Watched::default();
        let mut look = |messages| watched.look(&config, &state(messages, 0), Duration::from_secs(10));
        assert_eq!(look(1), None);
        assert!(matches!(look(10), Some(Said::Little(_))));
        let later: Vec<Option<Said>> = (0..6).map(|_| look(10)).collect();
        assert!(later[..5].iter().all(Option::is_none) && matches!(later[5], Some(Said::Little(_))), "{later:?}");
        assert_eq!((look(2), look(2)), (Some(Said::Enough), None));
    }
}
