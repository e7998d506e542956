//! The running host with the planted files laid over its own, for the plugins alone: tools of the host, processes with secrets
//! on the command line, in the environment and in their path, mounts, rules of the packet filter, commits, repositories of
//! backups, the socket of an engine.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::process::Command;
use std::thread;

use super::host::Planted;
use super::made::done;

/// The plugin in namespaces of its own. `UPPER` has the planted files, `WORK` is empty, `BOTH` is where they lie over the host.
/// A copy of perl listens while it runs the plugin.
const SCRIPT: &str = r##"
cp "$1" 'UPPER/plugin'
exec unshare MAPPED --mount --net sh -ec '
mount -t overlay overlay -o lowerdir=/,upperdir=UPPER,workdir=WORK BOTH
for place in proc sys dev; do mount --rbind /$place BOTH/$place; done
touch BOTH/run/engine.sock
mount --bind SOCKET BOTH/run/engine.sock
mount -t tmpfs "//joe:§@nas/share" BOTH/mnt
disk="BOTH/media/disk?password=§"
mkdir -p "$disk"
mount -t tmpfs none "$disk"
ip link set lo up alias "password=§"
nft add table inet t
nft add chain inet t c "{ type filter hook input priority 0; }"
nft add rule inet t c tcp dport 22 accept comment \"password=§\"
place="/srv/run?token=§"
mkdir -p "BOTH$place"
cp /usr/bin/perl "BOTH$place/tool"
DB_PASSWORD=§ exec chroot BOTH "$place/tool" -e "
use IO::Socket::INET;
my \$one = IO::Socket::INET->new(LocalAddr => q(0.0.0.0), LocalPort => 4711, Proto => 6, Listen => 1) or die \$@;
exit(system(q(/plugin)) >> 8);" -- --password=§ -p§ https://joe:§@host/'
"##;

/// What the scene needs to start plugins in it.
pub(super) struct Scene {
    pub(super) script: String,
    pub(super) linux: String,
    pub(super) backup: String,
}

/// Adds to the planted files what only a running host has.
pub(super) fn set(planted: &mut Planted, beside: &Path) -> Scene {
    let upper = planted.place("/");
    for place in ["proc", "sys"] {
        // The kernel's own lie over them.
        drop(fs::remove_dir_all(upper.join(place)));
    }
    // Where /lib is a link, a folder in its place would hide the libraries.
    if Path::new("/lib").is_symlink() {
        done(Command::new("cp").arg("-a").arg(upper.join("lib/.")).arg(upper.join("usr/lib")));
        fs::remove_dir_all(upper.join("lib")).unwrap();
    }
    commits(planted);
    let backup = repositories(planted);
    let socket = UnixListener::bind(beside.join("SOCKET")).unwrap();
    let answers = engine(planted);
    thread::spawn(move || {
        for stream in socket.incoming() {
            answer(stream.unwrap(), &answers);
        }
    });
    let mut script = SCRIPT.to_owned();
    for name in ["WORK", "BOTH", "SOCKET"] {
        let folder = beside.join(name);
        if name != "SOCKET" {
            fs::create_dir_all(&folder).unwrap();
        }
        script = script.replace(name, &folder.to_string_lossy());
    }
    let mapped = if rustix::process::geteuid().is_root() { "" } else { "--map-root-user" };
    let script = script.replace("UPPER", &upper.to_string_lossy()).replace("MAPPED", mapped);
    Scene {
        script: planted.filled(&script, "the running host"),
        linux: "containers = { sockets = [\"/run/engine.sock\"] }\n".to_owned(),
        backup,
    }
}

/// A history of /etc as etckeeper keeps it.
fn commits(planted: &mut Planted) {
    let folder = planted.place("/etc");
    let git = |words: &[&str]| {
        let mut git = Command::new("git");
        git.arg("-C").arg(&folder).args([
            "-c",
            "user.name=Joe",
            "-c",
            "user.email=joe@example.org",
        ]);
        done(git.args(words));
    };
    git(&["init", "-q"]);
    git(&["add", "passwd", "fstab"]);
    let message = planted.filled("password is §", "/etc/.git");
    git(&["commit", "-q", "-m", &message]);
    planted.note("/etc/.git");
}

