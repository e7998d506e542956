//! Where a repository lies: as it may be shown, and how far from the data. It never asks the network.

use std::path::Path;

use exhibit_plugin::kinds::backup_jobs::{Place, PlaceClass};

use crate::look::Look;
use crate::mounts::{self, Mount};
use crate::settings::Site;
use crate::url;

/// A location as it may be shown: scheme, host and path, without user, password or query.
pub(crate) fn shown(location: &str) -> String {
    // "user@host:path" of borg and "sftp:user@host:/path" of restic hold no password by their syntax.
    if location.contains("://") { url::shown(location) } else { location.to_owned() }
}

/// A message of a tool without the user part of any URL in it.
pub(crate) fn scrubbed(message: &str) -> String {
    let words: Vec<String> = message
        .split(' ')
        .map(|word| if word.contains("://") { shown(word) } else { word.to_owned() })
        .collect();
    words.join(" ")
}

/// What a tool reads on its way to a location, besides what the location itself names.
pub(crate) fn reads(location: &str) -> &'static [&'static str] {
    const TLS: &[&str] = &["/etc/ssl/certs"];
    const SSH: &[&str] =
        &["/etc/ssh/ssh_config", "/etc/ssh/ssh_config.d", "/etc/ssh/ssh_known_hosts"];
    const SSH_OF_ROOT: &[&str] =
        &["/etc/ssh/ssh_config", "/etc/ssh/ssh_config.d", "/etc/ssh/ssh_known_hosts", "/root/.ssh"];
    if location.starts_with('/') || location.starts_with("file://") {
        return &[];
    }
    let schemes = ["rest:", "s3:", "b2:", "gs:", "azure:", "swift:", "https://", "http://"];
    if schemes.iter().any(|scheme| location.starts_with(scheme)) {
        return TLS;
    }
    if rustix::process::geteuid().is_root() { SSH_OF_ROOT } else { SSH }
}

/// How far a location is from the data, which lies below `paths` where those are known to be of this host.
pub(crate) fn place(
    look: &mut Look<'_>,
    location: &str,
    site: Option<Site>,
    paths: &[String],
) -> Option<Place> {
    let place = if location.starts_with('/') {
        of_path(look, location, paths)?
    } else {
        of_url(&shown(location))?
    };
    let class = match (site, place.class) {
        (Some(Site::Same), PlaceClass::OtherHost | PlaceClass::ObjectStorage) => {
            PlaceClass::SameSite
        }
        (Some(Site::Other), _) => PlaceClass::OtherSite,
        (Some(Site::Same), class) | (None, class) => return Some(Place { class, ..place }),
    };
    Some(Place { class, concluded: "settings".to_owned() })
}

/// Whether data and repository do not go together.
pub(crate) fn is_off_site(class: PlaceClass) -> bool {
    match class {
        PlaceClass::SameVolume | PlaceClass::SameHost => false,
        PlaceClass::SameSite
        | PlaceClass::OtherHost
        | PlaceClass::ObjectStorage
        | PlaceClass::OtherSite => true,
    }
}

fn of_path(look: &mut Look<'_>, location: &str, paths: &[String]) -> Option<Place> {
    let mounts = mounts::keeping_data(look)?;
    let holding = holding(&mounts, location)?;
    let (class, concluded) = if holding.is_network() {
        (PlaceClass::OtherHost, format!("{} from {}", holding.fs_type, shown(&holding.source)))
    } else {
        let beside = |path: &String| {
            path.starts_with('/') && self::holding(&mounts, path).is_some_and(|of| of == holding)
        };
        if !paths.is_empty() && paths.iter().all(beside) {
            let concluded = format!("data and repository lie in {}", holding.point);
            (PlaceClass::SameVolume, concluded)
        } else {
            (PlaceClass::SameHost, format!("{} at {}", holding.fs_type, holding.point))
        }
    };
    Some(Place { class, concluded })
}

/// The file system that holds a path.
fn holding<'a>(mounts: &'a [Mount], path: &str) -> Option<&'a Mount> {
    mounts
        .iter()
        .filter(|mount| Path::new(path).starts_with(&mount.point))
        .max_by_key(|mount| mount.point.len())
}

