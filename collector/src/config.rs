//! The configuration file, typed and checked. Nothing else of the program reads it or the environment.

mod check;
mod paths;
mod people;

pub use people::{Oidc, People};

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::time::Duration;

use exhibit_assessment::decisions::LabelRule;
use exhibit_proto::document;
use jiff::SignedDuration;
use serde::{Deserialize, Deserializer};

use crate::retention::Retention;

/// The whole file; `packaging/collector.example.toml` documents each key.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Name of the log.
    pub origin: String,
    /// Data directory.
    pub data: PathBuf,
    /// DNS names and addresses in our certificates.
    pub names: Vec<String>,
    #[serde(default)]
    pub evidence: Evidence,
    #[serde(default)]
    pub web: Web,
    #[serde(default)]
    pub log: Log,
    #[serde(default)]
    pub retention: Retention,
    #[serde(default)]
    pub rules: Rules,
    #[serde(default)]
    pub frameworks: Frameworks,
    #[serde(default)]
    pub identity: Identity,
    #[serde(default)]
    pub limits: Limits,
    #[serde(default)]
    pub people: People,
    pub oidc: Option<Oidc>,
    /// What waits for a second person.
    #[serde(default)]
    pub approval: Approval,
    /// Labels of targets.
    #[serde(default)]
    pub label: Vec<LabelRule>,
    #[serde(default)]
    pub labels: Labels,
    #[serde(default)]
    pub witness: Vec<Witness>,
    #[serde(default)]
    pub witnesses: Witnesses,
    #[serde(default)]
    pub timestamp: Vec<Timestamp>,
    #[serde(default)]
    pub timestamps: Timestamps,
}

/// The port for agents.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Evidence {
    pub listen: SocketAddr,
    /// host:port told to agents; made from the first name and the port if absent.
    pub advertise: Option<String>,
    #[serde(deserialize_with = "duration")]
    pub heartbeat: Duration,
}

/// The port for people.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Web {
    pub listen: SocketAddr,
    /// Whether pages show the single score; its definition stands on the page.
    pub score: bool,
}

/// The log itself.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Log {
    /// The scrub looks through the whole log once in so many days: 1 to 365.
    pub scrub_days: u16,
}

/// Who may put other rules in force.
#[derive(Clone, Debug, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Rules {
    /// Verifier keys (C2SP signed-note); one of them must have signed a pack. Empty: unsigned packs are accepted.
    pub signers: Vec<String>,
    /// A pack is in force once somebody else than who brought it approves.
    pub second_person: bool,
}

/// Frameworks of the organisation's own.
#[derive(Clone, Debug, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Frameworks {
    /// Holds a folder for each; none: only those that ship.
    pub directory: Option<PathBuf>,
}

/// Certificates and enrolment.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Identity {
    /// 1 to 397.
    pub client_certificate_days: u16,
    /// 2 to 397.
    pub server_certificate_days: u16,
    pub enrolments_per_minute: NonZeroU32,
}

/// Decisions that one person alone cannot bring into force.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Approval {
    /// Registers in which they wait for another person.
    pub second_person: Vec<String>,
}

/// Labels from elsewhere than here.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Labels {
    /// Names of labels that are taken from agents; absent: whatever they give.
    pub from_agents: Option<BTreeSet<String>>,
}

/// One that cosigns our heads.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Witness {
    /// What the policy calls it; its key's name if absent.
    pub name: Option<String>,
    /// Its verifier key (C2SP tlog-cosignature).
    pub vkey: String,
    /// Prefix of its requests.
    pub url: String,
    /// PEM file of the certificates that its web server's must lead to; what the system trusts if absent.
    pub tls_roots: Option<PathBuf>,
}

/// When a head counts as witnessed, in the words of C2SP tlog-policy.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Witnesses {
    /// `any`, `all`, a number of witnesses, or the name of a witness or group.
    pub quorum: String,
    /// Lines of groups, without the word `group`.
    pub groups: Vec<String>,
    /// How often a head that they cosigned becomes an entry of the log itself.
    #[serde(deserialize_with = "duration")]
    pub logged_every: Duration,
}