/// Repositories of restic: one that opens, one of a wrong password, two behind addresses with secrets. Answers the settings.
fn repositories(planted: &mut Planted) -> String {
    planted.add("/srv/restic-password", "§\n");
    planted.add("/srv/wrong-password", "§\n");
    planted.add("/srv/s3.env", "AWS_ACCESS_KEY_ID=§\nexport AWS_SECRET_ACCESS_KEY='§'\n");
    planted.add("/srv/data/file?token=§", "content §\n");
    let restic = |words: &[&str]| {
        let mut restic = Command::new("restic");
        restic.env("RESTIC_PASSWORD_FILE", planted.place("/srv/restic-password"));
        restic.arg("--no-cache").arg("-q").arg("-r").arg(planted.place("/srv/restic")).args(words);
        done(restic.current_dir(planted.place("/srv")));
    };
    restic(&["init"]);
    restic(&["backup", "data"]);
    planted.filled(
        r#"backup.repositories = [
  { name = "near", tool = "restic", location = "/srv/restic", password_file = "/srv/restic-password" },
  { name = "shut", tool = "restic", location = "/srv/restic", password_file = "/srv/wrong-password" },
  { name = "rest", tool = "restic", location = "rest:http://joe:§@127.0.0.1:9/x", password_file = "/srv/restic-password" },
  { name = "s3", tool = "restic", location = "s3:http://127.0.0.1:9/bucket", password_file = "/srv/restic-password", environment_file = "/srv/s3.env" },
  { name = "borg", tool = "borg", location = "/srv/borg" },
  { name = "away", tool = "borg", location = "ssh://joe:§@127.0.0.1:9/./r", password_file = "/srv/restic-password" },
  { name = "dumps", tool = "files", location = "/srv/dumps" },
]
continuity.tests = [{ name = "sample", repository = "near", scratch = "/var/tmp" }]
"#,
        "the settings of the backup plugin",
    )
}

/// What an engine answers: the beginning of the question, and the answer.
fn engine(planted: &mut Planted) -> Vec<(String, String)> {
    [
        ("/version", r#"{"Version": "27.0", "Components": [{"Name": "Engine", "Details": {"token": "§"}}]}"#),
        ("/info", r#"{"SecurityOptions": ["name=seccomp"], "HttpProxy": "http://u:§@proxy:1", "Labels": ["token=§"]}"#),
        ("/containers/json", r#"[{"Id": "aa", "Command": "run --password=§", "Labels": {"x": "§"}}]"#),
        ("/containers/aa/json", r#"{"Id": "aa", "Name": "/engine-seen", "Args": ["--token", "§"], "Path": "/x", "Image": "sha256:bb",
            "State": {"Status": "running", "Error": "§"}, "Config": {"Image": "u:§@registry.example/web:1", "Env": ["API_TOKEN=§"],
            "Cmd": ["§"], "Labels": {"x": "§"}}, "HostConfig": {"Binds": ["/srv/a?token=§:/a"], "LogConfig": {"Config": {"k": "§"}}},
            "Mounts": [{"Type": "bind", "Source": "/srv/a?token=§", "Destination": "/a", "RW": true}]}"#),
        ("/images/json", r#"[{"Id": "sha256:bb", "RepoTags": ["registry.example/web:1"], "Labels": {"x": "§"}}]"#),
        ("/images/sha256:bb/json", r#"{"Id": "sha256:bb", "Config": {"Env": ["KEY=§"], "User": "root"}, "Author": "§", "Comment": "§"}"#),
    ]
    .map(|(question, text)| (question.to_owned(), planted.filled(text, "the socket of an engine")))
    .to_vec()
}

fn answer(mut stream: UnixStream, answers: &[(String, String)]) {
    let mut line = String::new();
    BufReader::new(&stream).read_line(&mut line).unwrap();
    let question = line.split(' ').nth(1).unwrap_or_default().split('?').next().unwrap_or_default();
    let told = answers.iter().find(|(known, _)| known == question);
    let (status, text) =
        told.map_or(("404 Not Found", "{}"), |(_, text)| ("200 OK", text.as_str()));
    let head = format!("HTTP/1.0 {status}\r\nContent-Type: application/json\r\n\r\n");
    // One that has gone away wants no answer.
    drop(stream.write_all((head + text).as_bytes()));
}
