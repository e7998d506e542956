//! Plants that are no text: databases, archives, certificates, records of sign-ins; and the programs and units without which
//! nobody reads the settings that were planted.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use super::host::Planted;

/// Programs, units and folders whose presence is what counts.
const PRESENT: &[&str] = &[
    "/usr/sbin/rsyslogd",
    "/usr/lib/systemd/systemd-journald",
    "/usr/lib/systemd/system/systemd-journald.service",
    "/usr/bin/clamscan",
    "/usr/bin/rkhunter",
    "/usr/sbin/chkrootkit",
    "/usr/local/sbin/maldet",
    "/usr/bin/aide",
    "/usr/sbin/tripwire",
    "/usr/bin/debsums",
    "/usr/bin/fail2ban-server",
    "/etc/pihole/gravity.db",
    "/ostree/repo/config",
    "/proc/sys/kernel/osrelease",
    "/var/lib/systemd/coredump/core",
    "/usr/lib/systemd/system/rsyslog.service",
    "/usr/lib/systemd/system/syslog-ng.service",
    "/usr/lib/systemd/system/systemd-journal-upload.service",
    "/usr/lib/systemd/system/auditd.service",
    "/usr/lib/systemd/system/usbguard.service",
    "/usr/lib/systemd/system/fail2ban.service",
    "/usr/lib/systemd/system/xrdp.service",
    "/usr/lib/systemd/system/vncserver@.service",
    "/usr/lib/systemd/system/nagios-nrpe-server.service",
    "/usr/lib/systemd/system/icinga2.service",
    "/usr/lib/systemd/system/zabbix-agent.service",
    "/usr/lib/systemd/system/zabbix-agent2.service",
    "/usr/lib/systemd/system/clamav-freshclam.service",
    "/usr/lib/systemd/system/chrony.service",
];

pub(super) fn add(planted: &mut Planted) {
    for path in PRESENT {
        let file = planted.place(path);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, if path.ends_with("osrelease") { "6.12.0-1-amd64\n" } else { "" }).unwrap();
    }
    certificates(planted);
    sign_ins(planted);
    databases(planted);
    packages(planted);
    archives(planted);
}

/// Runs a command to its good end.
pub(super) fn done(command: &mut Command) {
    let output = command.env("LC_ALL", "C").stdin(Stdio::null()).output();
    let missing = output.as_ref().err().map(ToString::to_string);
    assert_eq!(missing, None, "{command:?}: tests/run installs what is missing");
    let output = output.unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {said}");
}

/// One certificate with its key in one file, as haproxy wants it, where each declaration looks for some.
fn certificates(planted: &mut Planted) {
    let work = tempfile::tempdir().unwrap();
    let (key, certificate) = (work.path().join("key"), work.path().join("certificate"));
    done(
        Command::new("openssl")
            .args(["req", "-x509", "-newkey", "ed25519", "-nodes", "-days", "30"])
            .args(["-subj", "/CN=www.example.org", "-keyout"])
            .arg(&key)
            .arg("-out")
            .arg(&certificate),
    );
    let certificate = fs::read_to_string(certificate).unwrap();
    for path in [
        "/etc/ssl/site.pem",
        "/etc/ssl/other.crt",
        "/etc/pki/tls/certs/site.crt",
        "/etc/letsencrypt/live/site/fullchain.pem",
        "/etc/ssl/certs/ca-certificates.crt",
        "/usr/local/share/ca-certificates/own.crt",
        "/srv/certificates/named.pem",
    ] {
        let text = format!(
            "# password §\n{certificate}-----BEGIN PRIVATE KEY-----\n§\n-----END PRIVATE KEY-----\n"
        );
        planted.add(path, &text);
    }
}

/// utmp(5) on 64-bit Linux: type, pid, line, id, user, host, then times.
fn utmp(kind: u16, user: &str, host: &str) -> Vec<u8> {
    let mut record = vec![0; 384];
    record[..2].copy_from_slice(&kind.to_le_bytes());
    record[8..13].copy_from_slice(b"pts/0");
    record[44..44 + user.len()].copy_from_slice(user.as_bytes());
    record[76..76 + host.len()].copy_from_slice(host.as_bytes());
    let now = u32::try_from(jiff::Timestamp::now().as_second() - 90_000).unwrap();
    record[340..344].copy_from_slice(&now.to_le_bytes());
    record
}

fn sign_ins(planted: &mut Planted) {
    let (wtmp, btmp) = ("/var/log/wtmp", "/var/log/btmp");
    let host = planted.filled("§", wtmp);
    planted.write(wtmp, &[utmp(7, "joe", &host), utmp(7, "root", &host)].concat());
    // People type their password where the name is asked for.
    let (user, host) = (planted.filled("§", btmp), planted.filled("§", btmp));
    planted.write(btmp, &[utmp(6, &user, &host), utmp(6, "joe", &host)].concat());
    let lastlog = "/var/log/lastlog";
    let host = planted.filled("§", lastlog);
    let mut record = vec![0; 292];
    record[..4].copy_from_slice(&1_795_000_000_u32.to_le_bytes());
    record[36..36 + host.len()].copy_from_slice(host.as_bytes());
    planted.write(lastlog, &record);
}

