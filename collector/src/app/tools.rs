//! Commands beside `serve`: tokens, rebuilding views, bundles, a check of everything.

use std::fmt;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, anyhow, bail, ensure};
use exhibit_assessment::{Framework, RulePack};
use exhibit_proto::document::{Kind, Target};
use indicatif::{ProgressBar, ProgressStyle};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::json;

use super::open::{reader, views};
use super::{Keys, desk, witness};
use crate::config::Config;
use crate::export::{self, Selection, Summary, Under};
use crate::frameworks::{Frameworks, Refused};
use crate::identity::{NewToken, Tokens};
use crate::log::{Lock, LogReader};
use crate::packs;
use crate::secrets::SecretsDb;
use crate::timestamp::{Stamps, Timestamps};
use crate::views::{Assessor, Views};
use crate::witness::Witnesses;

/// What a token is asked to be.
pub struct TokenAsked {
    pub host_name: Option<String>,
    pub ttl: Duration,
    pub by: String,
    pub replace: bool,
}

/// A token, shown once.
#[derive(Debug, Serialize)]
pub struct TokenMade {
    pub token: String,
    pub expires: String,
    pub ca_fingerprint: String,
    /// To be run on the host.
    pub command: String,
}

/// Makes a token; works while `serve` runs.
pub fn create_token(
    config: &Config,
    asked: TokenAsked,
    now: Timestamp,
) -> anyhow::Result<TokenMade> {
    desk::texts(&[("--by", &asked.by)])?;
    let expires = now.checked_add(asked.ttl).context("--ttl is too long")?;
    let TokenAsked { host_name, by, replace, .. } = asked;
    // Logged before it is made: no token works that the log does not know of.
    let made = json!({"expires": rfc3339(expires), "host_name": host_name, "replace": replace});
    desk::log_activity(config, (&by, "token_created", made), now)?;
    let tokens = Tokens::open(SecretsDb::open(&config.secrets_db())?)?;
    let token =
        tokens.create(&NewToken { host_name, expires, made_by: by, takes_over: replace })?;
    let name = config.names.first().map_or("localhost", String::as_str);
    let port = config.web.listen.port();
    let port = if port == 0 { "PORT".to_owned() } else { port.to_string() };
    let ca_fingerprint = Keys::load(config)?.authority.fingerprint();
    let command = format!(
        "printf %s '{token}' | exhibit-agent enrol --collector https://{name}:{port} --ca {ca_fingerprint}"
    );
    Ok(TokenMade { token, expires: rfc3339(expires), ca_fingerprint, command })
}

/// What a rebuild came to.
#[derive(Debug, Serialize)]
pub struct Rebuilt {
    /// Entries of the log in the views.
    pub entries: u64,
    pub checked: bool,
    /// Tables that differ; empty after a rebuild.
    pub differing: Vec<String>,
}

/// Makes the views anew, or compares them with views made beside.
pub fn rebuild(config: &Config, check: bool) -> anyhow::Result<Rebuilt> {
    let keys = Keys::load(config)?;
    let reader = reader(config, &keys)?;
    let assessor = Assessor::builtin()?;
    let path = config.views_db();
    if check {
        ensure!(path.exists(), "there are no views at {}: nothing to compare", path.display());
        let views = Views::attach(&path, reader, assessor)?;
        let differing = views.check()?;
        return Ok(Rebuilt { entries: views.applied()?, checked: true, differing });
    }
    let _lock = Lock::take(&config.lock()).context("stop `exhibit-collector serve` first")?;
    let views = Views::rebuild(&path, reader, assessor)?;
    Ok(Rebuilt { entries: views.applied()?, checked: false, differing: Vec::new() })
}

/// Makes a selection; a control stands for the kinds that its rules read in the pack in force.
pub fn select(
    config: &Config,
    targets: Vec<Target>,
    kinds: Vec<Kind>,
    controls: Vec<String>,
    (from, to): (Option<Timestamp>, Option<Timestamp>),
) -> anyhow::Result<Selection> {
    let mut kinds: std::collections::BTreeSet<Kind> = kinds.into_iter().collect();
    if !controls.is_empty() {
        let framework = Framework::builtin()?;
        let pack = in_force(&reader(config, &Keys::load(config)?)?)?;
        for name in &controls {
            let id = name.parse().map_err(|_not_a_control| unknown(name))?;
            framework.control(id).ok_or_else(|| unknown(name))?;
            let rules = pack.rules().iter().filter(|rule| rule.strength(id).is_some());
            let read: Vec<Kind> = rules.map(|rule| rule.kind.parse()).collect::<Result<_, _>>()?;
            ensure!(
                !read.is_empty(),
                "no rule speaks about control {name}: name kinds with --kind"
            );
            kinds.extend(read);
        }
    }
    if let (Some(from), Some(to)) = (from, to) {
        ensure!(from <= to, "--from {from} is after --to {to}");
    }
    let targets = targets.into_iter().collect();
    Ok(Selection { targets, kinds, controls, from, to, audit: None })
}

