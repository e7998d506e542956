//! What a witness's answer means. Pure: status, media type and body in, meaning out.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use exhibit_proto::cosignature::Witness;
use exhibit_proto::note::Note;
use exhibit_proto::witness::SIZE_MEDIA_TYPE;

/// A witness's clock may be this far ahead of ours.
const CLOCK_TOLERANCE_SECONDS: u64 = 300;

/// One answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// Signature lines, not verified yet.
    Lines(String),
    /// Another head was cosigned last; this is its size.
    Holds(u64),
    /// The head does not follow from what the witness holds.
    Forked,
    /// Somebody has to do something about it.
    Refused(String),
    /// To be tried again.
    Unavailable(String),
}

/// `sent` is the old size that was asked with.
pub(super) fn classify(status: u16, media_type: &str, body: &str, sent: u64, size: u64) -> Answer {
    let said: String = body.lines().next().unwrap_or_default().chars().take(200).collect();
    match status {
        200 => Answer::Lines(body.to_owned()),
        409 if media_type.split(';').next().is_some_and(|kind| kind.trim() == SIZE_MEDIA_TYPE) => {
            let held = body.strip_suffix('\n').unwrap_or(body);
            match held.parse::<u64>().ok().filter(|size| size.to_string() == held) {
                // What was sent is what it holds, so it can only mean the root (tlog-witness before 1.1).
                Some(held) if held == sent && sent == size => Answer::Forked,
                Some(held) => Answer::Holds(held),
                None => Answer::Unavailable(format!("409 with a size that is none: {said:?}")),
            }
        }
        409 if sent == size => Answer::Forked,
        422 => Answer::Forked,
        404 => Answer::Refused(format!(
            "404 {said:?}: it does not know this log; give its operator the log's key"
        )),
        403 => Answer::Refused(format!("403 {said:?}: it trusts another key for this log")),
        429 | 500.. => Answer::Unavailable(format!("{status} {said:?}")),
        _ => Answer::Refused(format!("{status} {said:?}")),
    }
}

/// The newest cosignature of `witness` among `lines`: its line, rebuilt, and its time. Lines of others are ignored.
pub(super) fn verified(
    signed: &str,
    lines: &str,
    witness: &Witness,
    now: u64,
) -> Result<(String, u64), String> {
    let note = Note::parse(format!("{signed}{lines}").as_bytes());
    let note = note.map_err(|error| format!("its answer is not signature lines: {error}"))?;
    let time = witness.cosigned(&note).map_err(|error| error.to_string())?;
    if time == 0 || time > now.saturating_add(CLOCK_TOLERANCE_SECONDS) {
        return Err(format!(
            "its cosignature is of the time {time}: one of the two clocks is wrong"
        ));
    }
    let mut theirs =
        note.signatures().iter().filter(|s| s.name == witness.name() && s.id == witness.id());
    let newest = theirs.rfind(|s| s.bytes.starts_with(&time.to_be_bytes()));
    let signature = newest.ok_or_else(|| "its cosignature is not there".to_owned())?;
    let encoded = STANDARD.encode([&signature.id[..], &signature.bytes].concat());
    Ok((format!("\u{2014} {} {encoded}\n", signature.name), time))
}
