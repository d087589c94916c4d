//! What a plain scalar means in YAML 1.1, as PyYAML's safe loading has it.

use super::Kind;

/// The value of a plain scalar, or why it has none; nothing where it is the text itself. Dates (`2024-01-01`) and `=` are texts.
pub(super) fn resolve_plain(text: &str) -> Result<Option<Kind>, String> {
    let special =
        text.is_empty() || text.starts_with(['~', 'n', 'N', 'y', 'Y', 't', 'T', 'o', 'O', 'f', 'F', '.', '-', '+']);
    if !special && !text.starts_with(|first: char| first.is_ascii_digit()) {
        return Ok(None);
    }
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Ok(Some(Kind::Null)),
        "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => return Ok(Some(Kind::Bool(true))),
        "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => return Ok(Some(Kind::Bool(false))),
        _ => {}
    }
    let (sign, magnitude) = match text.as_bytes() {
        [b'-', ..] => (-1, &text[1..]),
        [b'+', ..] => (1, &text[1..]),
        _ => (1, text),
    };
    if matches!(magnitude, ".inf" | ".Inf" | ".INF") || matches!(text, ".nan" | ".NaN" | ".NAN") {
        return Err(format!("`{text}` is no number that JSON can carry"));
    }
    if !magnitude.starts_with(|first: char| first.is_ascii_digit() || first == '.') {
        return Ok(None);
    }
    if let Some(integer) = integer(sign, magnitude) {
        let too_large = || format!("the number `{text}` does not fit into 64 bits; put it in quotes if it is a text");
        let integer = i64::try_from(integer.ok_or_else(too_large)?).map_err(|_| too_large())?;
        return Ok(Some(Kind::Integer(integer)));
    }
    if let Some(decimal) = decimal(magnitude) {
        let decimal = if sign < 0 { -decimal } else { decimal };
        let too_large = || format!("the number `{text}` is too large; put it in quotes if it is a text");
        return if decimal.is_finite() { Ok(Some(Kind::Decimal(decimal))) } else { Err(too_large()) };
    }
    Ok(None)
}

/// An integer in any notation of YAML 1.1; the inner `None` means more than 128 bits.
fn integer(sign: i128, magnitude: &str) -> Option<Option<i128>> {
    let digits = |text: &str, radix: u32| {
        let plain: String = text.chars().filter(|character| *character != '_').collect();
        let valid = !text.is_empty() && text.chars().all(|character| character == '_' || character.is_digit(radix));
        (valid && !plain.is_empty())
            .then(|| i128::from_str_radix(&plain, radix).ok().and_then(|number| number.checked_mul(sign)))
    };
    if let Some(binary) = magnitude.strip_prefix("0b") {
        return digits(binary, 2);
    }
    if let Some(hexadecimal) = magnitude.strip_prefix("0x") {
        return digits(hexadecimal, 16);
    }
    if magnitude == "0" {
        return Some(Some(0));
    }
    if let Some(octal) = magnitude.strip_prefix('0') {
        return digits(octal, 8);
    }
    if magnitude.contains(':') {
        return sexagesimal(magnitude).map(|number| number.and_then(|number| number.checked_mul(sign)));
    }
    if magnitude.starts_with('_') {
        return None;
    }
    digits(magnitude, 10)
}

/// `1:30` is 90: base 60.
fn sexagesimal(magnitude: &str) -> Option<Option<i128>> {
    let mut parts = magnitude.split(':');
    let first: String = parts.next()?.chars().filter(|character| *character != '_').collect();
    let mut number: Option<i128> = Some(first.parse().ok()?);
    for part in parts {
        let valid = matches!(part.as_bytes(), [b'0'..=b'9'] | [b'0'..=b'5', b'0'..=b'9']);
        let part: i128 = part.parse().ok().filter(|_| valid)?;
        number = number.and_then(|number| number.checked_mul(60)).and_then(|number| number.checked_add(part));
    }
    Some(number)
}

/// `1.5`, `1.`, `.5`, `1.5e+3`: a point is needed, and a sign in the exponent.
fn decimal(magnitude: &str) -> Option<f64> {
    let (mantissa, exponent) = match magnitude.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => {
            let digits = exponent.strip_prefix(['+', '-'])?;
            let valid = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
            (mantissa, valid.then_some(exponent)?)
        }
        None => (magnitude, "+0"),
    };
    let (whole, fraction) = mantissa.split_once('.')?;
    let plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'_');
    let starts_with_digit = |text: &str| text.starts_with(|first: char| first.is_ascii_digit());
    if !plain(whole)
        || !plain(fraction)
        || !(starts_with_digit(whole) || (whole.is_empty() && starts_with_digit(fraction)))
    {
        return None;
    }
    format!("0{whole}.{fraction}0e{exponent}").replace('_', "").parse().ok()
}

#[cfg(test)]
mod tests {
    use super::{Kind, resolve_plain};

    #[test]
    fn scalars_mean_what_yaml_1_1_says() {
        let cases = [
            ("", Some(Kind::Null)),
            ("~", Some(Kind::Null)),
            ("yes", Some(Kind::Bool(true))),
            ("Off", Some(Kind::Bool(false))),
            ("y", None),
            ("12", Some(Kind::Integer(12))),
            ("-12", Some(Kind::Integer(-12))),
            ("+1_000", Some(Kind::Integer(1000))),
            ("010", Some(Kind::Integer(8))),
            ("08", None),
            ("0o10", None),
            ("0x1F", Some(Kind::Integer(31))),
            ("0b101", Some(Kind::Integer(5))),
            ("1:30", Some(Kind::Integer(90))),
            ("1:99", None),
            ("1.5", Some(Kind::Decimal(1.5))),
            ("1.", Some(Kind::Decimal(1.0))),
            (".5", Some(Kind::Decimal(0.5))),
            ("1.5e+3", Some(Kind::Decimal(1500.0))),
            ("1e3", None),
            ("1.5e3", None),
            (".", None),
            ("2024-01-01", None),
            ("1.2.3", None),
            ("-", None),
            ("9223372036854775807", Some(Kind::Integer(i64::MAX))),
        ];
        for (written, expected) in cases {
            assert_eq!(resolve_plain(written), Ok(expected), "{written}");
        }
    }

    #[test]
    fn numbers_without_a_json_form_are_refused() {
        for written in [
            ".inf",
            "-.Inf",
            ".nan",
            "9223372036854775808",
            "1:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00",
        ] {
            assert!(resolve_plain(written).is_err(), "{written}");
        }
    }
}
