//! What tools read, so that none is run that would read what the operator forbids. It never runs one.

use std::path::Path;

use super::Tool;
use crate::Job;

/// Where tools read without being told; folders with all that is in them. What the loader, the C library and the service
/// manager read for every program is not counted.
const KNOWN: &[(&str, &[&str])] = &[
    ("adjtimex", &[]),
    ("apt-get", &["/etc/apt", "/var/cache/apt", "/var/lib/apt", "/var/lib/dpkg"]),
    ("auditctl", &["/etc/audit"]),
    ("borg", &["/root/.config/borg"]),
    ("btrfs", &[]),
    ("busybox", &[]),
    ("chronyc", &["/run/chrony"]),
    ("createdb", &["/root/.pgpass", "/root/.pg_service.conf"]),
    ("cryptsetup", &[]),
    ("cscli", &["/etc/crowdsec", "/var/lib/crowdsec"]),
    ("ctr", &["/run/containerd"]),
    ("getent", &["/etc/passwd", "/etc/group"]),
    ("git", &["/etc/gitconfig", "/root/.gitconfig"]),
    ("initdb", &["/usr/share/postgresql"]),
    ("ionice", &[]),
    ("ip", &["/etc/iproute2"]),
    ("ip6tables-legacy-save", &[]),
    ("ip6tables-nft-save", &[]),
    ("iptables-legacy-save", &[]),
    ("iptables-nft-save", &[]),
    ("journalctl", &["/var/log/journal", "/run/log/journal"]),
    ("lsattr", &[]),
    ("lvs", &["/etc/lvm"]),
    ("nft", &[]),
    ("pg_restore", &["/root/.pgpass", "/root/.pg_service.conf"]),
    ("pgbackrest", &["/etc/pgbackrest", "/etc/pgbackrest.conf"]),
    ("postgres", &["/usr/share/postgresql"]),
    ("psql", &["/root/.pgpass", "/root/.pg_service.conf"]),
    ("restic", &["/root/.aws", "/root/.config/rclone"]),
    ("rpm", &["/var/lib/rpm", "/usr/lib/sysimage/rpm"]),
    ("rpm-ostree", &["/ostree", "/sysroot"]),
    ("smartctl", &["/var/lib/smartmontools"]),
    ("sshd", &["/etc/ssh"]),
    ("systemctl", &["/etc/systemd"]),
    ("timedatectl", &[]),
    ("upsc", &["/etc/nut"]),
    ("wal-g", &["/root/.aws", "/root/.walg.json"]),
    ("zfs", &["/etc/zfs"]),
    ("zpool", &["/etc/zfs"]),
];

/// The veto that stands against a call: over its program, its folder, a path that its words or its environment name, or
/// what it is known to read. A tool of which nobody knows what it reads is stopped by any.
pub(super) fn vetoed(tool: &Tool<'_>, program: &Path, job: &Job) -> Option<String> {
    if job.vetoes.is_empty() {
        return None;
    }
    let name = tool.program.rsplit('/').next().unwrap_or(tool.program);
    let known = KNOWN.iter().find(|(program, _)| *program == name).map(|(_, paths)| *paths);
    let said = format!("not run: {}", tool.line());
    if known.is_none() && tool.reads.is_none() {
        return job.vetoes.stops("/", true, &said);
    }
    let stops = |path: &str, is_folder: bool| stops(job, path, is_folder, &said);
    let known = known.into_iter().flatten().copied();
    let told = tool.reads.iter().flatten().map(String::as_str);
    let mut words = tool.arguments.iter().chain(tool.environment.values());
    stops(&program.to_string_lossy(), false)
        .or_else(|| known.chain(told).find_map(|path| stops(path, true)))
        .or_else(|| Some(tool.folder.to_str()?).filter(|f| *f != "/").and_then(|f| stops(f, true)))
        .or_else(|| words.find_map(|word| paths(word).find_map(|path| stops(path, true))))
}

/// The veto over a path under the name that is given, or under the one that links lead to.
fn stops(job: &Job, path: &str, is_folder: bool, said: &str) -> Option<String> {
    let root = job.root.to_str().unwrap_or("/").trim_end_matches('/');
    let real = std::fs::canonicalize(path).ok();
    let is_folder = is_folder && !real.as_deref().is_some_and(Path::is_file);
    let inside = |path: &str| path.strip_prefix(root).unwrap_or(path).to_owned();
    job.vetoes.stops(&inside(path), is_folder, said).or_else(|| {
        let real = real?;
        let real = real.to_str().filter(|real| *real != path)?;
        job.vetoes.stops(&inside(real), is_folder, said)
    })
}

