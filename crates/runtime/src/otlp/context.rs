//! Where something belongs: its trace and its span, as `traceparent` of W3C Trace Context writes it.
//!
//! Ids of what has a name of its own (a run, an attempt) are derived from it by whoever knows names; here they are only carried. What comes in
//! is hostile: it is read in one form and of one length.

use std::fmt;

/// A span of a trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Context {
    /// Id of the trace.
    pub trace: [u8; 16],
    /// Id of the span.
    pub span: [u8; 8],
    /// Whether its spans are told.
    pub sampled: bool,
}

tokio::task_local! {
    static CURRENT: Option<Context>;
}

/// What is being done now, as far as somebody said so with [`within`].
pub fn current() -> Option<Context> {
    CURRENT.try_with(|context| *context).ok().flatten()
}

/// Does it as part of this span: what is logged meanwhile says so.
pub fn within<F: Future>(context: Option<Context>, work: F) -> impl Future<Output = F::Output> {
    CURRENT.scope(context, work)
}

impl Context {
    /// Reads a `traceparent`. `None`: it is none, or of ids that mean nothing.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        // Versions to come may add parts behind; this one has none, and `ff` never is a version.
        let (version, rest) = (text.get(..2)?, text.get(2..)?);
        let later = version != "00";
        if version == "ff" || bytes::<1>(version).is_none() || (!later && text.len() != 55) || text.len() > 128 {
            return None;
        }
        let mut parts = rest.strip_prefix('-')?.split('-');
        let (trace, span, flags) =
            (bytes::<16>(parts.next()?)?, bytes::<8>(parts.next()?)?, bytes::<1>(parts.next()?)?);
        let means_something = trace != [0; 16] && span != [0; 8];
        means_something.then_some(Self { trace, span, sampled: flags[0] & 1 == 1 })
    }

    /// A span below this one that is always called the same: told again, it is the same span.
    #[must_use]
    pub fn child(self, what: &str) -> Self {
        let mut hasher = blake3::Hasher::new_derive_key("downbeat span below another v1");
        hasher.update(&self.trace).update(&self.span).update(what.as_bytes());
        let mut span = [0; 8];
        span.copy_from_slice(&hasher.finalize().as_bytes()[..8]);
        Self { span, ..self }
    }

    /// A span below this one that is like no other.
    #[must_use]
    pub fn new_child(self) -> Self {
        Self { span: random_span(), ..self }
    }
}

impl fmt::Display for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("00-")?;
        self.trace.iter().try_for_each(|byte| write!(f, "{byte:02x}"))?;
        f.write_str("-")?;
        self.span.iter().try_for_each(|byte| write!(f, "{byte:02x}"))?;
        write!(f, "-{:02x}", u8::from(self.sampled))
    }
}

pub(super) fn random_span() -> [u8; 8] {
    let mut span = [0; 8];
    // The second half of a UUID begins with its variant; the first has the version in it.
    span.copy_from_slice(&blake3::hash(uuid::Uuid::new_v4().as_bytes()).as_bytes()[..8]);
    span
}

/// So many bytes in lower-case hex.
fn bytes<const N: usize>(text: &str) -> Option<[u8; N]> {
    if text.len() != 2 * N || !text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')) {
        return None;
    }
    let mut read = [0; N];
    for (byte, digits) in read.iter_mut().zip(0..) {
        *byte = u8::from_str_radix(text.get(2 * digits..2 * digits + 2)?, 16).ok()?;
    }
    Some(read)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    #[test]
    fn a_traceparent_is_read_as_it_is_written() {
        let context = Context::parse(GOOD).unwrap();
        assert_eq!((context.to_string().as_str(), context.sampled), (GOOD, true));
        assert!(!Context::parse(&GOOD.replace("-01", "-00")).unwrap().sampled);
        assert_eq!(Context::parse(&format!("cc{}-what-the-future-brings", &GOOD[2..])), Some(context));
    }

    #[test]
    fn everything_else_is_none() {
        let long = format!("cc{}-{}", &GOOD[2..], "x".repeat(200));
        for text in [
            "",
            "00",
            "é0-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
            "00-00000000000000000000000000000000-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0",
            "00-0af7651916cd43dd8448eb211c80319-b7ad6b71692033310-01",
            &long,
        ] {
            assert_eq!(Context::parse(text), None, "{text}");
        }
    }

    #[test]
    fn below_a_span_the_same_name_is_the_same_span() {
        let context = Context::parse(GOOD).unwrap();
        assert_eq!(context.child("start"), context.child("start"));
        assert_eq!(context.child("start").trace, context.trace);
        let different =
            [context.span, context.child("start").span, context.child("poll").span, context.new_child().span];
        let set: std::collections::BTreeSet<[u8; 8]> = different.into_iter().collect();
        assert_eq!(set.len(), different.len());
    }

    #[tokio::test]
    async fn what_is_being_done_is_known_inside_and_nowhere_else() {
        let context = Context::parse(GOOD);
        assert_eq!(within(context, async { current() }).await, context);
        assert_eq!((within(None, async { current() }).await, current()), (None, None));
    }
}