fn of_url(shown: &str) -> Option<Place> {
    const OBJECTS: [&str; 6] = ["s3:", "b2:", "gs:", "azure:", "swift:", "gcs:"];
    if let Some(scheme) = OBJECTS.iter().find(|scheme| shown.starts_with(**scheme)) {
        let concluded = format!("the location begins with {scheme}");
        return Some(Place { class: PlaceClass::ObjectStorage, concluded });
    }
    // rclone may lead anywhere, even to a folder of this host.
    if shown.starts_with("rclone:") {
        return None;
    }
    let local = ["localhost", "127.0.0.1", "[::1]"].iter().any(|name| {
        let host = shown.rsplit("://").next().unwrap_or_default();
        let host =
            host.strip_prefix("sftp:").unwrap_or(host).rsplit('@').next().unwrap_or_default();
        host.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with([':', '/']))
    });
    let concluded = "the location names another host".to_owned();
    (!local && shown.contains(':')).then_some(Place { class: PlaceClass::OtherHost, concluded })
}

#[cfg(test)]
mod tests {
    use super::*;
    use exhibit_plugin::local::testing;

    #[test]
    fn credentials_never_reach_the_shown_location() {
        for (location, expected) in [
            (
                "rest:https://bob:s3cr3t@backup.example.org:8000/host1",
                "rest:https://backup.example.org:8000/host1",
            ),
            (
                "s3:https://key:secret@s3.example.org/bucket/x?token=t",
                "s3:https://s3.example.org/bucket/x",
            ),
            ("ssh://borg:p@ss@nas.example.org:22/./repo", "ssh://nas.example.org:22/./repo"),
            ("rest:https://bob:s3/cr@3t@backup.example.org/x", "rest:https://backup.example.org/x"),
            ("rest:https://bob:s3@cr/3t@backup.example.org/x", "rest:https://backup.example.org/x"),
            ("ssh://borg@nas.example.org/./repo@2", "ssh://nas.example.org/./repo@2"),
            ("ssh://nas.example.org:22/./repo@2", "ssh://nas.example.org:22/./repo@2"),
            ("/srv/backup", "/srv/backup"),
            ("sftp:user@host:/srv/restic", "sftp:user@host:/srv/restic"),
        ] {
            assert_eq!(shown(location), expected);
        }
    }

    #[test]
    fn a_place_says_how_it_was_concluded() {
        let table = "1 0 8:1 / / rw - ext4 /dev/sda1 rw\n2 0 0:40 / /mnt/nas rw - nfs4 nas:/x rw\n3 0 8:2 / /disk2 rw - xfs /dev/sdb1 rw\n";
        let root = testing::planted(&[("/proc/self/mountinfo", table)]);
        let job = testing::job(root.path());
        let mut look = Look::new(&job);
        let data = ["/etc".to_owned(), "/srv".to_owned()];
        for (location, class, concluded) in [
            ("/srv/restic", PlaceClass::SameVolume, "data and repository lie in /"),
            ("/mnt/nas/restic", PlaceClass::OtherHost, "nfs4 from nas:/x"),
            ("/mnt/nastier", PlaceClass::SameVolume, "data and repository lie in /"),
            ("/disk2/restic", PlaceClass::SameHost, "xfs at /disk2"),
            ("sftp:bob@nas:/srv", PlaceClass::OtherHost, "the location names another host"),
            (
                "s3:s3.amazonaws.com/bucket",
                PlaceClass::ObjectStorage,
                "the location begins with s3:",
            ),
        ] {
            let expected = Place { class, concluded: concluded.to_owned() };
            assert_eq!(place(&mut look, location, None, &data), Some(expected), "{location}");
        }
        for unknown in
            ["rest:http://localhost:8000/", "ssh://bob@127.0.0.1/./x", "relative", "rclone:x:y"]
        {
            assert_eq!(place(&mut look, unknown, None, &data), None, "{unknown}");
        }
        assert_eq!(
            place(&mut look, "/srv/restic", None, &[]).map(|place| place.class),
            Some(PlaceClass::SameHost)
        );
        assert!(!is_off_site(PlaceClass::SameHost) && is_off_site(PlaceClass::OtherHost));
    }

    #[test]
    fn only_people_know_the_site() {
        let root = testing::planted(&[(
            "/proc/self/mountinfo",
            "1 0 8:1 / / rw - ext4 /dev/sda1 rw\n2 0 0:40 / /mnt/nas rw - nfs4 nas:/x rw\n",
        )]);
        let job = testing::job(root.path());
        let mut look = Look::new(&job);
        let mut class = |location: &str, site| place(&mut look, location, Some(site), &[]).unwrap();
        assert_eq!(class("/mnt/nas/r", Site::Same).class, PlaceClass::SameSite);
        assert_eq!(class("sftp:nas:/r", Site::Other).class, PlaceClass::OtherSite);
        assert_eq!(class("sftp:nas:/r", Site::Other).concluded, "settings");
        assert_eq!(class("/srv/r", Site::Same).class, PlaceClass::SameHost, "a fact wins");
    }
}
