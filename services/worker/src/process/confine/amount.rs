//! Amounts with their units, as they stand on a command line.

use std::{fmt, str::FromStr};

/// Less than that no interpreter begins with.
const MEMORY_MIN: u64 = 16 * 1024 * 1024;
/// More than any machine has: 1 EiB would not fit into all that count it.
const MEMORY_MAX: u64 = 1 << 50;
/// In thousandths.
const CORES_MAX: u64 = 1024 * 1000;

/// Bytes of memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Memory(u64);

impl Memory {
    /// Bytes.
    pub fn bytes(self) -> u64 {
        self.0
    }
}

impl FromStr for Memory {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || {
            format!(
                "{text:?} is no amount of memory: write bytes, or KiB, MiB, GiB, like 512MiB or 2GiB (at least 16MiB)"
            )
        };
        let lower = text.trim().to_ascii_lowercase();
        let digits = lower.trim_end_matches(|letter: char| !letter.is_ascii_digit());
        let unit = match lower[digits.len()..].trim() {
            "" | "b" => 1,
            "k" | "ki" | "kib" => 1 << 10,
            "m" | "mi" | "mib" => 1 << 20,
            "g" | "gi" | "gib" => 1 << 30,
            _ => return Err(wrong()),
        };
        let bytes = digits.parse::<u64>().ok().and_then(|number| number.checked_mul(unit));
        bytes.filter(|bytes| (MEMORY_MIN..=MEMORY_MAX).contains(bytes)).map(Self).ok_or_else(wrong)
    }
}

impl fmt::Display for Memory {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            bytes if bytes.is_multiple_of(1 << 30) => write!(formatter, "{} GiB", bytes >> 30),
            bytes if bytes.is_multiple_of(1 << 20) => write!(formatter, "{} MiB", bytes >> 20),
            bytes => write!(formatter, "{bytes} bytes"),
        }
    }
}

/// Cores of the machine, in thousandths.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cores(u64);

impl Cores {
    /// Microseconds of processor time in 100,000 of time.
    pub(crate) fn quota(self) -> u64 {
        self.0 * 100
    }
}

impl FromStr for Cores {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text:?} is no number of cores: write one like 0.5 or 2 (0.01 to 1024)");
        let (whole, rest) = text.trim().split_once('.').unwrap_or((text.trim(), ""));
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        if !digits(whole) || rest.len() > 3 || (text.contains('.') && !digits(rest)) {
            return Err(wrong());
        }
        let parts = (whole.parse::<u64>(), format!("{rest:0<3}").parse::<u64>());
        let (Ok(whole), Ok(rest)) = parts else { return Err(wrong()) };
        let thousandths = whole.checked_mul(1000).and_then(|whole| whole.checked_add(rest));
        thousandths.filter(|all| (10..=CORES_MAX).contains(all)).map(Self).ok_or_else(wrong)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_has_units_and_bounds() {
        for (text, bytes) in
            [("16777216", 16 << 20), ("512MiB", 512 << 20), ("2g", 2 << 30), ("1 GiB", 1 << 30), ("20480k", 20 << 20)]
        {
            assert_eq!(text.parse::<Memory>().map(Memory::bytes), Ok(bytes), "{text}");
        }
        for text in ["", "x", "MiB", "15MiB", "-1", "1.5GiB", "99999999999GiB", "1TB", "18446744073709551616"] {
            assert!(text.parse::<Memory>().unwrap_err().contains("512MiB"), "{text}");
        }
        assert_eq!("512MiB".parse::<Memory>().unwrap().to_string(), "512 MiB");
    }

    #[test]
    fn cores_may_be_parts_of_one() {
        for (text, quota) in
            [("1", 100_000), ("0.5", 50_000), ("2.25", 225_000), ("0.01", 1_000), ("1024", 102_400_000)]
        {
            assert_eq!(text.parse::<Cores>().map(Cores::quota), Ok(quota), "{text}");
        }
        for text in ["", "0", "0.001", "1.", ".5", "-1", "1.2345", "2000", "one", "1.5.2", "99999999999999999999"] {
            assert!(text.parse::<Cores>().unwrap_err().contains("0.5"), "{text}");
        }
    }
}