/// The paths that a word may name: `/etc/x`, `--config=/etc/x`, `cat '/etc/x'`. Not the root, which is where tools work.
fn paths(word: &str) -> impl Iterator<Item = &str> {
    let is_url = |text: &str| text.contains("://") && !text.contains("file://");
    let whole = word.find('/').and_then(|at| word.get(at..)).filter(|_| !is_url(word));
    let parts = word.split([' ', '\t', '\n', '\'', '"', '=', ',', ':', ';']);
    let parts = parts.filter(move |part| part.starts_with('/') && !is_url(word));
    whole.into_iter().chain(parts).filter(|path| path.len() > 1)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::super::super::testing;
    use super::super::{Tool, ToolError, run};
    use super::*;
    use crate::plugin::Vetoes;

    fn job(veto: &str) -> Job {
        Job { vetoes: Vetoes::read(&[veto.to_owned()]).unwrap(), ..testing::job("/") }
    }

    fn is_stopped(tool: &Tool<'_>, job: &Job) -> bool {
        match run(tool, job) {
            Err(ToolError::Vetoed { .. }) => true,
            Ok(_) => false,
            Err(error) => panic!("{error}"),
        }
    }

    #[test]
    fn a_tool_that_would_read_what_is_forbidden_is_not_run() {
        let job = job("/etc/ssh/ssh_host_*");
        let cat = |words: &[&str]| Tool::new("cat", words).reads(&[]);
        for tool in [
            cat(&["/etc/ssh/ssh_host_rsa_key"]),
            cat(&["--file=/etc/ssh/ssh_host_rsa_key"]),
            cat(&["/etc/ssh"]),
            cat(&[]).env("PASS_COMMAND", "cat '/etc/ssh/ssh_host_rsa_key'"),
            cat(&[]).env("FILES", "/etc/passwd:/etc/ssh/ssh_host_rsa_key"),
            cat(&[]).folder("/etc/ssh"),
            cat(&[]).reads(&["/etc"]),
            cat(&[]).reads(&["/"]),
            Tool::new("cat", &["/etc/passwd"]),
        ] {
            assert!(is_stopped(&tool, &job), "{tool:?}");
        }
        let met = job.vetoes.met();
        let told = "the operator of this host forbids it ([deny] paths: /etc/ssh/ssh_host_*); not run: cat /etc/ssh/ssh_host_rsa_key (9 times)";
        assert_eq!(met, [told]);
        for tool in [
            cat(&["/etc/passwd"]),
            cat(&["/etc/passwd"]).env("URL", "https://host/etc/ssh/ssh_host_rsa_key"),
        ] {
            assert!(!is_stopped(&tool, &job), "{tool:?}");
        }
        assert!(job.vetoes.met().is_empty());
    }

    #[test]
    fn what_a_tool_reads_by_itself_and_the_tool_itself_can_be_forbidden() {
        let (ssh, getent) = (Tool::new("getent", &["passwd", "0"]), Tool::new("getent", &["x"]));
        assert!(is_stopped(&ssh, &job("/etc/passwd")));
        assert!(is_stopped(&getent, &job("/usr/bin/getent")));
        assert!(!is_stopped(&ssh, &job("/etc/shadow")));
    }

    #[test]
    fn a_link_leads_no_tool_around_a_veto_and_a_value_is_not_told() {
        let folder = tempfile::tempdir().unwrap();
        let (secret, link) = (folder.path().join("secret"), folder.path().join("link"));
        std::fs::write(&secret, "planted").unwrap();
        symlink(&secret, &link).unwrap();
        let job = job(secret.to_str().unwrap());
        let tool = Tool::new("cat", &[]).reads(&[]).env("PLACE", link.to_str().unwrap());
        assert!(is_stopped(&tool, &job));
        let met = job.vetoes.met();
        assert!(met[0].ends_with("not run: cat") && !met[0].contains("link"), "{met:?}");
    }

    #[test]
    fn the_list_of_tools_names_each_once() {
        let mut names: Vec<_> = KNOWN.iter().map(|(name, _)| *name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), KNOWN.len());
    }
}
