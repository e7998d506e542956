//! Roots of rpm: packages that rpmbuild made and rpm installed, as on RHEL and Fedora.

use std::{fs, path::Path, process::Command};

use serde_json::json;

use crate::made::{Told, as_root, ask, done, root, rows, table, time};

pub(crate) const DATABASE: &str = "/usr/lib/sysimage/rpm";
/// Name, epoch, version, release, architecture, licence, files beside the first.
pub(crate) type Package =
    (&'static str, &'static str, &'static str, &'static str, &'static str, &'static str, usize);

pub(crate) const PACKAGES: [Package; 6] = [
    ("filesystem", "0", "3.18", "6.el9", "noarch", "Public Domain", 0),
    ("openssl-libs", "1", "3.0.7", "27.el9", "noarch", "Apache-2.0", 2),
    ("kernel-core", "0", "5.14.0", "427.el9", "noarch", "GPL-2.0-only", 1),
    ("kernel-core", "0", "5.14.0", "503.11.1.el9_5", "noarch", "GPL-2.0-only", 1),
    ("runc", "4", "1.1.12~rc1^git7", "3.el9", "noarch", "MIT AND BSD-3-Clause", 0),
    // Its header is longer than a page of the database.
    ("many-files", "0", "2", "1", "noarch", "GPLv3+", 1_000),
];

pub(crate) fn spec(package: &Package) -> String {
    let (name, epoch, version, release, architecture, licence, files) = package;
    let folder = format!("/usr/share/{name}-{release}");
    format!(
        "Name: {name}\nEpoch: {epoch}\nVersion: {version}\nRelease: {release}\nSummary: für Tests\nLicense: {licence}\n\
         Vendor: Example Linux\nBuildArch: {architecture}\n%description\nd\n%install\nmkdir -p %{{buildroot}}{folder}\n\
         seq -f %{{buildroot}}{folder}/file-%.0f 0 {files} | xargs touch\n%files\n{folder}\n"
    )
}

pub(crate) fn rpm(root: &Path) -> Command {
    let mut command = as_root("rpm");
    command.arg("--root").arg(root).args(["--dbpath", DATABASE]);
    command
}

/// Files of the packages, made in `work`.
pub(crate) fn built(work: &Path, packages: &[Package]) -> Vec<std::path::PathBuf> {
    for (number, package) in packages.iter().enumerate() {
        let file = work.join(format!("{number}.spec"));
        fs::write(&file, spec(package)).unwrap();
        let top = format!("_topdir {}", work.join("top").display());
        done(Command::new("rpmbuild").args(["--quiet", "-bb", "--define", &top]).arg(&file));
    }
    let built = fs::read_dir(work.join("top/RPMS/noarch")).unwrap();
    built.map(|entry| entry.unwrap().path()).collect()
}

pub(crate) fn made() -> std::path::PathBuf {
    let recipe: String = PACKAGES.iter().map(spec).collect();
    root("rpm", &format!("1 {recipe}"), |root| {
        let work = tempfile::tempdir().unwrap();
        let built = built(work.path(), &PACKAGES);
        // One by one, so that two kernels stay; each in a transaction of its own.
        for file in built {
            done(rpm(root).args(["--nodeps", "--nosignature", "--force", "-i"]).arg(file));
        }
        fs::create_dir_all(root.join("etc")).unwrap();
        fs::write(
            root.join("etc/os-release"),
            "ID=rocky\nVERSION_ID=\"9.5\"\nPRETTY_NAME=\"Rocky Linux 9.5\"\n",
        )
        .unwrap();
    })
}

/// What rpm says of the root, beside what the plugin says.
fn agrees(root: &Path, told: &Told) {
    let format = "%{NAME}\t%{ARCH}\t%|EPOCH?{%{EPOCH}:}|%{VERSION}-%{RELEASE}\t%{LICENSE}\t%{VENDOR}\t%{INSTALLTIME}\n";
    let mut expected = table(&done(rpm(root).args(["-qa", "--qf", format])));
    for row in &mut expected {
        row[5] = time(&row[5]);
        // rpm writes an epoch of 0 where the package has one; nobody else does.
        row[2] = row[2].trim_start_matches("0:").to_owned();
    }
    let fields = ["name", "architecture", "version", "licences", "origin", "installed_at"];
    assert_eq!(rows(told, &fields), expected);
    assert_eq!(expected.len(), PACKAGES.len());
}

