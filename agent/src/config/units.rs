//! Durations and sizes as people write them: `90s`, `15m`, `64MiB`.

use std::time::Duration;

use serde::Deserialize;

/// A duration: a whole number and one of `ms`, `s`, `m`, `h`, `d`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Span(pub Duration);

/// A number of bytes: a whole number and one of `B`, `KiB`, `MiB`, `GiB`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Size(pub u64);

/// A text that names no quantity.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum UnitError {
    #[error("{0:?} is not a duration: write a whole number and ms, s, m, h or d, such as \"15m\"")]
    Span(String),
    #[error("{0:?} is not a size: write a whole number and B, KiB, MiB or GiB, such as \"64MiB\"")]
    Size(String),
}

impl TryFrom<String> for Span {
    type Error = UnitError;

    fn try_from(text: String) -> Result<Self, UnitError> {
        let units = [("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)];
        match quantity(&text, &units) {
            Some(millis) => Ok(Self(Duration::from_millis(millis))),
            None => Err(UnitError::Span(text)),
        }
    }
}

impl TryFrom<String> for Size {
    type Error = UnitError;

    fn try_from(text: String) -> Result<Self, UnitError> {
        let units = [("B", 1), ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30)];
        quantity(&text, &units).map(Self).ok_or(UnitError::Size(text))
    }
}

fn quantity(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let digits = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at_checked(digits)?;
    let number = number.parse::<u64>().ok()?;
    let (_, factor) = units.iter().find(|(name, _)| *name == unit.trim_start())?;
    number.checked_mul(*factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_read_as_written() {
        assert_eq!(Span::try_from("15m".to_owned()), Ok(Span(Duration::from_secs(900))));
        assert_eq!(Span::try_from("250ms".to_owned()), Ok(Span(Duration::from_millis(250))));
        assert_eq!(Size::try_from("64 MiB".to_owned()), Ok(Size(64 << 20)));
        for bad in ["", "5", "m", "-5m", "1.5h", "5 minutes", "99999999999999999999s"] {
            assert!(Span::try_from(bad.to_owned()).is_err(), "{bad}");
        }
        assert!(Size::try_from("64MB".to_owned()).is_err());
    }
}
