//! Which traces are told. Every process decides the same of the same trace, because only its id and the settings count.

/// As `OTEL_TRACES_SAMPLER` says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Sampler {
    /// What begins here: so much of it, 0 to 1.
    share: f64,
    /// What somebody else began is told if they tell it.
    by_parent: bool,
}

/// How many values the random part of an id has.
const ALL: f64 = (1_u64 << 56) as f64;

impl Sampler {
    /// # Errors
    /// In words.
    pub(super) fn read(name: Option<&str>, argument: Option<&str>) -> Result<Self, String> {
        let name = name.unwrap_or("parentbased_always_on");
        let (by_parent, kind) = match name.strip_prefix("parentbased_") {
            Some(rest) => (true, rest),
            None => (false, name),
        };
        let share = match kind {
            "always_on" => 1.0,
            "always_off" => 0.0,
            "traceidratio" => match argument.unwrap_or("1").parse::<f64>() {
                Ok(share) if (0.0..=1.0).contains(&share) => share,
                _ => return Err("OTEL_TRACES_SAMPLER_ARG has to be a share from 0 to 1".to_owned()),
            },
            _ => {
                return Err(format!(
                    "OTEL_TRACES_SAMPLER is `{}`; it can be always_on, always_off or traceidratio, each also with parentbased_ before it",
                    name.escape_debug()
                ));
            }
        };
        Ok(Self { share, by_parent })
    }

    /// Whether a trace is told that begins with us: a run's, or one of our own.
    pub(super) fn takes(self, trace: &[u8; 16]) -> bool {
        // The last seven bytes: of ids that are UUIDs, those before are not all random.
        let random = trace[9..].iter().fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
        (random as f64) < self.share * ALL
    }

    /// Whether a trace is told that somebody else began.
    pub(super) fn follows(self, trace: &[u8; 16], they_do: bool) -> bool {
        if self.by_parent { they_do } else { self.takes(trace) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_kept_also_of_ids_that_are_uuids() {
        let ids: Vec<[u8; 16]> = (0..4_000).map(|_| *uuid::Uuid::new_v4().as_bytes()).collect();
        for (name, share, least, most) in
            [("always_on", "", 4_000, 4_000), ("always_off", "", 0, 0), ("traceidratio", "0.25", 800, 1_200)]
        {
            let sampler = Sampler::read(Some(name), Some(share)).unwrap();
            let taken = ids.iter().filter(|id| sampler.takes(id)).count();
            assert!((least..=most).contains(&taken), "{name} {share}: {taken}");
        }
    }

    #[test]
    fn what_others_began_is_told_as_they_do_unless_a_share_of_all_is_wanted() {
        let id = [1; 16];
        for (name, they_do, expected) in [
            (None, true, true),
            (None, false, false),
            (Some("parentbased_always_off"), true, true),
            (Some("always_on"), false, true),
            (Some("always_off"), true, false),
        ] {
            assert_eq!(Sampler::read(name, None).unwrap().follows(&id, they_do), expected, "{name:?} {they_do}");
        }
    }
}
