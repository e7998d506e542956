//! Which values are refused, with the way out. Pure.

use std::net::IpAddr;

use exhibit_assessment::decisions;
use exhibit_proto::document;
use exhibit_proto::note::Verifier;

use super::Config;

impl Config {
    /// Key, value and way out of the first value that is refused.
    pub(super) fn check(&self) -> Result<(), (&'static str, String, &'static str)> {
        let bad = |c: char| c.is_whitespace() || c.is_control() || c == '+';
        let origin = &self.origin;
        if origin.is_empty() || origin.contains(bad) || origin.contains("://") {
            let way_out = "expected a name like \"evidence.example.com/acme/2026\", without scheme, spaces and '+'";
            return Err(("origin", origin.clone(), way_out));
        }
        if let Some(name) = self.names.iter().find(|name| !is_name(name)) {
            let way_out = "expected a DNS name or an IP address, without port";
            return Err(("names", name.clone(), way_out));
        }
        if self.names.is_empty() {
            return Err(("names", "[]".into(), "name at least one, agents connect to it"));
        }
        let identity = &self.identity;
        for (key, days) in [
            ("identity.client_certificate_days", identity.client_certificate_days),
            ("identity.server_certificate_days", identity.server_certificate_days),
        ] {
            if !(2..=397).contains(&days) {
                return Err((key, days.to_string(), "expected 2 to 397 days"));
            }
        }
        let days = self.log.scrub_days;
        if !(1..=365).contains(&days) {
            return Err(("log.scrub_days", days.to_string(), "expected 1 to 365 days"));
        }
        let mut registers = self.approval.second_person.iter();
        let decided = |name: &str| decisions::register(name).is_some_and(|known| !known.by_program);
        if let Some(unknown) = registers.find(|name| !decided(name)) {
            let way_out = "expected a register like \"waiver\" or \"applicability\"; the page Decisions lists them";
            return Err(("approval.second_person", unknown.clone(), way_out));
        }
        let retention = &self.retention;
        let mut days = retention.days.values().chain(&retention.default_days);
        if days.any(|days| *days == 0) {
            let way_out = "expected at least 1 day; leave the key out to keep documents";
            return Err(("retention", "0".into(), way_out));
        }
        let approved = retention.approved_by.as_ref().is_some_and(|by| !by.trim().is_empty());
        if !retention.is_empty() && !approved {
            let way_out = "name who answers for the rules: it stands in the log with each deletion";
            return Err(("retention.approved_by", String::new(), way_out));
        }
        if let Some(oidc) = &self.oidc {
            oidc.check()?;
        }
        let signers = &self.rules.signers;
        if let Some(other) = signers.iter().find(|vkey| Verifier::from_vkey(vkey).is_err()) {
            let way_out =
                "expected a verifier key (name+id+key) as `exhibit-collector rules sign` prints it";
            return Err(("rules.signers", other.clone(), way_out));
        }
        let words = self.witnesses.groups.iter().chain([&self.witnesses.quorum]);
        if let Some(broken) = words.clone().find(|word| word.contains(['\n', '\r'])) {
            return Err(("witnesses", broken.clone(), "expected one line"));
        }
        let names = self.witness.iter().filter_map(|witness| witness.name.as_ref());
        if let Some(name) = names.clone().find(|name| name.is_empty() || name.contains(bad)) {
            return Err(("witness.name", name.clone(), "expected a word without spaces and '+'"));
        }
        let limits = &self.limits;
        if limits.document_bytes == 0 || limits.document_bytes > document::MAX_BYTES {
            let value = limits.document_bytes.to_string();
            return Err(("limits.document_bytes", value, "expected 1 to 8388608"));
        }
        if !(limits.document_bytes..=4 << 30).contains(&limits.in_flight_bytes) {
            let way_out = "expected at least limits.document_bytes and at most 4 GiB";
            return Err(("limits.in_flight_bytes", limits.in_flight_bytes.to_string(), way_out));
        }
        if limits.connections == 0 || limits.streams == 0 {
            return Err(("limits.connections, limits.streams", "0".into(), "expected at least 1"));
        }
        if let Some(address) = &self.evidence.advertise
            && address.rsplit_once(':').is_none_or(|(_, port)| port.parse::<u16>().is_err())
        {
            return Err(("evidence.advertise", address.clone(), "expected host:port"));
        }
        Ok(())
    }
}

fn is_name(name: &str) -> bool {
    let label = |label: &str| {
        !label.is_empty() && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
    };
    name.parse::<IpAddr>().is_ok() || (name.len() <= 253 && name.split('.').all(label))
}