/// One time-stamping authority (RFC 3161).
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Timestamp {
    /// Stands in the names of its tokens; the address's host if absent.
    pub name: Option<String>,
    pub url: String,
    /// PEM file of the certificates that its signer's chain must lead to.
    pub roots: PathBuf,
    /// PEM file of those that its web server's must lead to; what the system trusts if absent.
    pub tls_roots: Option<PathBuf>,
    /// Object identifier of the policy that is asked for and insisted on.
    pub policy: Option<String>,
}

/// When heads are time-stamped.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Timestamps {
    #[serde(deserialize_with = "duration")]
    pub every: Duration,
    #[serde(deserialize_with = "duration")]
    pub timeout: Duration,
}

/// Bounds.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    pub document_bytes: u64,
    pub in_flight_bytes: u64,
    pub connections: usize,
    pub streams: u32,
    #[serde(deserialize_with = "duration")]
    pub idle: Duration,
    #[serde(deserialize_with = "duration")]
    pub handshake: Duration,
    #[serde(deserialize_with = "duration")]
    pub body: Duration,
    #[serde(deserialize_with = "duration")]
    pub drain: Duration,
}

impl Default for Evidence {
    fn default() -> Self {
        let listen = SocketAddr::from(([0, 0, 0, 0], 8443));
        Self { listen, advertise: None, heartbeat: Duration::from_secs(70 * 60) }
    }
}

impl Default for Web {
    fn default() -> Self {
        Self { listen: SocketAddr::from(([127, 0, 0, 1], 8444)), score: true }
    }
}

impl Default for Log {
    fn default() -> Self {
        Self { scrub_days: 7 }
    }
}

impl Default for Witnesses {
    fn default() -> Self {
        let logged_every = Duration::from_secs(30 * 60);
        Self { quorum: "any".to_owned(), groups: Vec::new(), logged_every }
    }
}

impl Default for Timestamps {
    fn default() -> Self {
        Self { every: Duration::from_secs(6 * 3600), timeout: Duration::from_secs(20) }
    }
}

impl Default for Identity {
    fn default() -> Self {
        Self {
            client_certificate_days: 30,
            server_certificate_days: 90,
            enrolments_per_minute: NonZeroU32::MIN.saturating_add(59),
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            document_bytes: document::MAX_BYTES,
            in_flight_bytes: 64 << 20,
            connections: 10_000,
            streams: 32,
            idle: Duration::from_secs(600),
            handshake: Duration::from_secs(10),
            body: Duration::from_secs(60),
            drain: Duration::from_secs(10),
        }
    }
}

/// Why a configuration is refused; the text names file, key and value.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("cannot read configuration {}: {source}; name another with --config", path.display())]
    Read { path: PathBuf, source: std::io::Error },
    #[error("configuration {}: {source}", path.display())]
    Parse { path: PathBuf, source: Box<toml::de::Error> },
    #[error("configuration {}: {key} = {value:?}: {way_out}", path.display())]
    Value { path: PathBuf, key: &'static str, value: String, way_out: &'static str },
}

impl Config {
    /// Reads and checks a file; relative paths in it count from its folder.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        let read = |source| ConfigError::Read { path: path.to_owned(), source };
        let text = std::fs::read_to_string(path).map_err(read)?;
        let mut config: Self = toml::from_str(&text).map_err(|source| ConfigError::Parse {
            path: path.to_owned(),
            source: Box::new(source),
        })?;
        config.check().map_err(|(key, value, way_out)| ConfigError::Value {
            path: path.to_owned(),
            key,
            value,
            way_out,
        })?;
        let folder = path.parent().unwrap_or(Path::new("."));
        config.data = folder.join(&config.data);
        let directory = &mut config.frameworks.directory;
        *directory = directory.take().map(|path| folder.join(path));
        if let Some(oidc) = &mut config.oidc {
            oidc.client_secret_file = oidc.client_secret_file.take().map(|path| folder.join(path));
            oidc.tls_roots = oidc.tls_roots.take().map(|path| folder.join(path));
        }
        for witness in &mut config.witness {
            witness.tls_roots = witness.tls_roots.take().map(|path| folder.join(path));
        }
        for authority in &mut config.timestamp {
            authority.roots = folder.join(&authority.roots);
            authority.tls_roots = authority.tls_roots.take().map(|path| folder.join(path));
        }
        Ok(config)
    }

    /// host:port for agents, once it is known on which port we listen.
    pub fn evidence_address(&self, bound: SocketAddr) -> String {
        match (&self.evidence.advertise, self.names.first()) {
            (Some(address), _) => address.clone(),
            (None, Some(name)) if name.contains(':') => format!("[{name}]:{}", bound.port()),
            (None, Some(name)) => format!("{name}:{}", bound.port()),
            (None, None) => bound.to_string(),
        }
    }

    /// In which the whole log is looked through.
    pub fn scrub_period(&self) -> Duration {
        Duration::from_secs(u64::from(self.log.scrub_days) * 86_400)
    }
}

