//! Settings as operators write them.

use std::path::Path;

use super::*;
use exhibit_plugin::local::testing;
use serde_json::json;

impl RestoreTest {
    /// With the defaults that a test in the settings has.
    pub(crate) fn of(name: &str, repository: &str) -> Self {
        let text = json!({"name": name, "repository": repository});
        serde_json::from_value(text).unwrap()
    }
}

fn read(settings: &serde_json::Value) -> Result<Settings, SettingsError> {
    let mut job = testing::job("/");
    job.settings = settings.clone();
    job.secrets = [("known".to_owned(), "/secret".to_owned())].into();
    super::read(&job)
}

#[test]
fn no_table_means_no_repositories() {
    assert_eq!(read(&json!({})), Ok(Settings::default()));
    assert_eq!(read(&serde_json::Value::Null), Ok(Settings::default()));
}

#[test]
fn an_unknown_key_and_an_inline_password_are_refused() {
    let settings = json!({"backup": {"repositories": [
        {"name": "a", "tool": "restic", "location": "/r", "password": "x"}]}});
    let error = read(&settings).unwrap_err().to_string();
    assert!(error.contains("unknown field `password`"), "{error}");
}

#[test]
fn restic_needs_a_password_file_and_borg_does_not() {
    let restic =
        json!({"backup": {"repositories": [{"name": "a", "tool": "restic", "location": "/r"}]}});
    assert_eq!(read(&restic), Err(SettingsError::NoPassword("a".into())));
    let borg =
        json!({"backup": {"repositories": [{"name": "a", "tool": "borg", "location": "/r"}]}});
    assert_eq!(read(&borg).map(|b| b.repositories.len()), Ok(1));
}

#[test]
fn a_location_that_looks_like_an_option_is_refused() {
    let settings = json!({"backup": {"repositories": [
        {"name": "a", "tool": "borg", "location": "--rsh=sh"}]}});
    assert_eq!(read(&settings), Err(SettingsError::Option("a".into())));
}

#[test]
fn a_password_may_be_a_secret_of_the_plugin_by_name() {
    let of = |secret: &str| {
        read(&json!({"backup": {"repositories": [
            {"name": "a", "tool": "restic", "location": "/r", "password_secret": secret}]}}))
    };
    let file = of("known").unwrap().repositories[0].password_file.clone();
    assert_eq!(file.as_deref(), Some(Path::new("/secret")));
    assert_eq!(of("other"), Err(SettingsError::Secret("a".into(), "other".into())));
}

#[test]
fn tests_have_bounds_and_names_of_their_own() {
    let of = |tests: serde_json::Value| read(&json!({"continuity": {"tests": tests}}));
    let one = json!({"name": "t", "repository": "r"});
    assert_eq!(of(json!([one])).unwrap().tests[0].files, 20);
    assert_eq!(of(json!([one, one])), Err(SettingsError::Test("t".into())));
    let none = json!([{"name": "t", "repository": "r", "files": 0}]);
    assert_eq!(of(none), Err(SettingsError::Files("t".into(), 0)));
    let odd = of(json!([{"name": "t", "repository": "r", "restore_to": "/"}]));
    assert!(odd.unwrap_err().to_string().contains("restore_to"));
}

#[test]
fn two_repositories_of_one_name_are_refused() {
    let one = json!({"name": "a", "tool": "borg", "location": "/r"});
    let settings = json!({"backup": {"repositories": [one, one]}});
    assert_eq!(read(&settings), Err(SettingsError::Twice("a".into())));
}