fn databases(planted: &mut Planted) {
    let now = jiff::Timestamp::now().as_second() - 90_000;
    for (path, statements) in [
        (
            "/var/lib/dnf/history.sqlite",
            format!(
                "create table trans (id integer, dt_begin integer, dt_end integer, user_id integer, cmdline text, state integer, comment text);
                 create table trans_item (id integer, trans_id integer, item_id integer, action integer);
                 create table rpm (item_id integer, name text);
                 create table console_output (trans_id integer, line text);
                 insert into trans values (1, {now}, {now}, 1000, 'install --setopt=proxy_password=§ https://u:§@h/x.rpm', 1, '§');
                 insert into trans_item values (1, 1, 1, 1); insert into rpm values (1, 'tool');
                 insert into console_output values (1, 'password §');"
            ),
        ),
        (
            "/var/lib/wtmpdb/wtmp.db",
            format!(
                "create table wtmp (ID integer, Type integer, User text, Login integer, Logout integer, TTY text, RemoteHost text, Service text);
                 insert into wtmp values (1, 3, 'joe', {now}000000, null, 'pts/0', '§', '§');"
            ),
        ),
        (
            "/var/lib/lastlog/lastlog2.db",
            format!(
                "create table Lastlog2 (Name text primary key, Time integer, TTY text, RemoteHost text, Service text);
                 insert into Lastlog2 values ('joe', {now}, 'pts/0', '§', '§');"
            ),
        ),
    ] {
        let statements = planted.filled(&statements, path);
        planted.write(path, b"");
        let database = rusqlite::Connection::open(planted.place(path)).unwrap();
        database.execute_batch(&statements).unwrap();
    }
}

/// A package of rpm, installed; the lists of a repository that offers it.
fn packages(planted: &mut Planted) {
    let work = tempfile::tempdir().unwrap();
    let spec = planted.filled(
        "Name: tool\nVersion: 1.0\nRelease: 1\nSummary: §\nLicense: MIT\nURL: https://u:§@home.example/\n\
         Packager: § <§@example.org>\nVendor: Example\nBuildArch: noarch\n%description\ntoken §\n\
         %install\nmkdir -p %{buildroot}/usr/share/tool\necho x > %{buildroot}/usr/share/tool/file\n\
         %post\necho § > /dev/null\n%files\n/usr/share/tool\n\
         %changelog\n* Mon Nov 02 2026 § <§@example.org> - 1.0-1\n- password §\n",
        "a package of rpm",
    );
    let file = work.path().join("tool.spec");
    fs::write(&file, spec).unwrap();
    let top = format!("_topdir {}", work.path().join("top").display());
    done(Command::new("rpmbuild").args(["--quiet", "-bb", "--define", &top]).arg(&file));
    let folder = work.path().join("top/RPMS/noarch");
    done(Command::new("createrepo_c").arg("--quiet").arg("--simple-md-filenames").arg(&folder));
    for place in [
        "/var/cache/dnf/site-0/repodata",
        "/var/cache/libdnf5/site-0/repodata",
        "/var/cache/zypp/raw/suse/repodata",
    ] {
        for entry in fs::read_dir(folder.join("repodata")).unwrap() {
            let entry = entry.unwrap();
            let name = entry.file_name().into_string().unwrap();
            // No plugin opens the lists of files and of changes.
            if name.starts_with("primary.xml") || name == "repomd.xml" {
                planted.write(&format!("{place}/{name}"), &fs::read(entry.path()).unwrap());
            }
        }
    }
    let root = planted.place("/");
    let mut rpm = as_root("rpm");
    rpm.arg("--root").arg(&root).args(["--dbpath", "/var/lib/rpm", "--nodeps", "--noscripts"]);
    done(rpm.args(["--nosignature", "-i"]).arg(folder.join("tool-1.0-1.noarch.rpm")));
    planted.note("/var/lib/rpm/rpmdb.sqlite");
}

/// A command that takes itself for root.
pub(super) fn as_root(program: &str) -> Command {
    if rustix::process::geteuid().is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("unshare");
    command.args(["--map-root-user", program]);
    command
}

fn archives(planted: &mut Planted) {
    for (path, member, content) in [
        (
            "/var/cache/apk/APKINDEX.0a1b2c3d.tar.gz",
            "APKINDEX",
            "C:Q1\nP:tool\nV:2.0-r0\nA:x86_64\nU:https://u:§@apk.example/\nT:token §\nm:§ <§@example.org>\n\n",
        ),
        (
            "/var/lib/pacman/sync/core.db",
            "tool-2.0-1/desc",
            "%NAME%\ntool\n\n%VERSION%\n2.0-1\n\n%URL%\nhttps://u:§@arch.example/\n\n%PACKAGER%\n§\n\n",
        ),
    ] {
        let work = tempfile::tempdir().unwrap();
        let file = work.path().join(member);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, planted.filled(content, path)).unwrap();
        planted.write(path, b"");
        tar(work.path(), member, &planted.place(path));
    }
    for (path, content) in [
        (
            "/var/log/auth.log.2.gz",
            "2026-11-21T06:00:01+00:00 web1 sshd[1]: Failed password for invalid user § from 10.0.0.1 port 22 ssh2\n",
        ),
        (
            "/var/log/apt/history.log.1.gz",
            "\nStart-Date: 2026-10-20  10:00:00\nCommandline: apt install https://u:§@h/x.deb\nInstall: tool:amd64 (1)\nEnd-Date: 2026-10-20  10:00:01\n",
        ),
        ("/var/lib/aide/aide.db.gz", "@@begin_db\n# §\n"),
    ] {
        let content = planted.filled(content, path);
        let work = tempfile::tempdir().unwrap();
        fs::write(work.path().join("x"), content).unwrap();
        done(Command::new("gzip").arg(work.path().join("x")));
        planted.write(path, &fs::read(work.path().join("x.gz")).unwrap());
    }
}

fn tar(folder: &Path, member: &str, to: &Path) {
    done(
        Command::new("tar")
            .args(["--format=ustar", "-czf"])
            .arg(to)
            .arg("-C")
            .arg(folder)
            .arg(member),
    );
}