/// Reads "30s", "10m", "24h"; zero and negative spans are refused.
fn duration<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    let text = String::deserialize(deserializer)?;
    parse_duration(&text).map_err(serde::de::Error::custom)
}

/// Reads a span of time as people write it.
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    let refused =
        || format!("{text:?} is not a span of time: expected one like \"30s\", \"10m\" or \"24h\"");
    let span: SignedDuration = text.parse().map_err(|_not_a_span| refused())?;
    Duration::try_from(span).ok().filter(|span| !span.is_zero()).ok_or_else(refused)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::people::Role;

    const EXAMPLE: &str = include_str!("../../packaging/collector.example.toml");

    fn load(text: &str) -> Result<Config, ConfigError> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("collector.toml");
        std::fs::write(&path, text).unwrap();
        Config::load(&path)
    }

    fn required() -> Config {
        Config {
            origin: "evidence.example.com/acme/2026".into(),
            data: "/var/lib/exhibit-collector".into(),
            names: vec!["evidence.example.com".into()],
            evidence: Evidence::default(),
            web: Web::default(),
            log: Log::default(),
            retention: Retention::default(),
            rules: Rules::default(),
            frameworks: Frameworks::default(),
            identity: Identity::default(),
            limits: Limits::default(),
            people: People::default(),
            oidc: None,
            approval: Approval::default(),
            label: Vec::new(),
            labels: Labels::default(),
            witness: Vec::new(),
            witnesses: Witnesses::default(),
            timestamp: Vec::new(),
            timestamps: Timestamps::default(),
        }
    }

    #[test]
    fn example_parses_and_shows_the_defaults() {
        assert_eq!(load(EXAMPLE).unwrap(), required());
        let shown = EXAMPLE.lines().map(|line| match line.strip_prefix("# ") {
            Some(rest) if rest.contains(" = ") && !rest.starts_with(char::is_uppercase) => rest,
            Some(rest) if rest.starts_with("[[") || rest.starts_with("[oidc") => rest,
            Some(_) | None => line,
        });
        let shown: Vec<&str> = shown.collect();
        let all = load(&shown.join("\n")).unwrap();
        let advertise = Some("evidence.example.com:8443".to_owned());
        let evidence = Evidence { advertise, ..Evidence::default() };
        let approval = Approval { second_person: vec!["waiver".into(), "applicability".into()] };
        assert_eq!(all.label.len(), 1);
        let label = all.label.clone();
        let (witness, timestamp) = (all.witness.clone(), all.timestamp.clone());
        assert_eq!((witness.len(), timestamp.len()), (2, 1));
        let retention = all.retention.clone();
        assert_eq!(retention.days.values().copied().collect::<Vec<_>>(), [400]);
        let rest = Retention {
            documents_per_second: retention.documents_per_second,
            ..Retention::default()
        };
        assert_eq!(rest, Retention::default());
        assert_eq!(all.rules.signers.len(), 1);
        let rules = Rules { signers: all.rules.signers.clone(), ..Rules::default() };
        let (people, oidc) = (all.people.clone(), all.oidc.clone());
        assert_eq!(people.second_factor, [Role::Admin, Role::Compliance]);
        let shown_oidc = oidc.as_ref().unwrap();
        let defaults: Oidc =
            toml::from_str("issuer = \"i\"\nclient_id = \"c\"\nredirect = \"r\"\nroles = {}\n")
                .unwrap();
        assert_eq!(
            shown_oidc.roles.values().copied().collect::<Vec<_>>(),
            [Role::Admin, Role::Compliance]
        );
        assert_eq!((&shown_oidc.scopes, &shown_oidc.label), (&defaults.scopes, &defaults.label));
        assert_eq!(shown_oidc.clock_skew, defaults.clock_skew);
        assert_eq!(shown_oidc.groups_claim, defaults.groups_claim);
        let frameworks = Frameworks { directory: Some("/etc/exhibit/frameworks".into()) };
        assert_eq!(all.frameworks, frameworks);
        let labels = Labels { from_agents: Some(["service", "owner"].map(str::to_owned).into()) };
        let first = Config { approval, frameworks, label, labels, ..required() };
        let others = Config { rules, people, oidc, ..first };
        assert_eq!(all, Config { evidence, witness, timestamp, retention, ..others });
        // Every key that can be read is shown.
        let keys = shown.iter().filter(|line| line.contains(" = ") && !line.starts_with('#'));
        assert_eq!(keys.count(), 60);
    }

    #[test]
    fn bad_values_are_named_with_place_and_way_out() {
        let base = "origin = \"o\"\ndata = \"d\"\nnames = [\"a.example\"]\n";
        assert!(load(base).unwrap().data.is_absolute());
        let oidc = |keys: &str, roles: &str| {
            let redirect = "redirect = \"https://e.example/sign-in/oidc/callback\"";
            format!("{base}[oidc]\nclient_id = \"c\"\n{redirect}\n{keys}\n[oidc.roles]\n{roles}\n")
        };
        for (text, expected) in [
            (format!("{base}colour = 1\n"), "colour"),
            (base.replace("\"o\"", "\"https://o\""), "origin"),
            (base.replace("a.example", "a.example:1"), "a.example:1"),
            (base.replace("[\"a.example\"]", "[]"), "names"),
            (format!("{base}[limits]\nidle = \"soon\"\n"), "soon"),
            (format!("{base}[limits]\ndocument_bytes = 9000000000\n"), "document_bytes"),
            (format!("{base}[identity]\nclient_certificate_days = 0\n"), "expected 2 to 397"),
            (format!("{base}[evidence]\nadvertise = \"host\"\n"), "host:port"),
            (format!("{base}[log]\nscrub_days = 0\n"), "expected 1 to 365"),
            (format!("{base}[retention]\ndefault_days = 9\n"), "retention.approved_by"),
            (format!("{base}[retention]\ndefault_days = 0\n"), "at least 1 day"),
            (format!("{base}[rules]\nsigners = [\"ada\"]\n"), "name+id+key"),
            (format!("{base}[approval]\nsecond_person = [\"wavier\"]\n"), "wavier"),
            (format!("{base}[[label]]\ntargets = \"owner =\"\nset = {{}}\n"), "character"),
            (format!("{base}[web]\nlisten = \"everywhere\"\n"), "listen"),
            (format!("{base}[people]\nsecond_factor = [\"root\"]\n"), "there is no role"),
            (oidc("issuer = \"http://id\"", "g = \"admin\""), "oidc.issuer"),
            (oidc("issuer = \"https://id\"", "g = \"auditor\""), "auditors have an account"),
            (oidc("issuer = \"https://id\"", ""), "name at least one group"),
            (
                oidc("issuer = \"https://id\"\nclock_skew = \"1h\"", "g = \"admin\""),
                "oidc.clock_skew",
            ),
            (oidc("issuer = \"https://id\"\nscopes = [\"email\"]", "g = \"admin\""), "oidc.scopes"),
        ] {
            let error = load(&text).unwrap_err();
            let text = match &error {
                ConfigError::Parse { source, .. } => format!("{error} {source}"),
                ConfigError::Read { .. } | ConfigError::Value { .. } => error.to_string(),
            };
            assert!(text.contains(expected), "{text} lacks {expected}");
        }
    }
}
