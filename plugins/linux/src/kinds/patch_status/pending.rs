//! Which updates wait on a host of dpkg: from apt's lists, or from a simulated upgrade where apt's policy is not fully understood.
//! It never installs and never fetches lists.

use exhibit_plugin::{OutcomeKind, kinds::patch_status::PendingUpdate};

use super::offers;
use crate::{look::Look, packages, tool::Tool};

/// Updates that wait; none when that is not determinable, which an outcome then says.
pub(super) fn observe(look: &mut Look<'_>) -> Option<Vec<PendingUpdate>> {
    let installed = packages::read(look, false)?.list;
    if !look.host.is_live() {
        // apt of another root is not run: its settings may name programs.
        return offers::read(look, &installed).updates;
    }
    match offers::of_apt(look, &installed) {
        Some(offered) => offered.updates,
        None => simulated(look),
    }
}

/// Asks apt, which loads its lists anew and takes seconds for it.
fn simulated(look: &mut Look<'_>) -> Option<Vec<PendingUpdate>> {
    // NoLocking: an unprivileged reader may not lock, and nobody should wait for one who only looks.
    let tool = Tool::new(
        "apt-get",
        &[
            "-s",
            "-o",
            "Debug::NoLocking=true",
            "-o",
            "APT::Get::Show-User-Simulation-Note=false",
            "dist-upgrade",
        ],
    );
    let output = look.run(&tool)?;
    if !output.is_success() {
        look.seen.outcome(
            OutcomeKind::Failed,
            format!("the simulated upgrade {}", output.fault()),
            "run apt-get -s dist-upgrade on the host and mend what it reports",
        );
        return None;
    }
    let mut updates = Vec::new();
    for line in output.stdout.lines() {
        match parse(line) {
            Ok(found) => updates.extend(found),
            Err(fault) => {
                look.seen.outcome(
                    OutcomeKind::Failed,
                    format!("a line of apt-get is not understood: {fault}"),
                    "report this line with the version of apt",
                );
            }
        }
    }
    Some(updates)
}

/// `Inst name [installed] (candidate origin, origin [architecture]) [waiting for]`; other lines are no update.
fn parse(line: &str) -> Result<Option<PendingUpdate>, String> {
    let Some(rest) = line.strip_prefix("Inst ") else { return Ok(None) };
    let fault = || line.to_owned();
    let (name, rest) = rest.split_once(' ').ok_or_else(fault)?;
    let (installed, rest) = match rest.strip_prefix('[') {
        Some(inside) => {
            let (version, rest) = inside.split_once("] ").ok_or_else(fault)?;
            (Some(version.to_owned()), rest)
        }
        None => (None, rest),
    };
    let (_, inside) = rest.split_once('(').ok_or_else(fault)?;
    let (inside, _) = inside.split_once(')').ok_or_else(fault)?;
    let (inside, architecture) = match inside.rsplit_once(" [") {
        Some((inside, architecture)) => {
            (inside, Some(architecture.trim_end_matches(']').to_owned()))
        }
        None => (inside, None),
    };
    let (candidate, origins) = inside.split_once(' ').unwrap_or((inside, ""));
    let origins: Vec<String> =
        origins.split(", ").filter(|origin| !origin.is_empty()).map(str::to_owned).collect();
    Ok(Some(PendingUpdate {
        name: name.split_once(':').map_or(name, |(name, _)| name).to_owned(),
        architecture,
        installed,
        candidate: candidate.to_owned(),
        security: origins.iter().any(|origin| is_security(origin)),
        origins,
    }))
}

/// `Debian-Security:12/oldstable-security`, `Ubuntu:24.04/noble-security`, `UbuntuESM:22.04/jammy-infra-security`.
fn is_security(origin: &str) -> bool {
    let (label, archive) = origin.split_once(':').unwrap_or((origin, ""));
    label == "Debian-Security" || archive.ends_with("-security")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_a_simulated_upgrade_are_understood() {
        let update = parse(
            "Inst libgcrypt20 [1.10.1-3] (1.10.1-3+deb12u1 Debian:12.15/oldstable, Debian-Security:12/oldstable-security [amd64]) []",
        )
        .unwrap()
        .unwrap();
        assert_eq!(update.name, "libgcrypt20");
        assert_eq!(update.installed.as_deref(), Some("1.10.1-3"));
        assert_eq!(update.candidate, "1.10.1-3+deb12u1");
        assert_eq!(update.architecture.as_deref(), Some("amd64"));
        assert_eq!(
            update.origins,
            ["Debian:12.15/oldstable", "Debian-Security:12/oldstable-security"]
        );
        assert!(update.security);

        let new =
            parse("Inst linux-image-6.1.0-40-amd64 (6.1.153-1 Debian:12.15/oldstable [amd64])");
        let new = new.unwrap().unwrap();
        assert_eq!((new.installed, new.security), (None, false));

        let ubuntu = parse(
            "Inst curl [8.5.0-2ubuntu10.1] (8.5.0-2ubuntu10.6 Ubuntu:24.04/noble-updates, Ubuntu:24.04/noble-security [amd64])",
        );
        assert!(ubuntu.unwrap().unwrap().security);
        let only_updates = parse("Inst x [1] (2 Ubuntu:24.04/noble-updates [amd64])");
        assert!(!only_updates.unwrap().unwrap().security);
        let local = parse("Inst x [1] (2 localhost [all])").unwrap().unwrap();
        assert_eq!(local.origins, ["localhost"]);
    }

    #[test]
    fn other_lines_are_no_update_and_cut_ones_are_faults() {
        assert_eq!(parse("Conf libgcrypt20 (1 x [amd64])"), Ok(None));
        assert_eq!(parse("The following packages have been kept back:"), Ok(None));
        for line in ["Inst ", "Inst x", "Inst x [1", "Inst x [1] (2", "Inst x nothing"] {
            assert!(parse(line).is_err(), "{line}");
        }
    }
}
