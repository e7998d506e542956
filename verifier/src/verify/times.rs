//! What an agent claims about time against what the log saw.

use jiff::{SignedDuration, Timestamp};

/// Below this a difference is ordinary.
const WORTH_SAYING: SignedDuration = SignedDuration::from_mins(5);

/// A remark if `claimed` and `logged` lie more than five minutes apart; an error if one is no time.
pub(super) fn compare(claimed: &str, logged: &str) -> Result<Option<String>, String> {
    let parse = |text: &str| {
        text.parse::<Timestamp>().map_err(|error| format!("{text:?} is not a time: {error}"))
    };
    let difference = parse(logged)?.duration_since(parse(claimed)?);
    if difference.abs() <= WORTH_SAYING {
        return Ok(None);
    }
    let (sign, what) = if difference.is_negative() {
        ("-", "sealed after it was logged: the agent's clock is ahead")
    } else {
        ("+", "logged late: the agent was offline, its clock is behind, or the claim is not true")
    };
    let seconds = difference.abs().as_secs();
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60);
    Ok(Some(format!("claimed {claimed}, logged {sign}{days} d {hours} h {minutes} min: {what}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_minutes_are_ordinary_and_more_is_said() {
        let claimed = "2026-11-22T10:00:00.000Z";
        assert_eq!(compare(claimed, "2026-11-22T10:05:00.000Z"), Ok(None));
        assert_eq!(compare(claimed, "2026-11-22T09:55:00.000Z"), Ok(None));
        let late = compare(claimed, "2026-11-24T11:07:00.000Z").unwrap().unwrap();
        assert!(late.contains("logged +2 d 1 h 7 min"), "{late}");
        let early = compare(claimed, "2026-11-22T09:00:00.000Z").unwrap().unwrap();
        assert!(early.contains("clock is ahead"), "{early}");
        assert!(compare("yesterday", claimed).is_err());
    }
}
