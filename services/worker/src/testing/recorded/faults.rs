//! How a server misbehaves, drawn from a seed or asked for. Pure.

/// What goes wrong with one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Nothing.
    None,
    /// 500, and nothing was done.
    ErrorBefore,
    /// It was done, and then 500.
    ErrorAfter,
    /// The connection is closed, and nothing was done.
    SilentBefore,
    /// It was done, and the connection is closed.
    SilentAfter,
    /// 429 with Retry-After, and nothing was done.
    Limited,
    /// It was done, and the answer is cut off in the middle.
    Malformed,
    /// It was done twice, as when something between repeats a request.
    Twice,
    /// It takes a while.
    Slow,
}

const ALL: [Fault; 8] = [
    Fault::ErrorBefore,
    Fault::ErrorAfter,
    Fault::SilentBefore,
    Fault::SilentAfter,
    Fault::Limited,
    Fault::Malformed,
    Fault::Twice,
    Fault::Slow,
];

/// Which requests a fault meets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum On {
    /// What starts a job.
    Start,
    /// What looks for a job by its token.
    Find,
    /// What looks at a job.
    Poll,
    /// What ends a job.
    Cancel,
    /// Anything else: signing in, results, lists.
    Other,
}

/// What goes wrong, and how jobs go.
#[derive(Debug, Clone, Default)]
pub struct Plan {
    /// Draws faults, one for about every third request; 0 = none.
    pub seed: u64,
    /// Meets the first requests of a kind, in this order, whatever the seed.
    pub first: Vec<(On, Fault)>,
    /// The job is over before anybody looks.
    pub at_once: bool,
    /// The job fails.
    pub fails: bool,
    /// The job goes on until somebody asks for its end.
    pub endless: bool,
    /// Looks that a cancel takes to come true.
    pub cancel_looks: u32,
    /// Items of a page, in lists that come in pages; 0 = all there are.
    pub page: usize,
    /// Jobs of others that are in the lists before ours.
    pub foreign: usize,
}

impl Plan {
    /// The fault of request number `count` (from 0). `twice`: whether the API survives being asked twice.
    pub(crate) fn draw(&mut self, on: On, count: u64, twice: bool) -> Fault {
        if let Some(at) = self.first.iter().position(|(first, _)| *first == on) {
            return self.first.remove(at).1;
        }
        if self.seed == 0 {
            return Fault::None;
        }
        let hash = blake3::hash(&[self.seed.to_le_bytes(), count.to_le_bytes()].concat());
        let [first, second, ..] = hash.as_bytes();
        let fault = ALL[usize::from(*second) % ALL.len()];
        if first % 3 != 0 || (fault == Fault::Twice && !twice) { Fault::None } else { fault }
    }
}
