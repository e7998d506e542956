//! The words of the wire.

use exhibit_assessment::{Cause, Status, Verdict};

#[test]
fn words_on_the_wire_read_back() {
    for status in Status::ALL {
        assert_eq!(status.as_str().parse(), Ok(status));
        assert_eq!(serde_json::to_value(status).unwrap(), status.as_str());
    }
    for cause in [Cause::RuleError, Cause::SilentAgent, Cause::NothingArrived, Cause::NoRule] {
        assert_eq!(serde_json::to_value(cause).unwrap(), cause.as_str());
    }
    for verdict in [Verdict::Pass, Verdict::Fail, Verdict::NotApplicable, Verdict::Error] {
        assert_eq!(verdict.as_str().parse(), Ok(verdict));
        assert_eq!(serde_json::to_value(verdict).unwrap(), verdict.as_str());
    }
    assert!("Pass".parse::<Verdict>().is_err() && "compliant".parse::<Status>().is_err());
}
