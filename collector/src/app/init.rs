//! `init`: everything is made beside, then moved into place; the log last. A data directory without a log is not
//! initialised, whatever else lies there.

use std::fmt;
use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use anyhow::{Context as _, ensure};
use exhibit_proto::keys::SecretKey;
use exhibit_proto::statement::Activity;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::json;

use super::{log_rule_pack, open_log, record, settings, witness};
use crate::config::Config;
use crate::identity::{Authority, Collector, private_dir, random, write_private};
use crate::log::{self, Lock};
use crate::people::create_first_user;
use crate::secrets::SecretsDb;
use crate::views::Assessor;

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

/// Makes a new collector.
pub fn init(config: &Config, now: Timestamp) -> anyhow::Result<Initialised> {
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
    let made = make(&beside, now)?;
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

fn make(config: &Config, now: Timestamp) -> anyhow::Result<Initialised> {
    let key = SecretKey::from_seed(&random()?);
    let collector = Collector::new(&config.origin, key)?;
    let circle = witness::circle(config, &collector)?;
    let (authority, certificate, ca_key) = Authority::create(&config.origin, now)?;
    // Names that cannot stand in a certificate are met now, not at the first start.
    authority.server_certificate(&config.names, 2, now).context("names")?;
    write_private(&config.log_key(), collector.key().to_pem().as_bytes())?;
    write_private(&config.ca_key(), ca_key.as_bytes())?;
    write_private(&config.ca_certificate(), certificate.as_bytes())?;
    log::create(&settings(&config.log_db(), &collector))?;
    let (user, password) = create_first_user(&SecretsDb::open(&config.secrets_db())?)?;
    let made = Activity {
        by: format!("exhibit-collector {} init", env!("CARGO_PKG_VERSION")),
        action: "person_created".to_owned(),
        detail: json!({"name": user}),
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let (writer, reader, mut task) = open_log(&config.log_db(), &collector)?;
        log_rule_pack(&writer, &reader, &collector, &Assessor::builtin()?).await?;
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
