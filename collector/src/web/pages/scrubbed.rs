//! What the scrub has found in the stored log, as facts for pages. Never looks at the log itself.

use jiff::Timestamp;

use super::{Ask, WebError};
use crate::log::scrub::Standing;
use crate::web::words::Moment;

pub(super) struct ScrubView {
    pub(super) damage: Vec<FoundView>,
    /// How far the scrub is, in a sentence.
    pub(super) pass: String,
}

pub(super) struct FoundView {
    pub(super) part: String,
    pub(super) name: String,
    pub(super) detail: String,
    pub(super) first: Moment,
}

impl ScrubView {
    pub(super) fn of(ask: &Ask) -> Result<Self, WebError> {
        let standing = ask.site.scrub.standing()?;
        let at = |text: &str| ask.moment(text.parse().unwrap_or(Timestamp::MIN));
        let pass = pass(&standing, |text| at(text).stamp);
        let damage = standing.damage.into_iter().map(|found| FoundView {
            first: at(&found.first),
            part: found.part,
            name: found.name,
            detail: found.detail,
        });
        Ok(Self { damage: damage.collect(), pass })
    }
}

fn pass(standing: &Standing, stamp: impl Fn(&str) -> String) -> String {
    let found = match standing.damage.len() {
        0 => String::new(),
        1 => "one thing is damaged, see above; ".to_owned(),
        many => format!("{many} things are damaged, see above; "),
    };
    let last = standing.last.as_ref().map_or_else(
        || "no pass over the whole log has ended yet".to_owned(),
        |last| {
            let (entries, documents) = (last.plan.size, last.plan.documents);
            let ended = stamp(&last.finished);
            format!("{entries} entries and {documents} documents hashed again by {ended}")
        },
    );
    let running = standing.running.as_ref().map_or_else(String::new, |running| {
        let began = stamp(&running.started);
        format!("; a pass that began {began} has {} of {} parts done", running.done, running.slices)
    });
    format!("{found}{last}{running}")
}
