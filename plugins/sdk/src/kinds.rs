//! The schema of every kind, one file a kind, the same for a host, a cloud account and a code host.
//!
//! It only says what a document looks like; what a good document says is for the rules.

pub mod access_resource_permissions;
pub mod asset_endpoint_posture;
pub mod asset_inventory;
pub mod backup_jobs;
pub mod capacity_metrics;
pub mod config_baseline;
pub mod config_desired_state;
pub mod config_file_integrity;
pub mod config_scheduled_jobs;
pub mod continuity_tests;
pub mod crypto_at_rest;
pub mod crypto_certificates_and_keys;
pub mod crypto_in_transit;
pub mod data_retention;
pub mod hardware_health;
pub mod identity_accounts;
pub mod identity_mfa;
pub mod identity_privileged_grants;
pub mod identity_secrets_and_keys;
pub mod identity_sign_in_policy;
pub mod logging_privileged_activity;
pub mod logging_protection;
pub mod logging_sources;
pub mod malware_protection;
pub mod media_removable;
pub mod monitoring_alert_rules;
pub mod monitoring_detections;
pub mod network_firewall;
pub mod network_remote_access;
pub mod network_segmentation;
pub mod network_services;
pub mod network_web_filtering;
pub mod patch_status;
pub mod personal;
mod place;
pub mod resilience_redundancy;
pub mod sdlc_change_records;
pub mod software_containers;
pub mod software_install_control;
pub mod software_inventory;
pub mod time_sync;
pub mod vulnerability_findings;

use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

/// The body of one kind.
pub trait Kind: Serialize + DeserializeOwned {
    /// Name of the kind, such as `patch.status`.
    const KIND: &'static str;
    /// Name of its schema, such as `urn:exhibit:kind:patch.status:v1`.
    const SCHEMA: &'static str;

    /// Brings every list into its documented order, so that equal content gives equal bytes.
    fn normalise(&mut self);
}

/// What is known of a kind before any observation.
#[derive(Clone, Copy, Debug)]
pub struct KindInfo {
    /// Name of the kind.
    pub kind: &'static str,
    /// Name of its schema.
    pub schema: &'static str,
    /// Title for people.
    pub title: &'static str,
    /// What changes from run to run although nothing happened; empty when nothing does.
    pub volatile_note: &'static str,
    /// Hours after which an observation is too old to speak of today.
    pub freshness_hours: u32,
    /// A small valid body.
    pub example: fn() -> Value,
    check: fn(&Value) -> Result<(), String>,
}

macro_rules! info {
    ($room:ident :: $body:ident, $title:literal, $volatile:literal, $hours:literal) => {
        KindInfo {
            kind: $room::KIND,
            schema: $room::SCHEMA,
            title: $title,
            volatile_note: $volatile,
            freshness_hours: $hours,
            example: $room::example,
            check: parse::<$room::$body>,
        }
    };
}