/// The rules that judge now.
pub(super) fn in_force(reader: &LogReader) -> anyhow::Result<RulePack> {
    match packs::in_force(&packs::history(reader)?) {
        Some(logged) => Ok(logged.pack(reader)?),
        None => Ok(RulePack::builtin()?),
    }
}

/// Writes a bundle under the newest head, or under the newest that the quorum of witnesses has `cosigned`; works while
/// `serve` runs. The index of the entry that says so comes with it.
pub fn export(
    config: &Config,
    selection: &Selection,
    cosigned: bool,
    (by, out): (&str, &Path),
    now: Timestamp,
) -> anyhow::Result<(Summary, u64)> {
    let keys = Keys::load(config)?;
    desk::texts(&[("--by", by)])?;
    let reader = reader(config, &keys)?;
    let under = under(config, &keys, &reader, &witness::open(config, &keys.collector)?, cosigned)?;
    // Hidden by itself where standard error is not a terminal.
    let bar = ProgressBar::new(0);
    bar.set_style(ProgressStyle::with_template("{wide_bar} {pos}/{len} leaves")?);
    let summary = export::write(&reader, &under, selection, now, out, |progress| {
        bar.set_length(progress.total);
        bar.set_position(progress.done);
    });
    bar.finish_and_clear();
    let summary = summary?;
    let exported = json!({
        "manifest": summary.manifest,
        "size": summary.checkpoint.size,
        "items": summary.items,
        "documents": summary.documents,
        "selection": selection.claims(),
    });
    let logged = desk::log_activity(config, (by, "bundle_exported", exported), now);
    let entry = logged.with_context(|| {
        format!("the bundle in {} is whole, but the log does not say so", out.display())
    })?;
    Ok((summary, entry))
}

fn rfc3339(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

fn under(
    config: &Config,
    keys: &Keys,
    reader: &LogReader,
    witnesses: &Witnesses,
    cosigned: bool,
) -> anyhow::Result<Under> {
    let views = views(config, keys)?;
    let (head, by) = if cosigned {
        let newest = witnesses.newest()?.context(
            "no head has the cosignatures of the quorum yet: see `exhibit-collector status`, or leave out --cosigned",
        )?;
        (newest.head, newest.by)
    } else {
        witnesses.cosigned(&export::settled(reader, &views)?)?
    };
    Ok(Under {
        log_keys: keys.collector.keys().clone(),
        head,
        cosigned_by: by.into_keys().collect(),
        policy: witnesses.circle().text().to_owned(),
        stamps: Stamps::at(config.timestamps_folder()),
        views: Some(views),
    })
}

/// What a validation found.
#[derive(Debug, Serialize)]
pub struct Validated {
    pub origin: String,
    pub initialised: bool,
    /// Entries of the log.
    pub size: Option<u64>,
    pub rules: u64,
}

/// Checks the configuration and, once initialised, keys and head; changes nothing.
pub fn validate(config: &Config) -> anyhow::Result<Validated> {
    let rules = RulePack::builtin()?.rules().len() as u64;
    Framework::builtin()?;
    let frameworks = Frameworks::read(config.frameworks.directory.as_deref())?;
    if let Some(Refused { folder, why }) = frameworks.refused.first() {
        bail!("the framework in {} is refused: {why}", folder.display());
    }
    let initialised = config.log_db().exists();
    let size = if initialised {
        let keys = Keys::load(config)?;
        keys.authority.server_certificate(&config.names, 2, Timestamp::now()).context("names")?;
        witness::circle(config, &keys.collector)?;
        Timestamps::open(config)?;
        Some(reader(config, &keys)?.head()?.checkpoint.size)
    } else {
        None
    };
    Ok(Validated { origin: config.origin.clone(), initialised, size, rules })
}

fn unknown(control: &str) -> anyhow::Error {
    anyhow!("{control:?} is not a control: expected one like A.8.13")
}

impl fmt::Display for TokenMade {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.token)?;
        writeln!(f, "\nOne use, until {}. On the host, as root:", self.expires)?;
        write!(f, "  {}", self.command)
    }
}

impl fmt::Display for Rebuilt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.checked, self.differing.as_slice()) {
            (false, _) => write!(f, "views made anew from {} entries", self.entries),
            (true, []) => write!(f, "views equal those made anew from {} entries", self.entries),
            (true, tables) => write!(
                f,
                "views differ from those made anew from {} entries in: {}\nrun `exhibit-collector rebuild`",
                self.entries,
                tables.join(", ")
            ),
        }
    }
}

impl fmt::Display for Validated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "configuration of {} is fine, {} rules compile; ", self.origin, self.rules)?;
        match self.size {
            Some(size) => write!(f, "log of {size} entries with our signature"),
            None => write!(f, "not initialised yet: run `exhibit-collector init`"),
        }
    }
}
