//! A sample of a backup of duplicity: its signatures say which files there are, `duplicity restore` brings each back, and
//! each is held against its signature and its source. It runs behind walls: a backup says where its files go. It never
//! uses the operator's cache.

mod chain;
mod signature;
mod tar;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use exhibit_plugin::OutcomeKind;
use exhibit_plugin::kinds::continuity_tests::{Backup, Test};
use rustix::fs::Mode;

use self::chain::{Chain, Signed};
use super::compare::{self, Compared, Verdict};
use super::confine::{self, Walls};
use super::sample::{Draw, Drawn, File};
use super::scratch::Scratch;
use super::{judged, seconds, told};
use crate::jobs::facts::host_name;
use crate::jobs::{Refusal, unrun};
use crate::location;
use crate::look::Look;
use crate::settings::{Repository, RestoreTest};
use crate::tool::{Output, Tool, run_lines};

const PACKAGE: &str = "duplicity";
const MIB: u64 = 1024 * 1024;

/// One call after the other, in a scratch folder with what duplicity keeps for itself.
struct Calls<'a> {
    named: &'a Repository,
    wanted: &'a RestoreTest,
    scratch: &'a Path,
    /// What opens the backup; none where it lies open.
    passphrase: Option<String>,
    is_sealed: bool,
    /// Bytes of its signatures and manifests, which go to the cache.
    signed: u64,
    /// Bytes of its largest file, which is unpacked beside what is restored.
    largest: u64,
    end: Instant,
}

/// Restores a sample and compares it.
pub(super) fn restore(
    look: &mut Look<'_>,
    (named, newest): (&Repository, &Backup),
    wanted: &RestoreTest,
    scratch: &Scratch,
    test: &mut Test,
    (clock, end): (Instant, Instant),
) -> Result<(), Refusal> {
    let calls = Calls::new(look, named, wanted, scratch.path(), end)?;
    scratch.demand(calls.signed.saturating_mul(2))?;
    // It fills the cache with signatures and manifests, without their seals.
    look.seen.method(format!("duplicity list-current-files {}", calls.url()));
    let output = calls.run(look, "list-current-files", &[calls.url()])?;
    if !output.is_success() {
        return Err(refusal(&output, calls.is_sealed));
    }
    let chain = Chain::find(&calls.at("cache"), &newest.id)?;
    let drawn = draw(look, wanted, &chain, end)?;
    scratch.demand(drawn.bytes.saturating_add(calls.largest.saturating_mul(2)))?;
    let ids = (newest.id.as_str(), newest.time.to_string());
    look.seen
        .method(format!("duplicity restore --file-to-restore <each of the sample> ({})", ids.0));
    let mut restored = Ok(());
    for (number, file) in drawn.files.iter().enumerate() {
        let inside = chain.inside(&file.path);
        let to = calls.at(&format!("files/{number}")).display().to_string();
        let words =
            [format!("--time={}", ids.1), format!("--file-to-restore={inside}"), calls.url(), to];
        let output = calls.run(look, "restore", &words)?;
        let one = judged("duplicity restore", &output, &said(&output))?;
        restored = restored.and(one);
    }
    test.recovery_time.achieved_seconds = seconds(clock);
    let signed = chain.signatures(&drawn.files, end)?;
    let here = look.host.is_live() && chain.host.as_deref() == Some(host_name().as_str());
    let mut compared = Compared::default();
    for (number, file) in drawn.files.iter().enumerate() {
        let path = calls.at(&format!("files/{number}"));
        let source = (here && chain.has_paths()).then_some(&look.host);
        let verdict = judge(file, &path, signed.get(&file.path), source, newest);
        let unproven = "came back, and its signature is of a kind that is not understood";
        compared.count(file, &path, verdict, Some(unproven));
    }
    told(test, wanted, drawn, compared, restored);
    Ok(())
}

