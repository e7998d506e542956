//! A person's signature over a pack: a C2SP signed note that names its digest, and so every file. It activates nothing.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, ensure};
use exhibit_assessment::{GivenRules, RulePack};
use exhibit_proto::keys::SecretKey;
use exhibit_proto::note::{Note, Verifier, sign as sign_note};
use serde::Serialize;

use super::files;
use crate::identity::read_secret;

/// A signature that was written.
#[derive(Debug, Serialize)]
pub struct Signed {
    pub signature: PathBuf,
    pub statement: String,
    /// For `[rules] signers`.
    pub vkey: String,
}

/// Signs the files at `pack` as `name` with the Ed25519 key (PKCS #8, PEM) at `key`; a signature of somebody else stays beside.
pub fn sign(
    pack: &Path,
    (name, key): (&str, &Path),
    output: Option<&Path>,
) -> anyhow::Result<Signed> {
    let text = statement(files::given(pack)?.as_ref())?;
    let secret = SecretKey::from_pem(&read_secret(key)?).with_context(|| {
        format!(
            "{}: expected an Ed25519 key, as `openssl genpkey -algorithm ed25519` makes it",
            key.display()
        )
    })?;
    let verifier = Verifier::new(name, secret.public()).context("--name")?;
    let path = output.map_or_else(|| files::signature_path(pack), Path::to_path_buf);
    let ours = sign_note(&text, name, &secret)?;
    let whole = match fs::read_to_string(&path) {
        Ok(there) => beside(&there, &ours, &verifier)
            .with_context(|| format!("{} is there already", path.display()))?,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => ours,
        Err(error) => return Err(error).with_context(|| format!("reading {}", path.display())),
    };
    fs::write(&path, whole).with_context(|| format!("writing {}", path.display()))?;
    Ok(Signed { signature: path, statement: text, vkey: verifier.vkey() })
}

/// What is signed: these files, or the shipped pack.
pub(super) fn statement(given: Option<&GivenRules>) -> anyhow::Result<String> {
    Ok(match given {
        Some(given) => given.statement(),
        None => RulePack::builtin()?.statement(),
    })
}

/// The lines of others with ours; a note over other files is replaced.
fn beside(there: &str, ours: &str, verifier: &Verifier) -> anyhow::Result<String> {
    let note = Note::parse(there.as_bytes()).context("and is no signature: move it away")?;
    let (text, line) = ours.rsplit_once("\n\n").context("a note has a blank line")?;
    if note.text().trim_end() != text {
        return Ok(ours.to_owned());
    }
    ensure!(note.verify(verifier).is_err(), "and is signed by {} already", verifier.name());
    let others =
        there.lines().filter(|other| !other.starts_with(&format!("\u{2014} {} ", verifier.name())));
    Ok(format!("{}\n{line}", others.collect::<Vec<_>>().join("\n")))
}

impl fmt::Display for Signed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "signed, in {}:\n{}", self.signature.display(), self.statement)?;
        write!(f, "who is to accept it needs, in [rules] signers:\n{}", self.vkey)
    }
}
