//! Which projection writes a row: the last column of the table of [`super`], for those who ask by key.

/// Names of the projections that write rows at this key, or at keys that begin with it; none for a key of no projection.
pub fn writers(key: &[u8]) -> &'static [&'static str] {
    match key {
        [b'p' | b'n' | b'P' | b'd' | b'V' | b'v', ..] => &["pipelines"],
        [b'r' | b'R' | b'S', ..] => &["runs"],
        [b'T' | b'g' | b's' | b'x' | b'c' | b't', ..] => &["task_runs"],
        [b'o', ..] => &["operations", "foreign"],
        [b'X', ..] => &["foreign"],
        [b'a' | b'A', ..] => &["assets"],
        [b'l' | b'e', ..] => &["lineage"],
        [b'b' | b'B' | b'O', ..] => &["breaches"],
        [b'w' | b'W', ..] => &["alerts"],
        [b'f' | b'F' | b'k' | b'i' | b'j', ..] => &["backfills"],
        [b'y' | b'Y' | b'z' | b'Z', ..] => &["audit"],
        [b'M', b'e', ..] => &["audit"],
        [b'M', b's', ..] => &["tool_state"],
        [b'L', ..] => &["graph"],
        [b'Q', b'h' | b'c' | b's' | b't', ..] => &["quality"],
        [b'Q', b'u' | b'd', ..] => &["usage"],
        [b'C', ..] => &["costs"],
        [b'G', b'f' | b'p' | b'r' | b'w' | b'F' | b'T', ..] => &["failing"],
        [b'G', b'l' | b'b' | b'd' | b'a' | b's' | b'o' | b'i' | b'v' | b'h', ..] => &["going_on"],
        [b'D', ..] => &["durations"],
        [b'H', ..] => &["schedules"],
        [b'I', ..] => &["integrations"],
        [b'J', b'c', ..] => &["durations", "schedules", "spending", "twice"],
        [b'J', b'j' | b'w' | b's', ..] => &["twice"],
        [b'K', ..] => &["spending"],
        [b'N', b's' | b'i', ..] => &["task_runs"],
        [b'N', b'p', ..] => &["pipelines"],
        [b'N', b'o', ..] => &["operations", "foreign"],
        [b'N', b'a' | b'k', ..] => &["assets"],
        _ => &[],
    }
}