impl<'a> Calls<'a> {
    fn new(
        look: &Look<'_>,
        named: &'a Repository,
        wanted: &'a RestoreTest,
        scratch: &'a Path,
        end: Instant,
    ) -> Result<Self, Refusal> {
        if named.location.contains(['%', '?', '#']) {
            return Err(Refusal::new(
                OutcomeKind::NotConfigured,
                "the location holds a character that means something else in the URLs of duplicity",
                "name a folder without %, ? and # in its path",
            ));
        }
        let names = look.host.names(&named.location).ok().flatten().unwrap_or_default();
        let (mut is_sealed, mut signed, mut largest) = (false, 0_u64, 0_u64);
        let own = rustix::process::geteuid();
        for name in names.iter().filter(|name| name.starts_with("duplicity-")) {
            let path = format!("{}/{name}", named.location.trim_end_matches('/'));
            let Some(facts) = look.host.facts(&path).ok().flatten() else { continue };
            // Behind the walls a right to read everything is gone.
            if !own.is_root() && facts.uid != own.as_raw() && facts.mode & 0o044 == 0 {
                return Err(Refusal::new(
                    OutcomeKind::Denied,
                    format!(
                        "{path} may be read by its owner alone, as whom duplicity would have to run"
                    ),
                    "run the plugin as root or as the owner of the backups",
                ));
            }
            let size = facts.size;
            is_sealed |= name.ends_with(".gpg");
            largest = largest.max(size);
            if !name.contains(".difftar") {
                signed = signed.saturating_add(size);
            }
        }
        let passphrase = match &named.password_file {
            Some(path) => Some(passphrase(look, path)?),
            None => None,
        };
        for name in ["cache", "tmp", "gnupg", "files"] {
            rustix::fs::mkdir(scratch.join(name), Mode::RWXU).map_err(|error| {
                Refusal::new(
                    OutcomeKind::Failed,
                    format!("no folder can be made in the scratch folder: {error}"),
                    "name a scratch folder in the test that the plugin may write to",
                )
            })?;
        }
        Ok(Self { named, wanted, scratch, passphrase, is_sealed, signed, largest, end })
    }

    fn at(&self, name: &str) -> PathBuf {
        self.scratch.join(name)
    }

    fn url(&self) -> String {
        format!("file://{}", self.named.location)
    }

    fn run(&self, look: &Look<'_>, action: &str, words: &[String]) -> Result<Output, Refusal> {
        let own = [
            action.to_owned(),
            "--verbosity=warning".to_owned(),
            format!("--archive-dir={}", self.at("cache").display()),
            format!("--tempdir={}", self.at("tmp").display()),
        ];
        let open = (!self.is_sealed).then(|| "--no-encryption".to_owned());
        let words: Vec<&str> = own.iter().chain(&open).chain(words).map(String::as_str).collect();
        let left = self.end.saturating_duration_since(Instant::now());
        // What it unpacks for itself is not much larger than what lies there.
        let bound = self.wanted.max_mib.saturating_mul(MIB);
        let bound = bound.max(self.largest.saturating_mul(2).saturating_add(64 * MIB));
        let tool = Tool::new("duplicity", &words)
            .reads(&[&self.named.location])
            .folder(self.scratch)
            .timeout(left)
            .largest_file(bound)
            .env("HOME", self.at("gnupg").display().to_string())
            .env("TMPDIR", self.at("tmp").display().to_string())
            .env("GNUPGHOME", self.at("gnupg").display().to_string());
        let secret = self.passphrase.iter();
        let tool = secret.fold(tool, |tool, text| tool.env("PASSPHRASE", text.clone()));
        let set = |tool: Tool<'a>, (key, value): &'a (String, String)| tool.env(key, value.clone());
        let tool = self.named.environment.0.iter().fold(tool, set);
        // Keys of the operator's own, where the environment names their folder.
        let keys = self.named.environment.0.iter().filter(|(key, _)| key == "GNUPGHOME");
        let reads = keys.map(|(_, path)| PathBuf::from(path));
        let reads = reads.chain([PathBuf::from(&self.named.location)]).collect();
        let walls = match self.wanted.unconfined {
            false => Walls::Kept { reads, writes: vec![self.scratch.to_owned()] },
            true => Walls::Bare,
        };
        // It prints every name of the backup, which nobody wants.
        let ran = confine::behind(&walls, || run_lines(&tool, look.job, |_line| {}));
        ran?.map_err(|error| unrun(&error, PACKAGE))
    }
}

impl Drop for Calls<'_> {
    fn drop(&mut self) {
        // gpg leaves an agent behind, which works in no folder; without its own folder it ends too, but later.
        if self.is_sealed {
            let mut command = std::process::Command::new("/usr/bin/gpgconf");
            command.args(["--kill", "all"]).env_clear().env("GNUPGHOME", self.at("gnupg"));
            drop(command.stdin(std::process::Stdio::null()).output());
        }
    }
}

