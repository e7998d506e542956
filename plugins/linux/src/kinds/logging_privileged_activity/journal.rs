//! Entries of the journal, through journalctl with bounds on time, programs, fields and output.

use exhibit_plugin::OutcomeKind;
use jiff::Timestamp;
use serde_json::Value;

use super::{Ledger, messages};
use crate::{look::Look, tool::Tool};

/// A record with its four fields takes about 250 bytes.
const MAX_OUTPUT: usize = 24 * 1024 * 1024;

pub(super) fn read(look: &mut Look<'_>, ledger: &mut Ledger) {
    let there = ["/var/log/journal", "/run/log/journal"].iter().any(|path| look.host.exists(path));
    if !look.host.is_live() || !there {
        return;
    }
    let since = format!("--since={} 00:00:00", ledger.from);
    let until = format!("--until={} 23:59:59", ledger.to);
    let fields = "--output-fields=MESSAGE,SYSLOG_IDENTIFIER,__REALTIME_TIMESTAMP";
    let mut arguments = vec!["--no-pager", "--quiet", "-o", "json", fields, &since, &until];
    for program in messages::PROGRAMS {
        arguments.extend(["-t", program]);
    }
    let Some(output) = look.run(&Tool::new("journalctl", &arguments).max_output(MAX_OUTPUT)) else {
        return;
    };
    if !output.is_success() {
        // Without a match some releases end with 1 and say nothing.
        if output.stderr.trim().is_empty() && output.stdout.is_empty() {
            ledger.source("journal", true);
            return;
        }
        look.seen.outcome(
            OutcomeKind::Denied,
            format!("the journal is not readable: journalctl {}", output.fault()),
            "put the plugin's account into the group systemd-journal, or give it CAP_DAC_READ_SEARCH",
        );
        return;
    }
    let mut odd = 0_u64;
    for line in output.stdout.lines() {
        match record(line) {
            Some((time, program, message)) => {
                if let Some(event) = messages::event(&program, &message) {
                    ledger.add(time, event, "journal");
                }
            }
            None => odd += 1,
        }
    }
    if odd > 0 {
        look.garbled("journalctl -o json", &format!("{odd} records are not understood"));
    }
    ledger.source("journal", odd == 0);
}

/// Time, program and message. A message that is not text comes as a list of bytes.
fn record(line: &str) -> Option<(Timestamp, String, String)> {
    let value: Value = serde_json::from_str(line).ok()?;
    let micros: i64 = value.get("__REALTIME_TIMESTAMP")?.as_str()?.parse().ok()?;
    let program = value.get("SYSLOG_IDENTIFIER")?.as_str()?.to_owned();
    let message = match value.get("MESSAGE")? {
        Value::String(text) => text.clone(),
        Value::Array(bytes) => {
            let bytes = bytes.iter().filter_map(|byte| u8::try_from(byte.as_u64()?).ok());
            String::from_utf8_lossy(&bytes.collect::<Vec<u8>>()).into_owned()
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => String::new(),
    };
    Some((Timestamp::from_microsecond(micros).ok()?, program, message))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_text_or_bytes() {
        let line = r#"{"__REALTIME_TIMESTAMP":"1795340000000000","SYSLOG_IDENTIFIER":"su","MESSAGE":[255,65]}"#;
        let (time, program, message) = record(line).unwrap();
        assert_eq!(
            (time.as_second(), program.as_str(), message.as_str()),
            (1_795_340_000, "su", "\u{fffd}A")
        );
        assert!(record("{}").is_none() && record("Hint: ").is_none());
    }
}
