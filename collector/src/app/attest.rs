//! What witnesses and time-stamping authorities said, as entries of the log: what stands after one of them, or names a head that
//! covers it, was made after the time that it carries, and nobody here can have made that up. Never holds up admission.

use std::time::Duration;

use exhibit_proto::digest::Digest;
use exhibit_proto::leaf::{EntryType, Leaf};
use exhibit_proto::statement::{Attested, Stamped, Subject, TIME};
use jiff::Timestamp;
use tokio_util::sync::CancellationToken;

use crate::identity::Collector;
use crate::ingest::Ahead;
use crate::log::{LogReader, LogWriter, NewEntry};
use crate::timestamp::{Name, Timestamps};
use crate::witness::Witnesses;

/// How often it is looked whether there is something new, at least.
const LOOK: Duration = Duration::from_secs(10);

/// Logs what is said outside about the log's time.
pub(super) struct Attest {
    pub(super) collector: Collector,
    pub(super) writer: LogWriter,
    pub(super) reader: LogReader,
    pub(super) witnesses: Witnesses,
    pub(super) timestamps: Timestamps,
    pub(super) ahead: Ahead,
    /// Cosignatures are logged this often at most; tokens as often as they are asked for.
    pub(super) every: Duration,
}

impl Attest {
    /// Looks again and again until `stop`.
    pub(super) async fn follow(self, stop: CancellationToken) {
        loop {
            let looked = self.look(Timestamp::now()).await;
            if let Err(error) = looked {
                tracing::warn!(%error, "what was said about the log's time could not be logged; it will be tried again");
            }
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(LOOK.min(self.every)) => {}
            }
        }
    }

    async fn look(&self, now: Timestamp) -> anyhow::Result<()> {
        // A log that has lost its end must not grow.
        if self.ahead.proven().is_some() {
            return Ok(());
        }
        let (reader, witnesses) = (self.reader.clone(), self.witnesses.clone());
        let (timestamps, collector) = (self.timestamps.clone(), self.collector.clone());
        let every = self.every;
        let news = move || {
            let mut news = Vec::new();
            news.extend(cosigned(&reader, &witnesses, (every, now))?);
            news.extend(stamped(&reader, &timestamps)?);
            let entries = news.into_iter().map(|attested| entry(&collector, attested));
            let entries = entries.collect::<anyhow::Result<Vec<_>>>()?;
            let known = |entry: &NewEntry| reader.index_of(&Digest::of(&entry.envelope));
            let mut fresh = Vec::new();
            for entry in entries {
                if known(&entry)?.is_none() {
                    fresh.push(entry);
                }
            }
            anyhow::Ok(fresh)
        };
        for entry in tokio::task::spawn_blocking(news).await?? {
            self.writer.append(entry).await?;
        }
        Ok(())
    }
}

/// The newest head that enough witnesses cosigned, if the last one that was logged is old enough.
fn cosigned(
    reader: &LogReader,
    witnesses: &Witnesses,
    (every, now): (Duration, Timestamp),
) -> anyhow::Result<Option<Attested>> {
    let Some(newest) = witnesses.newest()? else { return Ok(None) };
    let checkpoint = newest.head.checkpoint;
    // Where there is none yet, the log's first entry counts.
    let last = match reader.last_of(&EntryType::Time)? {
        Some(entry) => Some(entry),
        None => reader.entry(0)?,
    };
    let last = last.and_then(|entry| entry.leaf.rx.parse::<Timestamp>().ok());
    let since = last.map(|last| now.duration_since(last));
    // A clock that went backwards must not put it off for ever.
    if since.is_some_and(|since| !since.is_negative() && since.unsigned_abs() < every)
        || !news(reader, checkpoint.size)?
    {
        return Ok(None);
    }
    let (size, root) = (checkpoint.size, checkpoint.root);
    Ok(Some(Attested { size, root, cosigned: Some(newest.head.signed), stamped: None }))
}

/// The newest token of each authority.
fn stamped(reader: &LogReader, timestamps: &Timestamps) -> anyhow::Result<Vec<Attested>> {
    let mut newest = Vec::new();
    for standing in timestamps.standings()? {
        let Some(kept) = standing.newest else { continue };
        let (size, authority) = (kept.size, standing.name);
        let name = Name::Token { size, authority: authority.clone() };
        if let Some(bytes) = timestamps.stamps().read(&name)?
            && news(reader, size)?
        {
            let (root, token) = (reader.root_at(size)?, Digest::of(&bytes));
            let stamped = Some(Stamped { authority, token });
            newest.push(Attested { size, root, cosigned: None, stamped });
        }
    }
    Ok(newest)
}

/// Whether a head says anything new: its last entry is not itself such an entry. Otherwise an idle log would grow for ever by
/// what is said about its growth.
fn news(reader: &LogReader, size: u64) -> anyhow::Result<bool> {
    let Some(last) = size.checked_sub(1) else { return Ok(false) };
    let leaf = reader.leaves(last..size)?.pop().map(|bytes| Leaf::parse(&bytes)).transpose()?;
    Ok(leaf.is_some_and(|leaf| leaf.t != EntryType::Time))
}

