//! `init`: everything is made beside, then moved into place; the log last. A data directory without a log is not
//! initialised, whatever else lies there.

use std::fmt;
use std::fs::{self, File};
use std::io::Read as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow, ensure};
use exhibit_proto::continues::Continues;
use exhibit_proto::keys::SecretKey;
use exhibit_proto::leaf::EntryType;
use exhibit_proto::policy::Policy;
use exhibit_proto::statement::{Activity, CONTINUES, Subject};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::json;

use super::rules::{self, Steward};
use super::{desk, open, record, witness};
use crate::config::Config;
use crate::identity::{Authority, Collector, private_dir, random, write_private};
use crate::log::{self, Lock};
use crate::people::create_first_user;
use crate::secrets::SecretsDb;

/// Longest head or policy that is read.
const MOST: u64 = 64 << 10;

/// What people must know of a new collector. The password is shown this once.
#[derive(Debug, Serialize)]
pub struct Initialised {
    pub origin: String,
    pub log_vkey: String,
    pub ca_fingerprint: String,
    pub user: String,
    pub password: String,
    /// A tlog-policy for auditors.
    pub policy: String,
}

/// The log that the new one takes over from.
#[derive(Clone, Debug)]
pub struct Before {
    /// Its last known head: what `/log/checkpoint` served, a bundle holds, an agent or a witness kept.
    pub checkpoint: PathBuf,
    /// The policy of that log.
    pub policy: PathBuf,
    pub by: String,
}

/// Makes a new collector; `before` stands in the first entry of its log.
pub fn init(
    config: &Config,
    before: Option<&Before>,
    now: Timestamp,
) -> anyhow::Result<Initialised> {
    let before = before.map(|before| head_before(config, before)).transpose()?;
    let data = &config.data;
    for path in [config.log_db(), config.keys(), config.secrets_db()] {
        ensure!(
            !path.exists(),
            "{} exists: this directory has a collector already; choose another `data`, or move it away",
            path.display()
        );
    }
    private_dir(data)?;
    // A folder that a package made may be open to others; log and secrets are nobody else's.
    fs::set_permissions(data, fs::Permissions::from_mode(0o700))
        .with_context(|| format!("closing {} to others", data.display()))?;
    let _lock = Lock::take(&config.lock())?;
    let beside = Config { data: data.join(".init"), ..config.clone() };
    if beside.data.exists() {
        fs::remove_dir_all(&beside.data).context("removing an unfinished init")?;
    }
    private_dir(&beside.keys())?;
    let made = make(&beside, before, now)?;
    // A crash before the last line leaves no log, so nothing was ever signed for anybody; the next init says what to move.
    for (from, to) in [
        (beside.keys(), config.keys()),
        (beside.secrets_db(), config.secrets_db()),
        (beside.log_db(), config.log_db()),
    ] {
        fs::rename(&from, &to).with_context(|| format!("moving {} into place", to.display()))?;
        sync(data)?;
    }
    fs::remove_dir_all(&beside.data).context("removing the emptied folder")?;
    Ok(made)
}

/// The last known head of the other log, signed by the key that its policy names.
fn head_before(config: &Config, before: &Before) -> anyhow::Result<Continues> {
    desk::texts(&[("--by", &before.by)])?;
    let read = |path: &Path| {
        let mut text = String::new();
        let opened = File::open(path).and_then(|file| file.take(MOST).read_to_string(&mut text));
        opened.with_context(|| format!("reading {}", path.display()))?;
        anyhow::Ok(text)
    };
    let (signed, policy) = (read(&before.checkpoint)?, read(&before.policy)?);
    let policy = Policy::parse(&policy)
        .with_context(|| format!("--old-policy {}", before.policy.display()))?;
    let mut found = Err(anyhow!("--old-policy names no log"));
    for log in &policy.logs {
        found = Continues::of(log, &signed, before.by.clone())
            .with_context(|| format!("--continues {}", before.checkpoint.display()));
        if found.is_ok() {
            break;
        }
    }
    let found = found?;
    ensure!(
        found.origin != config.origin,
        "`origin` is still {:?}, the log that has ended: give the new one a name of its own",
        config.origin
    );
    Ok(found)
}

fn make(config: &Config, before: Option<Continues>, now: Timestamp) -> anyhow::Result<Initialised> {
    let key = SecretKey::from_seed(&random()?);
    let collector = Collector::new(&config.origin, key)?;
    let circle = witness::circle(config, &collector)?;
    let (authority, certificate, ca_key) = Authority::create(&config.origin, now)?;
    // Names that cannot stand in a certificate are met now, not at the first start.
    authority.server_certificate(&config.names, 2, now).context("names")?;
    write_private(&config.log_key(), collector.key().to_pem().as_bytes())?;
    write_private(&config.ca_key(), ca_key.as_bytes())?;
    write_private(&config.ca_certificate(), certificate.as_bytes())?;
    log::create(&open::settings(&config.log_db(), &collector))?;
    let (user, password) = create_first_user(&SecretsDb::open(&config.secrets_db())?)?;
    let made = Activity {
        by: format!("exhibit-collector {} init", env!("CARGO_PKG_VERSION")),
        action: "person_created".to_owned(),
        detail: json!({"name": user}),
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let (writer, reader, mut task) = open::log(&config.log_db(), &collector)?;
        if let Some(before) = before {
            // Whoever holds an old bundle finds its name here: the head is the subject.
            let (_, head) = before.head()?;
            let subject = vec![Subject::new(head.origin, head.root, None)];
            let entry = collector.entry(EntryType::Continues, CONTINUES, subject, before)?;
            writer.append(entry).await.context("logging the log before this one")?;
        }
        let rules = (writer.clone(), reader);
        rules::at_start(&Steward::new(collector.clone(), rules, config.rules.clone())).await?;
        record::activity(&collector, &writer, made).await?;
        drop(writer);
        task.ended().await.context("closing the log")
    })?;
    sync(&config.data)?;
    Ok(Initialised {
        origin: config.origin.clone(),
        log_vkey: collector.verifier().vkey(),
        ca_fingerprint: authority.fingerprint(),
        user,
        password,
        policy: circle.text().to_owned(),
    })
}

fn sync(folder: &Path) -> anyhow::Result<()> {
    Ok(File::open(folder)?.sync_all()?)
}

impl fmt::Display for Initialised {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "log             {}", self.origin)?;
        writeln!(f, "log key         {}", self.log_vkey)?;
        writeln!(f, "CA fingerprint  {}", self.ca_fingerprint)?;
        writeln!(f, "first user      {}", self.user)?;
        writeln!(f, "password        {}  (shown this once)", self.password)?;
        write!(
            f,
            "\nGive auditors this policy, by a way that does not lead through this host:\n{}",
            self.policy
        )
    }
}
