//! Times as people type them: a day, or a moment.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};

/// The begin of a day (UTC), or a moment.
pub(crate) fn from(text: &str) -> Result<Timestamp, String> {
    read(text, false)
}

/// The end of a day (UTC), or a moment: whoever says until the 31st means that day too.
pub(crate) fn until(text: &str) -> Result<Timestamp, String> {
    read(text, true)
}

fn read(text: &str, whole_day: bool) -> Result<Timestamp, String> {
    if let Ok(moment) = text.parse::<Timestamp>() {
        return Ok(moment);
    }
    let refused = |_| {
        format!(
            "{text:?} is no time: expected a day like 2027-03-31, or a moment like 2027-03-31T12:00:00Z"
        )
    };
    let day: Date = text.parse().map_err(refused)?;
    let day = if whole_day { day.checked_add(1.day()).map_err(refused)? } else { day };
    Ok(day.to_zoned(TimeZone::UTC).map_err(refused)?.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_meant_whole() {
        assert_eq!(from("2027-03-31").unwrap().to_string(), "2027-03-31T00:00:00Z");
        assert_eq!(until("2027-03-31").unwrap().to_string(), "2027-04-01T00:00:00Z");
        assert_eq!(until("2027-03-31T12:00:00Z").unwrap().to_string(), "2027-03-31T12:00:00Z");
        assert!(until("soon").unwrap_err().contains("2027-03-31"));
    }
}