#[test]
fn the_database_of_rpm_tells_what_rpm_tells() {
    let root = made();
    let told = ask(&root, &["software.inventory", "patch.status"], &json!({}));
    agrees(&root, &told);
    assert_eq!(told.outcomes("software.inventory"), [""; 0]);
    let sources = rows(&told, &["name", "source", "source_version"]);
    let runc = sources.iter().find(|row| row[0] == "runc").unwrap();
    assert_eq!(runc[1..], ["runc", "1.1.12~rc1^git7-3.el9"]);
    assert_eq!(told.body("patch.status")["counts"]["installed"], PACKAGES.len());
}

/// The same packages in the form of openSUSE and SLE: written by rpm's own code (rpmpkg.c of rpm 4.18.0, as its Debian source has
/// it, since Debian's rpm is built without it) from the headers of such a root; one package was put in, removed and put in again.
const NDB: &[u8] = include_bytes!("ndb/Packages.db.gz");

fn ndb() -> Vec<u8> {
    let mut bytes = Vec::new();
    std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(NDB), &mut bytes).unwrap();
    bytes
}

/// A root of SUSE with that database.
fn suse(bytes: &[u8]) -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    fs::create_dir_all(root.path().join("usr/lib/sysimage/rpm")).unwrap();
    fs::create_dir_all(root.path().join("etc")).unwrap();
    fs::write(root.path().join("usr/lib/sysimage/rpm/Packages.db"), bytes).unwrap();
    let release =
        "ID=sles\nVERSION_ID=\"15.6\"\nPRETTY_NAME=\"SUSE Linux Enterprise Server 15 SP6\"\n";
    fs::write(root.path().join("etc/os-release"), release).unwrap();
    root
}

#[test]
fn the_form_of_suse_is_read_natively() {
    let root = suse(&ndb());
    let wanted = ["software.inventory", "config.file_integrity"];
    let told = ask(root.path(), &wanted, &json!({"integrity": {"scope": "all"}}));
    assert_eq!(told.outcomes("software.inventory"), [""; 0]);
    let mut expected: Vec<Vec<String>> = PACKAGES
        .iter()
        .map(|(name, epoch, version, release, architecture, licence, _)| {
            let epoch = if *epoch == "0" { String::new() } else { format!("{epoch}:") };
            let version = format!("{epoch}{version}-{release}");
            [name, *architecture, &version, licence, "Example Linux", "2026-11-23T07:15:07Z"]
                .map(str::to_owned)
                .to_vec()
        })
        .collect();
    expected.sort();
    let fields = ["name", "architecture", "version", "licences", "origin", "installed_at"];
    assert_eq!(rows(&told, &fields), expected);
    // Its lists of files are read too: none of them lies in this root.
    let delivered = &told.body("config.file_integrity")["delivered"];
    let files: usize = PACKAGES.iter().map(|package| package.6 + 1).sum();
    assert_eq!(delivered["files"], files);
    assert_eq!(delivered["changed"][0]["change"], "missing");
}

#[test]
fn a_damaged_database_of_suse_is_told_and_never_passes_for_a_smaller_one() {
    let whole = ndb();
    let changed = |at: usize| {
        let mut bytes = whole.clone();
        bytes[at] ^= 0x20;
        bytes
    };
    let blob = whole.windows(4).position(|window| window == b"BlbS").unwrap();
    for (bytes, expected) in [
        (changed(0), "no database of the form ndb"),
        (changed(33), "a slot of it is none"),
        (changed(blob + 100), "1 entries are cut"),
        (changed(blob + 4), "1 entries are cut"),
        (whole[..whole.len() / 2].to_vec(), "entries are cut"),
        (whole[..2000].to_vec(), "ends within its slots"),
        (Vec::new(), "not even a head"),
    ] {
        let root = suse(&bytes);
        let told = ask(root.path(), &["software.inventory"], &json!({}));
        let outcomes = told.outcomes("software.inventory");
        assert!(outcomes.iter().any(|one| one.contains(expected)), "{expected}: {outcomes:?}");
    }
}

