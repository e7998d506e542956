//! Debian 11, 12 and 13 as their mirror has them today.

use std::{fs, path::PathBuf, process::Command};

use serde_json::json;

use crate::made::{Told, ask, done, is_root, root, rows, table, time};

/// What keeps sign-ins since Debian 13.
pub(crate) const TRIXIE: &str = ",wtmpdb,lastlog2,libpam-wtmpdb,libpam-lastlog2";
/// Beside the smallest system: what the sign-in, privilege and logging kinds read.
const MORE: &str = "openssh-server,sudo,cron,login,libpam-pwquality";

pub(crate) fn made(suite: &str, more: &str) -> PathBuf {
    let include = format!("--include={MORE}{more}");
    root(suite, &format!("1 {include}"), |root| {
        let mut command = Command::new("mmdebstrap");
        // Without root the files get the right names and modes, not the right owners.
        let mode = if is_root() { "--mode=root" } else { "--mode=fakechroot" };
        command.args([mode, "--variant=minbase", "--quiet", &include, "--skip=cleanup/apt/lists"]);
        command.args(["--dpkgopt=force-unsafe-io", "--aptopt=Acquire::Languages \"none\""]);
        done(command.arg(suite).arg(root));
        // Where sshd wants to find a folder before it tells its settings.
        fs::create_dir_all(root.join("run/sshd")).unwrap();
    })
}

/// What dpkg says of the root, beside what the plugin says.
fn inventory(root: &std::path::Path, told: &Told) {
    let format = "${Package}\t${Architecture}\t${Version}\t${source:Package}\t${source:Version}\t${db:Status-Status}\n";
    let mut query = Command::new("dpkg-query");
    query.arg("--admindir").arg(root.join("var/lib/dpkg")).args(["-W", "-f", format]);
    let mut expected = table(&done(&mut query));
    expected.retain(|row| row[5] == "installed");
    let fields = ["name", "architecture", "version", "source", "source_version", "state"];
    assert_eq!(rows(told, &fields), expected);
    assert!(expected.len() > 80, "only {} packages", expected.len());
    assert_eq!(told.outcomes("software.inventory"), [""; 0]);
    let licensed = rows(told, &["licences"]).iter().filter(|row| row[0] != "-").count();
    assert!(licensed * 10 > expected.len() * 9, "{licensed} of {}", expected.len());
    for row in rows(told, &["name", "architecture", "installed_at"]) {
        let list = ["", &format!(":{}", row[1])]
            .map(|end| root.join(format!("var/lib/dpkg/info/{}{end}.list", row[0])));
        let list = list.iter().find(|path| path.exists()).unwrap();
        let stat = done(Command::new("stat").args(["-c", "%Y"]).arg(list));
        assert_eq!(row[2], time(stat.trim()), "{row:?}");
    }
}

/// What the release's own sshd says of its settings, beside what the plugin reads from the files.
fn server(root: &std::path::Path, told: &Told) {
    if !is_root() {
        // Nobody else may change into the root to ask.
        return;
    }
    let mut sshd = Command::new("chroot");
    let said = done(sshd.arg(root).args(["/usr/sbin/sshd", "-T"]));
    let ssh = &told.body("identity.sign_in_policy")["ssh"];
    assert_eq!(ssh["settings_from"], "files");
    let mut held = 0;
    for (keyword, value) in ssh["settings"].as_object().unwrap() {
        let mut lines = said.lines().filter_map(|line| line.split_once(' '));
        let effective = lines.find(|(name, _)| name == keyword).map(|(_, value)| value);
        // Two names of one value; addresses and host keys stand in several lines.
        let effective =
            effective.map(|value| value.replace("without-password", "prohibit-password"));
        if let Some(effective) = effective
            && !["acceptenv", "listenaddress", "hostkey", "subsystem"].contains(&keyword.as_str())
        {
            assert_eq!(value.as_str().unwrap(), effective, "{keyword}");
            held += 1;
        }
    }
    assert!(held >= 20, "only {held} settings");
}

fn release(suite: &str, more: &str, version: &str) -> Told {
    let root = made(suite, more);
    let told = ask(&root, &[], &json!({"permissions": {"files_per_second": 1_000_000}}));
    inventory(&root, &told);

    let patch = told.body("patch.status");
    assert_eq!((&patch["os"]["id"], &patch["os"]["version"]), (&json!("debian"), &json!(version)));
    assert_eq!(patch["os"]["codename"], suite);
    assert!(patch["os"]["end_of_life"].is_string());
    assert!(patch["lists_refreshed"].is_string());

    let passwd = fs::read_to_string(root.join("etc/passwd")).unwrap();
    let accounts = told.body("identity.accounts")["accounts"].as_array().unwrap();
    assert_eq!(accounts.len(), passwd.lines().count());

    let delivered = &told.body("config.file_integrity")["delivered"];
    assert_eq!(delivered["changed"], json!([]), "nothing was changed since the root was made");
    assert!(delivered["files"].as_u64().unwrap() > 500, "{delivered}");
    server(&root, &told);

    let said = format!("{:?} {:?}", told.bodies, told.outcomes);
    for path in ["/etc/machine-id", "/proc/sys/kernel/random/boot_id", "/proc/sys/kernel/osrelease"]
    {
        let ours = fs::read_to_string(path).unwrap_or_default();
        assert!(
            ours.trim().is_empty() || !said.contains(ours.trim()),
            "{path} of this host is told"
        );
    }
    told
}

#[test]
fn debian_11_tells_what_dpkg_tells() {
    release("bullseye", "", "11");
}

#[test]
fn debian_12_tells_what_dpkg_tells() {
    release("bookworm", "", "12");
}

#[test]
fn debian_13_tells_what_dpkg_tells() {
    release("trixie", TRIXIE, "13");
}
