//! Variables that a tool needs to reach its storage, from a file that only its owner may change. They go to the tool's
//! environment and nowhere else.

use exhibit_plugin::OutcomeKind;

use super::{Refusal, rsnapshot, settings};
use crate::look::Look;
use crate::secret::Environment;
use crate::settings::Tool;

/// The repository with what its environment file says; nothing where it names none.
pub(super) fn ready(
    look: &mut Look<'_>,
    named: &settings::Repository,
) -> Result<settings::Repository, Refusal> {
    let mut named = if named.tool == Tool::Rsnapshot {
        rsnapshot::located(look, named)?
    } else {
        named.clone()
    };
    let Some(path) = &named.environment_file else { return Ok(named) };
    let path = path.to_string_lossy().into_owned();
    let text = match look.host.text(&path) {
        Ok(Some(text)) => text,
        Ok(None) => {
            return Err(Refusal::new(
                OutcomeKind::NotConfigured,
                format!("the environment file {path} does not exist"),
                "create it, or correct environment_file in the settings",
            ));
        }
        Err(error) => return Err(Refusal::new(error.outcome(), error.to_string(), error.remedy())),
    };
    if !is_ours(look, &path) {
        return Err(Refusal::new(
            OutcomeKind::Denied,
            format!("the environment file {path} may be written by others"),
            format!("run chown root {path} and chmod 600 {path}"),
        ));
    }
    named.environment = Environment(read(&text));
    Ok(named)
}

/// Whether nobody with less rights than the plugin may write a file.
pub(super) fn is_ours(look: &Look<'_>, path: &str) -> bool {
    look.host.facts(path).ok().flatten().is_some_and(|facts| {
        let own = rustix::process::geteuid().as_raw();
        facts.mode & 0o022 == 0 && (facts.uid == 0 || facts.uid == own)
    })
}

/// `KEY=value` lines as systemd and shells read them; what could change which program runs is left out.
fn read(text: &str) -> Vec<(String, String)> {
    let line = |line: &str| {
        let line = line.trim();
        let line = line.strip_prefix("export ").unwrap_or(line);
        let (key, value) = line.split_once('=')?;
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        if key.is_empty() || !key.bytes().all(plain) || key.starts_with("LD_") || key == "PATH" {
            return None;
        }
        let value = value.trim();
        let bare = ['"', '\''].iter().find_map(|quote| {
            value.strip_prefix(*quote).and_then(|rest| rest.strip_suffix(*quote))
        });
        Some((key.to_owned(), bare.unwrap_or(value).to_owned()))
    };
    text.lines().filter_map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read_as_systemd_and_shells_do() {
        let text =
            "# x\nexport A_KEY='it is'\nB=\"two\"\nC=three=3\nLD_PRELOAD=/x\nPATH=/x\nnoise\n=x\n";
        let of = |key: &str, value: &str| (key.to_owned(), value.to_owned());
        assert_eq!(read(text), [of("A_KEY", "it is"), of("B", "two"), of("C", "three=3")]);
    }
}
