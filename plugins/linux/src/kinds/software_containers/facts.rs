//! Small readings that every engine's form needs. Pure.

use std::str::FromStr;

use jiff::Timestamp;
use serde_json::Value;

use crate::names::escaped;

/// Capabilities that Docker and Podman give without being asked.
const DEFAULT: [&str; 14] = [
    "CAP_AUDIT_WRITE",
    "CAP_CHOWN",
    "CAP_DAC_OVERRIDE",
    "CAP_FOWNER",
    "CAP_FSETID",
    "CAP_KILL",
    "CAP_MKNOD",
    "CAP_NET_BIND_SERVICE",
    "CAP_NET_RAW",
    "CAP_SETFCAP",
    "CAP_SETGID",
    "CAP_SETPCAP",
    "CAP_SETUID",
    "CAP_SYS_CHROOT",
];

/// Words in names of variables that hold a secret. A name that ends in `_FILE` tells where it lies instead.
const SECRET: [&str; 8] =
    ["PASSWORD", "PASSWD", "SECRET", "TOKEN", "API_KEY", "APIKEY", "PRIVATE_KEY", "CREDENTIAL"];

/// Elements of a list; none of anything else.
pub(super) fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

/// Text, safe to show; none when it is empty.
pub(super) fn text(value: &Value) -> Option<String> {
    value.as_str().filter(|text| !text.is_empty()).map(|text| escaped(text.as_bytes()))
}

/// The name of an image, without what somebody wrote before the registry to sign in there.
pub(super) fn reference(value: &Value) -> Option<String> {
    let name = text(value)?;
    let is_digest = |rest: &str| rest.starts_with("sha256:") || rest.starts_with("sha512:");
    match name.split_once('@') {
        Some((_, rest)) if !is_digest(rest) => Some(rest.to_owned()),
        Some(_) | None => Some(name),
    }
}

/// Texts of a list.
pub(super) fn texts(value: &Value) -> Vec<String> {
    list(value).iter().filter_map(text).collect()
}

/// A time, unless it is the one that reproducible builds set for all images alike.
pub(super) fn time(value: &Value) -> Option<Timestamp> {
    let time = match (value.as_str(), value.as_i64()) {
        (Some(text), _) => Timestamp::from_str(text).ok()?,
        (None, Some(seconds)) => Timestamp::from_second(seconds).ok()?,
        (None, None) => return None,
    };
    // Whole seconds: fractions say nothing more.
    let time = Timestamp::from_second(time.as_second()).ok()?;
    // No image is older than its format, of 2013.
    (time.as_second() > 1_356_998_400).then_some(time)
}

/// Whether a user as images and engines name it is root.
pub(super) fn is_root(user: &str) -> bool {
    let name = user.split(':').next().unwrap_or_default();
    name.is_empty() || name == "root" || name.parse::<u32>() == Ok(0)
}

/// How many of `NAME=value` have a name of a secret and a value.
pub(super) fn secret_variables(environment: &Value) -> u32 {
    let secret = |line: &&Value| {
        let Some((name, value)) = line.as_str().and_then(|line| line.split_once('=')) else {
            return false;
        };
        let name = name.to_ascii_uppercase();
        !value.is_empty()
            && !name.ends_with("_FILE")
            && SECRET.iter().any(|word| name.contains(word))
    };
    let count = list(environment).iter().filter(secret).count();
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// A capability's full name.
fn capability(name: &str) -> String {
    let name = name.to_ascii_uppercase();
    if name == "ALL" || name.starts_with("CAP_") { name } else { format!("CAP_{name}") }
}

/// Those of a list that engines do not give by default; `ALL` for nearly every one there is.
pub(super) fn beyond_default(names: &[String]) -> Vec<String> {
    let mut added: Vec<String> = names.iter().map(|name| capability(name)).collect();
    added.retain(|name| !DEFAULT.contains(&name.as_str()));
    let whole = ["CAP_SYS_ADMIN", "CAP_SYS_MODULE", "CAP_SYS_RAWIO", "CAP_SYS_BOOT"];
    if whole.iter().all(|name| added.iter().any(|one| one == name)) {
        return vec!["ALL".to_owned()];
    }
    added
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_name_tells_a_secret_and_its_value_never_shows() {
        let environment = json!([
            "PATH=/bin",
            "DB_PASSWORD=x",
            "db_token=y",
            "SECRET_FILE=/run/secrets/a",
            "API_KEY=",
            "broken",
            7
        ]);
        assert_eq!(secret_variables(&environment), 2);
        assert_eq!(secret_variables(&json!(null)), 0);
    }

    #[test]
    fn users_times_and_capabilities_are_read_as_engines_write_them() {
        let root = ["", "root", "0", "0:0", "root:adm", "00"];
        assert!(root.iter().all(|user| is_root(user)));
        assert!(["1000", "app", "10:0"].iter().all(|user| !is_root(user)));
        assert_eq!(time(&json!("0001-01-01T00:00:00Z")), None);
        assert_eq!(time(&json!("1980-01-01T00:00:01Z")), None);
        let expected: Timestamp = "2026-11-23T05:00:00Z".parse().unwrap();
        assert_eq!(time(&json!("2026-11-23T05:00:00.769334083Z")), Some(expected));
        assert_eq!(time(&json!(expected.as_second())), Some(expected));
        assert_eq!(
            beyond_default(&["NET_ADMIN".into(), "CAP_CHOWN".into(), "all".into()]),
            ["CAP_NET_ADMIN", "ALL"]
        );
    }
}
