//! What an answer of the collector means for an item; pure.

use std::time::Duration;

use exhibit_proto::rpc::RefusalKind;
use tonic::{Code, Status};

use super::UploadError;
use crate::identity::tls::{ConnectError, Trouble, deepest};

/// What to do with an item after a refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Keep it and try again later.
    Retry,
    /// It will never be admitted: set it aside, show it, go on with the next.
    Quarantine,
    /// This agent may not: keep everything, stop, tell a person.
    Forbidden,
}

/// Reads a refusal. A kind that this version does not know, or a missing one, must not cost evidence.
pub fn classify(kind: i32) -> Verdict {
    match RefusalKind::try_from(kind) {
        Ok(RefusalKind::Invalid | RefusalKind::Conflict) => Verdict::Quarantine,
        Ok(RefusalKind::Forbidden) => Verdict::Forbidden,
        Ok(RefusalKind::Later | RefusalKind::Unspecified) | Err(_) => Verdict::Retry,
    }
}

/// How long to wait after so many failures in a row: from a second doubling to 15 minutes (at once 5 minutes where only
/// a person can help), of which `jitter` (any number) takes up to half away so that agents do not come back together.
pub fn backoff(failures: u32, needs_a_person: bool, jitter: u32) -> Duration {
    const MOST: u64 = 900_000;
    let doubled = 1000_u64.saturating_mul(1 << failures.saturating_sub(1).min(10)).min(MOST);
    let base = if needs_a_person { doubled.max(300_000) } else { doubled };
    Duration::from_millis(base - base / 2 * u64::from(jitter % 1000) / 1000)
}

/// What a failed call means.
pub(super) fn broken(status: &Status, trouble: &Trouble) -> UploadError {
    if let Some(said) = trouble.text() {
        return UploadError::Connect(ConnectError::Refused(said));
    }
    let code = status.code();
    let text = match (status.message(), std::error::Error::source(status)) {
        (message, Some(source)) => format!("{message}: {}", deepest(source)),
        ("", None) => format!("{code:?}"),
        (message, None) => message.to_owned(),
    };
    if code == Code::PermissionDenied || code == Code::Unauthenticated {
        UploadError::Forbidden(text)
    } else if code == Code::ResourceExhausted || code == Code::Unavailable {
        UploadError::Later(text)
    } else {
        UploadError::Broken(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_final_refusals_set_aside() {
        let table = [
            (RefusalKind::Invalid, Verdict::Quarantine),
            (RefusalKind::Conflict, Verdict::Quarantine),
            (RefusalKind::Forbidden, Verdict::Forbidden),
            (RefusalKind::Later, Verdict::Retry),
            (RefusalKind::Unspecified, Verdict::Retry),
        ];
        for (kind, verdict) in table {
            assert_eq!(classify(kind.into()), verdict, "{kind:?}");
        }
        assert_eq!(classify(99), Verdict::Retry);
    }

    #[test]
    fn waiting_doubles_to_a_bound_and_is_spread() {
        assert_eq!(backoff(1, false, 0), Duration::from_secs(1));
        assert_eq!(backoff(3, false, 0), Duration::from_secs(4));
        assert_eq!(backoff(1000, false, 0), Duration::from_secs(900));
        assert_eq!(backoff(1, true, 0), Duration::from_secs(300));
        let spread = backoff(10, false, 999);
        assert!(spread > Duration::from_secs(225) && spread < Duration::from_secs(512));
    }
}