fn entry(collector: &Collector, attested: Attested) -> anyhow::Result<NewEntry> {
    let origin = collector.verifier().name();
    let name = format!("head of {origin} over {} entries", attested.size);
    let subject = match &attested.stamped {
        Some(stamped) => Subject::new(format!("time-stamp of the {name}"), stamped.token, None),
        None => {
            let note = attested.cosigned.as_deref().unwrap_or_default();
            Subject::new(format!("cosigned {name}"), Digest::of(note.as_bytes()), None)
        }
    };
    Ok(collector.entry(EntryType::Time, TIME, vec![subject], attested)?)
}

#[cfg(test)]
mod tests {
    use exhibit_proto::cosignature::{Witness, cosign};
    use exhibit_proto::keys::SecretKey;
    use exhibit_proto::statement::Statement;
    use exhibit_proto::tiles::WIDTH;
    use jiff::SignedDuration;

    use super::*;
    use crate::config;
    use crate::ingest::Larger;
    use crate::views::sample::{ORIGIN, Sample};
    use crate::witness::Circle;

    fn witness() -> SecretKey {
        SecretKey::from_seed(&[7; 32])
    }

    struct Site {
        sample: Sample,
        attest: Attest,
    }

    impl Site {
        fn new() -> Self {
            let sample = Sample::new();
            let collector = Collector::new(ORIGIN, sample.log_key.clone()).unwrap();
            let vkey = Witness::new("w.example", witness().public()).unwrap().vkey();
            let url = "http://127.0.0.1:1".to_owned();
            let asked = [config::Witness { name: None, vkey, url, tls_roots: None }];
            let circle =
                Circle::new(collector.verifier(), &asked, &config::Witnesses::default()).unwrap();
            let witnesses = Witnesses::open(circle, &sample.dir.path().join("witness.db")).unwrap();
            let folder = sample.dir.path().join("timestamps");
            let timestamps = Timestamps::new(&[], &config::Timestamps::default(), folder).unwrap();
            let attest = Attest {
                collector,
                writer: sample.writer.clone(),
                reader: sample.reader.clone(),
                witnesses,
                timestamps,
                ahead: Ahead::default(),
                every: Duration::from_secs(1800),
            };
            Self { sample, attest }
        }

        fn happens(&self) {
            self.sample.activity("ada", "signed_in", serde_json::Value::Null);
        }

        fn cosign(&self) {
            let head = self.sample.reader.head().unwrap();
            let line = cosign(&head.checkpoint.text(), "w.example", &witness(), 1_795_000_000);
            self.attest.witnesses.record_for_test(&head, (&line.unwrap(), 1_795_000_000));
        }

        /// Looks so many minutes after the log began; answers how many entries there are then.
        async fn look(&self, minutes: i64) -> u64 {
            let began = self.sample.reader.entry(0).unwrap().unwrap().leaf.rx;
            let began = began.parse::<Timestamp>().unwrap();
            self.attest.look(began + SignedDuration::from_mins(minutes)).await.unwrap();
            self.sample.reader.head().unwrap().checkpoint.size
        }
    }

    #[tokio::test]
    async fn a_cosigned_head_becomes_an_entry_once_in_a_while_and_an_idle_log_does_not_grow() {
        let site = Site::new();
        site.happens();
        let size = site.sample.reader.head().unwrap().checkpoint.size;
        assert_eq!(site.look(31).await, size, "nobody has cosigned anything");
        site.cosign();
        assert_eq!(site.look(29).await, size, "too early");
        assert_eq!(site.look(31).await, size + 1);
        let entry = site.sample.reader.last_of(&EntryType::Time).unwrap().unwrap();
        let key = site.sample.log_key.public();
        let said = Statement::<Attested>::open(&entry.envelope.unwrap(), &key).unwrap().predicate;
        assert_eq!((said.size, said.root), (size, site.sample.reader.root_at(size).unwrap()));
        let note = said.cosigned.unwrap();
        assert!(note.contains("\n\u{2014} w.example "), "{note}");

        // The same once more, and the head that this entry made: neither is news.
        assert_eq!(site.look(90).await, size + 1);
        site.cosign();
        assert_eq!(site.look(120).await, size + 1);
        assert!(size < WIDTH, "the leaf is read from the right edge");
        site.happens();
        site.cosign();
        assert_eq!(site.look(150).await, size + 3);
    }

    #[tokio::test]
    async fn a_log_that_has_lost_its_end_does_not_grow_by_what_is_said_about_it() {
        let site = Site::new();
        site.happens();
        site.cosign();
        let size = site.sample.reader.head().unwrap().checkpoint.size;
        let at = Timestamp::UNIX_EPOCH;
        let larger = Larger { known: size + 9, ours: size, at, signed: Some("a head".into()) };
        site.attest.ahead.note("agent", larger);
        assert_eq!(site.look(31).await, size);
    }
}