/// Every kind, sorted by name.
pub const ALL: &[KindInfo] = &[
    info!(
        access_resource_permissions::ResourcePermissions,
        "Permissions of files and resources", "rounded number of files", 50
    ),
    info!(
        asset_endpoint_posture::EndpointPosture,
        "Devices of people", "day of the last update", 26
    ),
    info!(asset_inventory::AssetInventory, "Inventory of assets", "", 168),
    info!(
        backup_jobs::BackupJobs,
        "Backups and their schedules",
        "times and sizes of the newest backup and run, days missed",
        26
    ),
    info!(capacity_metrics::CapacityMetrics, "Use of resources", "everything", 2),
    info!(config_baseline::ConfigBaseline, "Hardening settings", "", 26),
    info!(config_desired_state::DesiredState, "Desired state", "time of the last run", 26),
    info!(
        config_file_integrity::FileIntegrity,
        "Integrity of files", "days of databases and runs", 50
    ),
    info!(
        config_scheduled_jobs::ScheduledJobs,
        "Scheduled jobs", "times of the last and next run", 26
    ),
    info!(continuity_tests::ContinuityTests, "Tests of restore and failover", "everything", 2232),
    info!(crypto_at_rest::CryptoAtRest, "Encryption of storage", "", 168),
    info!(crypto_certificates_and_keys::Certificates, "Certificates and their keys", "", 26),
    info!(crypto_in_transit::CryptoInTransit, "Encryption on the wire", "", 26),
    info!(data_retention::DataRetention, "Retention and deletion", "day of the last run", 168),
    info!(hardware_health::HardwareHealth, "Health of hardware", "", 26),
    info!(identity_accounts::Accounts, "Accounts", "day of the last sign-in", 26),
    info!(identity_mfa::SecondFactors, "Second factors", "", 26),
    info!(identity_privileged_grants::PrivilegedGrants, "Administrative rights", "", 26),
    info!(identity_secrets_and_keys::SecretsAndKeys, "Keys and secrets of accounts", "", 26),
    info!(identity_sign_in_policy::SignInPolicy, "Sign-in policy", "", 26),
    info!(
        logging_privileged_activity::PrivilegedActivity,
        "Use of administrative rights", "everything, once a day", 26
    ),
    info!(logging_protection::LoggingProtection, "Protection of logs", "", 26),
    info!(
        logging_sources::LoggingSources,
        "Logs and where they go", "day of the oldest record", 26
    ),
    info!(
        malware_protection::MalwareProtection,
        "Protection against malware", "age of signatures, last scan", 26
    ),
    info!(media_removable::RemovableMedia, "Removable media", "attached devices", 26),
    info!(monitoring_alert_rules::AlertRules, "Alert rules and routes", "", 26),
    info!(monitoring_detections::Detections, "Detections", "counts and days", 26),
    info!(network_firewall::NetworkFirewall, "Packet filter", "", 26),
    info!(network_remote_access::RemoteAccess, "Ways in from elsewhere", "", 26),
    info!(network_segmentation::Segmentation, "Networks and their separation", "", 168),
    info!(network_services::NetworkServices, "Listening services", "short-lived listeners", 26),
    info!(network_web_filtering::WebFiltering, "Web filtering", "days of lists", 26),
    info!(
        patch_status::PatchStatus,
        "Updates and support", "times of the lists and of the last run", 26
    ),
    info!(resilience_redundancy::Redundancy, "Redundancy", "", 26),
    info!(sdlc_change_records::ChangeRecords, "Changes", "changes enter and leave the window", 26),
    info!(
        software_containers::ContainerInventory,
        "Containers and images", "state of containers", 26
    ),
    info!(
        software_install_control::InstallControl,
        "Control over installation", "short-lived programs", 26
    ),
    info!(software_inventory::SoftwareInventory, "Installed software", "", 168),
    info!(time_sync::TimeSync, "Clock synchronisation", "error bound in coarse steps", 26),
    info!(
        vulnerability_findings::VulnerabilityFindings,
        "Known vulnerabilities", "when the advisory data is refreshed", 26
    ),
];

/// Looks a kind up by name.
#[must_use]
pub fn find(kind: &str) -> Option<&'static KindInfo> {
    ALL.iter().find(|info| info.kind == kind)
}

/// Checks a body against the schema of its kind.
///
/// # Errors
///
/// A sentence naming the place and the fault, or that the kind is unknown.
pub fn validate(kind: &str, body: &Value) -> Result<(), String> {
    let info = find(kind).ok_or_else(|| {
        let known: Vec<_> = ALL.iter().map(|info| info.kind).collect();
        format!("unknown kind '{kind}'; known are {}", known.join(", "))
    })?;
    (info.check)(body)
}

