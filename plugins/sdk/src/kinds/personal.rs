//! Which fields name persons in free words: what an operator may keep back without losing who did the same as whom.
//!
//! Names of accounts are none of them: they are what the evidence is about.

/// Kind, and JSON pointers in which `*` is every element. What is behind one is a text, or null.
const FIELDS: &[(&str, &[&str])] = &[
    (super::asset_endpoint_posture::KIND, &["/devices/*/owner"]),
    (super::continuity_tests::KIND, &["/tests/*/operator"]),
    (super::identity_secrets_and_keys::KIND, &["/credentials/*/label"]),
    (super::monitoring_alert_rules::KIND, &["/routes/*/receiver", "/routes/*/target"]),
    (super::sdlc_change_records::KIND, &["/changes/*/actor", "/changes/*/approved_by/*"]),
];

/// The fields of a kind that name persons; none for most.
#[must_use]
pub fn fields(kind: &str) -> &'static [&'static str] {
    FIELDS.iter().find(|(known, _)| *known == kind).map(|(_, fields)| *fields).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn is_there(value: &Value, parts: &[&str]) -> bool {
        let Some((part, rest)) = parts.split_first() else { return true };
        match value {
            Value::Array(list) if *part == "*" => {
                list.is_empty() || list.iter().any(|one| is_there(one, rest))
            }
            Value::Object(map) => map.get(*part).is_some_and(|value| is_there(value, rest)),
            Value::Array(_)
            | Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::String(_) => false,
        }
    }

    #[test]
    fn every_field_that_names_a_person_is_one_of_its_kind() {
        for (kind, fields) in FIELDS {
            let example = (crate::kinds::find(kind).unwrap().example)();
            for field in *fields {
                let parts: Vec<&str> = field.split('/').skip(1).collect();
                assert!(is_there(&example, &parts), "{kind} has no {field}");
            }
        }
        assert_eq!(fields("time.sync"), [""; 0]);
    }
}