/// A database of Berkeley DB, as rpm had it until 4.16 (RHEL 8 and before): Berkeley DB's own tool writes the headers that rpm
/// installed, each under its number, and the highest number under 0.
fn berkeley(root: &Path, folder: &Path) {
    use std::fmt::Write as _;
    let query = "select hnum, hex(blob) from Packages order by hnum";
    let database = rusqlite::Connection::open_with_flags(
        root.join(DATABASE.trim_start_matches('/')).join("rpmdb.sqlite"),
        rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY,
    );
    let database = database.unwrap();
    let mut statement = database.prepare(query).unwrap();
    let headers: Vec<(u32, String)> = statement
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    let number = |number: u32| hex::encode(number.to_le_bytes());
    let mut text =
        "VERSION=3\nformat=bytevalue\ntype=hash\ndb_pagesize=4096\nHEADER=END\n".to_owned();
    let highest = headers.iter().map(|(number, _)| *number).max().unwrap();
    write!(text, " {}\n {}\n", number(0), number(highest)).unwrap();
    for (key, header) in headers {
        write!(text, " {}\n {}\n", number(key), header.to_lowercase()).unwrap();
    }
    text.push_str("DATA=END\n");
    fs::create_dir_all(folder).unwrap();
    fs::write(folder.join("dump"), text).unwrap();
    let mut load = Command::new("db5.3_load");
    done(load.arg("-f").arg(folder.join("dump")).arg(folder.join("Packages")));
    fs::remove_file(folder.join("dump")).unwrap();
}

#[test]
fn a_database_of_berkeley_db_is_read_by_rpm_and_that_is_said() {
    let made = made();
    let root = tempfile::tempdir().unwrap();
    berkeley(&made, &root.path().join("var/lib/rpm"));
    fs::create_dir_all(root.path().join("etc")).unwrap();
    fs::write(root.path().join("etc/os-release"), "ID=rhel\nVERSION_ID=\"8.10\"\n").unwrap();
    let told = ask(root.path(), &["software.inventory"], &json!({}));
    assert_eq!(told.outcomes("software.inventory"), [""; 0]);
    agrees(&made, &told);
    let method = told.methods("software.inventory");
    assert!(method.iter().any(|line| line.starts_with("rpm -qa ")), "{method:?}");
    // Cut in the middle: an outcome that names what reads it, and no shorter list.
    let database = root.path().join("var/lib/rpm/Packages");
    let whole = fs::read(&database).unwrap();
    fs::write(&database, &whole[..4096]).unwrap();
    let told = ask(root.path(), &["software.inventory"], &json!({}));
    let outcomes = told.outcomes("software.inventory");
    assert!(outcomes.iter().any(|one| one.contains("rpm -qa")), "{outcomes:?}");
}

#[test]
fn files_are_compared_as_rpm_compares_them() {
    let root = made();
    let copy = tempfile::tempdir().unwrap();
    done(Command::new("cp").arg("-a").arg(root.join(".")).arg(copy.path()));
    let copy = copy.path();
    let folder = copy.join("usr/share/openssl-libs-27.el9");
    fs::write(folder.join("file-0"), "changed\n").unwrap();
    fs::remove_file(folder.join("file-1")).unwrap();
    done(Command::new("chmod").arg("4755").arg(folder.join("file-2")));
    let mut verify = rpm(copy);
    // It ends with 1 when something differs.
    let said = verify.args(["-Va", "--nodeps", "--noscripts"]).output().unwrap();
    let said = String::from_utf8(said.stdout).unwrap();
    let expected: Vec<(String, &str)> = said
        .lines()
        .filter_map(|line| line.split_once(" /").map(|(flags, path)| (flags, format!("/{path}"))))
        .filter_map(|(flags, path)| match flags.trim() {
            "missing" => Some((path, "missing")),
            flags if flags.contains('5') => Some((path, "content")),
            flags if flags.contains('M') => Some((path, "attributes")),
            _ => None,
        })
        .collect();
    assert_eq!(expected.len(), 3, "{said}");
    let told = ask(copy, &["config.file_integrity"], &json!({"integrity": {"scope": "all"}}));
    let delivered = &told.body("config.file_integrity")["delivered"];
    let changed: Vec<(String, &str)> = delivered["changed"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["path"].as_str().unwrap().to_owned(), one["change"].as_str().unwrap()))
        .collect();
    assert_eq!(changed, expected);
    assert_eq!(delivered["changed"][0]["package"], "openssl-libs");
    let files: usize = PACKAGES.iter().map(|package| package.6 + 1).sum();
    assert_eq!(delivered["files"], files);
    assert_eq!(told.outcomes("config.file_integrity"), [""; 0]);
}