/// For the fuzzer: whether an archive of signatures is read to its end. Each signature is held against an empty file.
pub(super) fn reads(bytes: &[u8]) -> bool {
    let mut each = |entry: &tar::Entry, content: &mut dyn std::io::Read| {
        let mut signature = Vec::new();
        content.read_to_end(&mut signature)?;
        let most = Signed::most(&signature, entry.size);
        let empty = Signed::new(signature).fits(Path::new("/dev/null"))?;
        match (empty, most) {
            (Some(true), Some(1..)) => Err(std::io::ErrorKind::InvalidData.into()),
            _ => Ok(()),
        }
    };
    tar::entries(bytes, &mut each).is_ok()
}

fn passphrase(look: &Look<'_>, path: &Path) -> Result<String, Refusal> {
    let shown = path.to_string_lossy();
    let text = look.host.text(&shown).map_err(|error| {
        let detail = format!("the password file cannot be used: {error}");
        Refusal::new(error.outcome(), detail, error.remedy())
    })?;
    let text = text.ok_or_else(|| {
        Refusal::new(
            OutcomeKind::NotConfigured,
            format!("the password file {shown} does not exist"),
            "create it with the passphrase, or correct password_file in the settings",
        )
    })?;
    Ok(text.lines().next().unwrap_or_default().to_owned())
}

fn draw(
    look: &Look<'_>,
    wanted: &RestoreTest,
    chain: &Chain,
    end: Instant,
) -> Result<Drawn, Refusal> {
    let mut draw = Draw::new(wanted, look.job.vetoes.clone())?;
    chain.files(end, &mut |file| draw.offer(file))?;
    Ok(draw.drawn(wanted))
}

/// What is known of a file that was restored to a path.
fn judge(
    file: &File,
    restored: &Path,
    signed: Option<&Signed>,
    source: Option<&crate::host::Host>,
    newest: &Backup,
) -> Result<Verdict, String> {
    let facts = fs::symlink_metadata(restored).map_err(|_absent| "did not come back".to_owned())?;
    if !facts.is_file() {
        return Err("came back as something else than a file".to_owned());
    }
    let by_signature = match signed {
        Some(signed) => {
            signed.fits(restored).map_err(|error| format!("cannot be read: {error}"))?
        }
        None => None,
    };
    if by_signature == Some(false) {
        return Ok(Verdict::Different("differs from its signature in the backup".to_owned()));
    }
    // A signature tells seconds: a source that was changed in the very second of the backup may be another one.
    let settled = file.modified.filter(|time| time.as_second() < newest.time.as_second());
    let exact = File { size: facts.len(), modified: settled, ..file.clone() };
    let source = source.map(|host| (host, file.path.clone()));
    Ok(match (compare::one_by_seconds(&exact, restored, source)?, by_signature) {
        (Verdict::NoSource, Some(true)) => Verdict::Whole,
        (verdict, _) => verdict,
    })
}

/// Why duplicity could not even list.
fn refusal(output: &Output, is_sealed: bool) -> Refusal {
    let says = |words: &str| output.stderr.contains(words);
    if is_sealed && (says("Bad session key") || says("decryption failed") || says("No secret key"))
    {
        return Refusal::new(
            OutcomeKind::Denied,
            "the passphrase is wrong, or no key is there that opens the backup",
            "put the passphrase into password_file, or name GNUPGHOME in environment_file",
        );
    }
    if is_sealed && (says("GnuPG passphrase") || says("EOFError") || says("termios")) {
        return Refusal::new(
            OutcomeKind::NotConfigured,
            "the backup is encrypted and no passphrase is named",
            "name a readable password_file in the settings",
        );
    }
    Refusal::new(
        OutcomeKind::Failed,
        format!("duplicity did not list the backup: {}", said(output)),
        "run duplicity list-current-files by hand",
    )
}

/// The first line that tells an error; what stands in quotes may be data.
fn said(output: &Output) -> String {
    let mut lines = output.stderr.lines().map(str::trim);
    let tells = |line: &&str| {
        ["rror", "nvalid", "not found", "ailed"].iter().any(|word| line.contains(word))
    };
    let line = lines.find(tells).map_or_else(|| output.fault(), str::to_owned);
    location::scrubbed(&super::cluster::unquoted(&line))
}

#[cfg(test)]
mod tests;
