//! One room a kind. Each has an `ENTRY` for the catalog and judges nothing.

pub(crate) mod access_resource_permissions;
pub(crate) mod asset_endpoint_posture;
pub(crate) mod asset_inventory;
pub(crate) mod capacity_metrics;
pub(crate) mod config_baseline;
pub(crate) mod config_desired_state;
pub(crate) mod config_file_integrity;
pub(crate) mod config_scheduled_jobs;
pub(crate) mod crypto_at_rest;
pub(crate) mod crypto_certificates_and_keys;
pub(crate) mod crypto_in_transit;
pub(crate) mod data_retention;
pub(crate) mod hardware_health;
pub(crate) mod identity_accounts;
pub(crate) mod identity_mfa;
pub(crate) mod identity_privileged_grants;
pub(crate) mod identity_secrets_and_keys;
pub(crate) mod identity_sign_in_policy;
pub(crate) mod logging_privileged_activity;
pub(crate) mod logging_protection;
pub(crate) mod logging_sources;
pub(crate) mod malware_protection;
pub(crate) mod media_removable;
pub(crate) mod monitoring_alert_rules;
pub(crate) mod monitoring_detections;
pub(crate) mod network_firewall;
pub(crate) mod network_remote_access;
pub(crate) mod network_segmentation;
pub(crate) mod network_services;
pub(crate) mod network_web_filtering;
pub(crate) mod patch_status;
pub(crate) mod resilience_redundancy;
pub(crate) mod sdlc_change_records;
pub(crate) mod software_containers;
pub(crate) mod software_install_control;
pub(crate) mod software_inventory;
pub(crate) mod time_sync;
pub(crate) mod vulnerability_findings;

#[cfg(test)]
pub(crate) use exhibit_plugin::local::testing;