fn parse<B: Kind>(body: &Value) -> Result<(), String> {
    match place::read::<B>(body) {
        Ok(_) => Ok(()),
        Err(fault) => Err(format!("{} at '{}': {}", B::KIND, fault.place, fault.error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round_trip<B: Kind>(example: &Value) {
        let mut body: B = serde_json::from_value(example.clone()).unwrap();
        body.normalise();
        assert_eq!(
            serde_json::to_value(&body).unwrap(),
            *example,
            "{} is not in its order",
            B::KIND
        );
    }

    #[test]
    fn every_example_validates() {
        assert!(ALL.is_sorted_by(|left, right| left.kind < right.kind));
        for info in ALL {
            validate(info.kind, &(info.example)()).unwrap();
            assert_eq!(info.schema, format!("urn:exhibit:kind:{}:v1", info.kind));
        }
    }

    #[test]
    fn every_example_is_in_the_order_of_its_kind() {
        round_trip::<asset_endpoint_posture::EndpointPosture>(&asset_endpoint_posture::example());
        round_trip::<network_web_filtering::WebFiltering>(&network_web_filtering::example());
        round_trip::<asset_inventory::AssetInventory>(&asset_inventory::example());
        round_trip::<backup_jobs::BackupJobs>(&backup_jobs::example());
        round_trip::<capacity_metrics::CapacityMetrics>(&capacity_metrics::example());
        round_trip::<config_baseline::ConfigBaseline>(&config_baseline::example());
        round_trip::<continuity_tests::ContinuityTests>(&continuity_tests::example());
        round_trip::<crypto_at_rest::CryptoAtRest>(&crypto_at_rest::example());
        round_trip::<identity_accounts::Accounts>(&identity_accounts::example());
        round_trip::<identity_privileged_grants::PrivilegedGrants>(
            &identity_privileged_grants::example(),
        );
        round_trip::<identity_sign_in_policy::SignInPolicy>(&identity_sign_in_policy::example());
        round_trip::<logging_sources::LoggingSources>(&logging_sources::example());
        round_trip::<network_firewall::NetworkFirewall>(&network_firewall::example());
        round_trip::<network_services::NetworkServices>(&network_services::example());
        round_trip::<patch_status::PatchStatus>(&patch_status::example());
        round_trip::<software_inventory::SoftwareInventory>(&software_inventory::example());
        round_trip::<config_desired_state::DesiredState>(&config_desired_state::example());
        round_trip::<config_scheduled_jobs::ScheduledJobs>(&config_scheduled_jobs::example());
        round_trip::<logging_privileged_activity::PrivilegedActivity>(
            &logging_privileged_activity::example(),
        );
        round_trip::<logging_protection::LoggingProtection>(&logging_protection::example());
        round_trip::<malware_protection::MalwareProtection>(&malware_protection::example());
        round_trip::<monitoring_alert_rules::AlertRules>(&monitoring_alert_rules::example());
        round_trip::<monitoring_detections::Detections>(&monitoring_detections::example());
        round_trip::<sdlc_change_records::ChangeRecords>(&sdlc_change_records::example());
        round_trip::<software_containers::ContainerInventory>(&software_containers::example());
        round_trip::<software_install_control::InstallControl>(&software_install_control::example());
        round_trip::<vulnerability_findings::VulnerabilityFindings>(
            &vulnerability_findings::example(),
        );
        round_trip::<time_sync::TimeSync>(&time_sync::example());
        round_trip::<access_resource_permissions::ResourcePermissions>(
            &access_resource_permissions::example(),
        );
        round_trip::<identity_secrets_and_keys::SecretsAndKeys>(
            &identity_secrets_and_keys::example(),
        );
        round_trip::<identity_mfa::SecondFactors>(&identity_mfa::example());
        round_trip::<data_retention::DataRetention>(&data_retention::example());
        round_trip::<network_segmentation::Segmentation>(&network_segmentation::example());
        round_trip::<network_remote_access::RemoteAccess>(&network_remote_access::example());
        round_trip::<resilience_redundancy::Redundancy>(&resilience_redundancy::example());
        round_trip::<hardware_health::HardwareHealth>(&hardware_health::example());
        round_trip::<media_removable::RemovableMedia>(&media_removable::example());
        round_trip::<crypto_certificates_and_keys::Certificates>(
            &crypto_certificates_and_keys::example(),
        );
        round_trip::<crypto_in_transit::CryptoInTransit>(&crypto_in_transit::example());
        round_trip::<config_file_integrity::FileIntegrity>(&config_file_integrity::example());
    }

    /// Plants an unknown field into every object of the value, one at a time.
    fn plant(value: &Value, free_form: &[&str]) -> Vec<Value> {
        let mut planted = Vec::new();
        match value {
            Value::Object(map) => {
                let mut copy = map.clone();
                copy.insert("colour".into(), Value::from("red"));
                planted.push(Value::Object(copy));
                for (key, inner) in map {
                    if free_form.contains(&key.as_str()) {
                        continue;
                    }
                    for changed in plant(inner, free_form) {
                        let mut copy = map.clone();
                        copy.insert(key.clone(), changed);
                        planted.push(Value::Object(copy));
                    }
                }
            }
            Value::Array(list) => {
                for (index, inner) in list.iter().enumerate() {
                    for changed in plant(inner, free_form) {
                        let mut copy = list.clone();
                        copy[index] = changed;
                        planted.push(Value::Array(copy));
                    }
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
        planted
    }

    #[test]
    fn unknown_fields_are_refused_at_every_depth() {
        let free_form = ["settings", "labels", "login_defs", "boot_parameters", "totals"];
        for info in ALL {
            let example = (info.example)();
            // Only maps keyed by the target's own words may hold any key.
            let keys: &[&str] =
                if info.kind == identity_privileged_grants::KIND { &[] } else { &free_form };
            let planted = plant(&example, keys);
            assert!(!planted.is_empty());
            for body in planted {
                let error = validate(info.kind, &body).unwrap_err();
                assert!(error.contains("colour"), "{error}");
            }
        }
    }

    #[test]
    fn fault_is_named_with_its_place() {
        let mut body = patch_status::example();
        body["pending"][0]["security"] = Value::from("yes");
        let error = validate(patch_status::KIND, &body).unwrap_err();
        assert!(error.contains("pending[0].security"), "{error}");
        let error = validate("patch.stat", &body).unwrap_err();
        assert!(error.contains("patch.stat") && error.contains("patch.status"), "{error}");
    }
}
