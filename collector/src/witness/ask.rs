//! One exchange with one witness over HTTP, in bounds of time and bytes. It verifies what it hands on, and stores nothing.

use std::collections::BTreeMap;
use std::time::Duration;

use exhibit_proto::witness::{AddCheckpoint, MAX_REQUEST};
use jiff::Timestamp;
use reqwest::header::CONTENT_TYPE;

use super::answer::{Answer, classify, verified};
use super::{Circle, Member, WitnessError};
use crate::ask::{Asking, body, told};
use crate::log::{Head, LogReader};

const CONNECT: Duration = Duration::from_secs(1);
const WHOLE: Duration = Duration::from_secs(3);
/// Shorter than witnesses keep an idle connection, so that none is used while its peer closes it.
const IDLE: Duration = Duration::from_secs(4);

/// An HTTP client for each witness, by its name; clones share their connections.
#[derive(Clone)]
pub struct Asker(BTreeMap<String, reqwest::Client>);

/// What came of asking.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Cosigned {
        line: String,
        time: u64,
    },
    /// The witness holds a larger head than ours.
    Ahead {
        theirs: u64,
    },
    /// The witness holds another history.
    Forked {
        size: u64,
    },
    /// Somebody has to do something about it.
    Refused(String),
    /// To be tried again.
    Unreachable(String),
}

impl Asker {
    /// A client for each witness: certificates are those that the system trusts, or those of its `tls_roots`.
    pub fn new(circle: &Circle) -> Result<Self, WitnessError> {
        let client = |member: &Member| {
            let (url, roots) = (member.url.as_str(), member.tls_roots.as_deref());
            let asking = Asking { url, connect: CONNECT, whole: WHOLE, idle: Some(IDLE), roots };
            Ok::<_, WitnessError>((member.name.clone(), asking.client()?))
        };
        Ok(Self(circle.members().iter().map(client).collect::<Result<_, _>>()?))
    }

    /// Asks `member` to cosign `head`, from the size it is believed to hold; once more if it names another.
    pub(super) async fn exchange(
        &self,
        member: &Member,
        reader: &LogReader,
        head: &Head,
        believed: u64,
    ) -> Result<Outcome, WitnessError> {
        let size = head.checkpoint.size;
        let first = if believed <= size { believed } else { 0 };
        let held = match self.ask(member, reader, head, first).await? {
            Answer::Holds(held) => held,
            other @ (Answer::Lines(_)
            | Answer::Forked
            | Answer::Refused(_)
            | Answer::Unavailable(_)) => return Ok(settled(other, member, head, first)),
        };
        if held > size {
            return Ok(Outcome::Ahead { theirs: held });
        }
        if held < believed {
            tracing::warn!(
                witness = member.name,
                believed,
                held,
                "the witness holds less than it cosigned: it lost its memory"
            );
        }
        match self.ask(member, reader, head, held).await? {
            Answer::Holds(again) if again > size => Ok(Outcome::Ahead { theirs: again }),
            Answer::Holds(again) => {
                let what = format!("it holds {held} entries, then {again}: another asks too");
                Ok(Outcome::Unreachable(what))
            }
            other @ (Answer::Lines(_)
            | Answer::Forked
            | Answer::Refused(_)
            | Answer::Unavailable(_)) => Ok(settled(other, member, head, held)),
        }
    }

    async fn ask(
        &self,
        member: &Member,
        reader: &LogReader,
        head: &Head,
        old: u64,
    ) -> Result<Answer, WitnessError> {
        let (log, new) = (reader.clone(), head.checkpoint.size);
        let proof = tokio::task::spawn_blocking(move || log.consistency(old, new)).await??;
        let request = AddCheckpoint { old, proof, checkpoint: head.signed.clone() };
        let url = format!("{}/add-checkpoint", member.url);
        let Some(client) = self.0.get(&member.name) else {
            return Ok(Answer::Unavailable("it was not known at start".to_owned()));
        };
        let response = match client.post(url).body(request.to_text()).send().await {
            Ok(response) => response,
            Err(error) => return Ok(Answer::Unavailable(told(&error))),
        };
        let kind = response.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        let (status, kind) = (response.status().as_u16(), kind.unwrap_or_default().to_owned());
        let body = match body(response, MAX_REQUEST).await {
            Ok(body) => body,
            Err(why) => return Ok(Answer::Unavailable(why)),
        };
        Ok(classify(status, &kind, &String::from_utf8_lossy(&body), old, new))
    }
}

/// `held` is the size that the witness was asked from.
fn settled(answer: Answer, member: &Member, head: &Head, held: u64) -> Outcome {
    match answer {
        Answer::Lines(lines) => {
            let now = u64::try_from(Timestamp::now().as_second()).unwrap_or(0);
            match verified(&head.signed, &lines, &member.witness, now) {
                Ok((line, time)) => Outcome::Cosigned { line, time },
                Err(error) => Outcome::Refused(error),
            }
        }
        Answer::Forked => Outcome::Forked { size: held },
        Answer::Refused(why) => Outcome::Refused(why),
        Answer::Unavailable(why) => Outcome::Unreachable(why),
        Answer::Holds(other) => Outcome::Unreachable(format!("it holds {other} entries")),
    }
}
