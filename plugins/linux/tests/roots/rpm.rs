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
