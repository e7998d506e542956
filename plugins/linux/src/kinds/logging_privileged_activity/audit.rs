//! Programs that a named account started with the rights of root, from the audit trail. Neither the program nor its words are
//! told: a command line may hold a secret.

use std::collections::BTreeMap;

use exhibit_plugin::kinds::logging_privileged_activity::Action;
use jiff::Timestamp;

use super::{Event, Ledger};
use crate::{accounts::Tables, log_files, look::Look};

const LOG: &str = "/var/log/audit/audit.log";
/// Numbers of execve and execveat: x86_64, i386, aarch64 and riscv64.
const EXECVE: [&str; 5] = ["59", "322", "11", "221", "281"];
/// No account: a program that no session started.
const UNSET: u32 = u32::MAX;

pub(super) fn read(look: &mut Look<'_>, ledger: &mut Ledger, tables: &Tables) {
    let files = log_files::generations(look, LOG);
    let names: BTreeMap<u32, &str> =
        tables.users.iter().rev().map(|user| (user.uid, user.name.as_str())).collect();
    let mut whole = true;
    if files.is_empty() {
        return;
    }
    for file in files {
        let mut first = None;
        whole &= log_files::each_line(look, &file, |line| {
            let Some((time, auid, succeeded)) = execution(line) else { return true };
            first = first.or(Some(time));
            let account =
                names.get(&auid).map_or_else(|| auid.to_string(), |name| (*name).to_owned());
            let event = Event {
                account,
                action: Action::Execution,
                as_account: Some("root".to_owned()),
                succeeded,
            };
            ledger.add(time, event, "audit.log");
            true
        });
        if first.is_some_and(|time| super::day(time) < ledger.from) {
            break;
        }
    }
    ledger.source("audit.log", whole);
}

/// Time, account of the session and success of an execve as root by somebody who signed in as somebody else.
fn execution(line: &str) -> Option<(Timestamp, u32, bool)> {
    let rest = line.strip_prefix("type=SYSCALL msg=audit(")?;
    let (time, rest) = rest.split_once(')')?;
    let field = |name: &str| {
        rest.split_whitespace().find_map(|word| word.strip_prefix(name)?.strip_prefix('='))
    };
    let auid: u32 = field("auid")?.parse().ok()?;
    if !EXECVE.contains(&field("syscall")?) || field("euid")? != "0" || auid == 0 || auid == UNSET {
        return None;
    }
    let seconds = time.split(['.', ':']).next()?.parse().ok()?;
    Some((Timestamp::from_second(seconds).ok()?, auid, field("success") == Some("yes")))
}
