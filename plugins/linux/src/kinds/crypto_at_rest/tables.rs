//! Parses `/proc/swaps` and what cryptsetup and zfs print; it never opens a file.

use std::path::PathBuf;

use crate::mounts::unescape;

/// Paths of active swap areas and whether each is a partition, from `/proc/swaps`.
pub(crate) fn swaps(text: &str) -> Vec<(PathBuf, bool)> {
    text.lines()
        .skip(1)
        .filter_map(|line| {
            let mut words = line.split_ascii_whitespace();
            let path = PathBuf::from(unescape(words.next()?));
            Some((path, words.next()? == "partition"))
        })
        .collect()
}

/// The cipher in what `cryptsetup status` prints.
pub(crate) fn cipher(text: &str) -> Option<String> {
    let value = text.lines().find_map(|line| line.trim().strip_prefix("cipher:"))?;
    Some(value.trim().to_owned()).filter(|cipher| !cipher.is_empty())
}

/// Name and cipher of each dataset from `zfs get -H -t filesystem,volume -o name,value encryption`.
pub(crate) fn zfs_encryption(text: &str) -> Vec<(String, Option<String>)> {
    text.lines()
        .filter_map(|line| line.split_once('\t'))
        .map(|(name, value)| {
            (name.to_owned(), Some(value.trim().to_owned()).filter(|v| v != "off" && v != "-"))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn swap_areas_are_listed() {
        let text = "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n/dev/dm-1                               partition\t999420\t0\t-2\n/swap\\040file file 1 0 -3\n";
        assert_eq!(
            swaps(text),
            [(PathBuf::from("/dev/dm-1"), true), (PathBuf::from("/swap file"), false)]
        );
    }

    #[test]
    fn the_cipher_is_taken_from_the_status() {
        let text = "/dev/mapper/root is active and is in use.\n  type:    LUKS2\n  cipher:  aes-xts-plain64\n  keysize: 512 bits\n";
        assert_eq!(cipher(text).as_deref(), Some("aes-xts-plain64"));
        assert_eq!(cipher("/dev/mapper/x is inactive."), None);
    }

    #[test]
    fn zfs_off_is_no_cipher() {
        let found = zfs_encryption("tank\toff\ntank/home\taes-256-gcm\n");
        assert_eq!(
            found,
            [("tank".into(), None), ("tank/home".into(), Some("aes-256-gcm".into()))]
        );
    }
}
