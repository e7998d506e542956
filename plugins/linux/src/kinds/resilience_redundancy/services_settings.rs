//! Failover addresses, clusters and replication as their settings say. Whether the other members answer is not asked.

use std::collections::BTreeMap;

use exhibit_plugin::kinds::resilience_redundancy::Group;

use super::{group, number};
use crate::{
    glob,
    look::{Found, Look},
};

pub(super) fn all(look: &mut Look<'_>) -> Vec<Group> {
    let mut found = keepalived(look);
    found.extend(corosync(look));
    found.extend(postgres(look));
    found.extend(mysql(look));
    found.extend(redis(look));
    found.extend(mongo(look));
    for one in &mut found {
        one.state = "configured".to_owned();
    }
    found
}

fn keepalived(look: &mut Look<'_>) -> Vec<Group> {
    const PATH: &str = "/etc/keepalived/keepalived.conf";
    let text = look.text(PATH).here().unwrap_or_default();
    let mut found: Vec<Group> = Vec::new();
    let (mut depth, mut inside, mut addresses) = (0_usize, false, None::<usize>);
    for line in text.lines() {
        let line = line.split(['#', '!']).next().unwrap_or_default().trim();
        let words: Vec<&str> = line.split_whitespace().collect();
        if let ["vrrp_instance", name, ..] = words.as_slice() {
            found.push(group("address", "keepalived", name.trim_end_matches('{'), PATH));
            (depth, inside) = (0, true);
        } else if let Some(one) = found.last_mut().filter(|_| inside) {
            match words.as_slice() {
                ["state", value] => one.mode = Some((*value).to_owned()),
                [key @ ("priority" | "auth_type" | "advert_int"), value] => {
                    one.settings.insert((*key).to_owned(), (*value).to_owned());
                }
                ["auth_pass", ..] => {
                    drop(one.settings.insert("auth_pass".to_owned(), "set".to_owned()))
                }
                ["nopreempt"] => {
                    drop(one.settings.insert("nopreempt".to_owned(), "yes".to_owned()))
                }
                ["virtual_ipaddress" | "virtual_ipaddress_excluded", ..] => addresses = Some(0),
                ["}"] => {
                    if let Some(count) = addresses.take() {
                        one.settings.insert("addresses".to_owned(), count.to_string());
                    }
                }
                ["{"] | [] => {}
                _ => addresses = addresses.map(|count| count + 1),
            }
        }
        depth += line.matches('{').count();
        let closed = line.matches('}').count();
        depth = depth.saturating_sub(closed);
        // What follows the block, such as a script, is no setting of it.
        inside &= depth > 0 || closed == 0;
    }
    found
}

fn corosync(look: &mut Look<'_>) -> Option<Group> {
    const PATH: &str = "/etc/corosync/corosync.conf";
    let text = look.text(PATH).here()?;
    let told =
        ["crypto_cipher", "crypto_hash", "two_node", "expected_votes", "wait_for_all", "model"];
    let mut one = group("cluster", "corosync", "", PATH);
    let mut nodes = 0;
    for line in text.lines().map(str::trim) {
        if line.strip_suffix('{').is_some_and(|name| name.trim() == "node") {
            nodes += 1;
        }
        let Some((key, value)) = line.split_once(':') else { continue };
        let (key, value) = (key.trim(), value.trim());
        if key == "cluster_name" {
            one.id = format!("corosync:{value}");
        } else if told.contains(&key) {
            one.settings.insert(key.to_owned(), value.to_owned());
        }
    }
    one.members = number(nodes).filter(|nodes| *nodes > 0);
    Some(one)
}

fn postgres(look: &mut Look<'_>) -> Vec<Group> {
    let mut found = Vec::new();
    let mut places = Vec::new();
    for version in look.names("/etc/postgresql").here().unwrap_or_default() {
        for cluster in look.names(&format!("/etc/postgresql/{version}")).here().unwrap_or_default()
        {
            let name = format!("{version}/{cluster}");
            places.push((
                name.clone(),
                format!("/etc/postgresql/{name}"),
                format!("/var/lib/postgresql/{name}"),
            ));
        }
    }
    places.push((
        "data".to_owned(),
        "/var/lib/pgsql/data".to_owned(),
        "/var/lib/pgsql/data".to_owned(),
    ));
    for (name, folder, data) in places {
        let mut values = BTreeMap::new();
        for file in [format!("{folder}/postgresql.conf"), format!("{data}/postgresql.auto.conf")] {
            values.extend(pairs(&look.text(&file).here().unwrap_or_default()));
        }
        // A server that was promoted keeps its old connection line: only the signal file tells.
        let mode = match look.facts(&format!("{data}/standby.signal")) {
            Found::Here(_) => Some("standby"),
            Found::Missing if look.host.exists(&data) => Some("primary"),
            Found::Missing | Found::Unreadable => None,
        };
        let names = values.get("synchronous_standby_names").filter(|value| !value.is_empty());
        let follows = values.get("primary_conninfo").is_some_and(|value| !value.is_empty());
        if names.is_none() && !follows && mode != Some("standby") {
            continue;
        }
        let mut one = group("database", "postgresql", &name, &folder);
        one.mode = mode.map(str::to_owned);
        if let Some(names) = names {
            one.settings.insert("synchronous_standby_names".to_owned(), names.clone());
        }
        for key in ["synchronous_commit", "wal_level"] {
            if let Some(value) = values.get(key) {
                one.settings.insert(key.to_owned(), value.clone());
            }
        }
        if follows {
            one.settings.insert("primary_conninfo".to_owned(), "set".to_owned());
        }
        found.push(one);
    }
    found
}

/// `key = value`, quotes and comments away.
fn pairs(text: &str) -> impl Iterator<Item = (String, String)> {
    text.lines().filter_map(|line| {
        let (key, value) = line.split_once('=').filter(|_| !line.trim().starts_with(['#', ';']))?;
        let value = value.trim();
        let value = match value.strip_prefix('\'') {
            Some(quoted) => quoted.split('\'').next(),
            None => value.split('#').next(),
        };
        Some((key.trim().to_ascii_lowercase().replace('-', "_"), value?.trim().to_owned()))
    })
}

fn mysql(look: &mut Look<'_>) -> Option<Group> {
    let mut files = vec!["/etc/my.cnf".to_owned(), "/etc/mysql/my.cnf".to_owned()];
    for folder in [
        "/etc/my.cnf.d",
        "/etc/mysql/conf.d",
        "/etc/mysql/mysql.conf.d",
        "/etc/mysql/mariadb.conf.d",
    ] {
        files.extend(glob::matching(look, &format!("{folder}/*.cnf")));
    }
    let (mut values, mut source) = (BTreeMap::new(), None);
    for file in files {
        let before = values.len();
        values.extend(pairs(&look.text(&file).here().unwrap_or_default()));
        if values.len() > before {
            source = Some(file);
        }
    }
    let told = [
        "server_id",
        "gtid_mode",
        "wsrep_on",
        "read_only",
        "super_read_only",
        "rpl_semi_sync_master_enabled",
    ];
    let galera = values.get("wsrep_on").is_some_and(|on| on == "ON" || on == "1");
    let binlog = values.contains_key("log_bin") && values.contains_key("server_id");
    if !galera && !binlog {
        return None;
    }
    let mut one = group("database", "mysql", "mysqld", &source?);
    one.mode = Some(if galera { "galera" } else { "binary log" }.to_owned());
    let nodes = values.get("wsrep_cluster_address").and_then(|list| list.strip_prefix("gcomm://"));
    one.members =
        nodes.and_then(|list| number(list.split(',').filter(|node| !node.is_empty()).count()));
    one.settings = values.into_iter().filter(|(key, _)| told.contains(&key.as_str())).collect();
    Some(one)
}

fn redis(look: &mut Look<'_>) -> Vec<Group> {
    let mut found = Vec::new();
    for path in ["/etc/redis/redis.conf", "/etc/redis.conf", "/etc/valkey/valkey.conf"] {
        let Some(text) = look.text(path).here() else { continue };
        let is_replica = text.lines().any(|line| {
            let word = line.split_whitespace().next().unwrap_or_default();
            ["replicaof", "slaveof"].contains(&word.to_ascii_lowercase().as_str())
        });
        if is_replica {
            let name = if path.contains("valkey") { "valkey" } else { "redis" };
            found.push(Group {
                mode: Some("replica".to_owned()),
                ..group("database", "redis", name, path)
            });
        }
    }
    found
}

fn mongo(look: &mut Look<'_>) -> Option<Group> {
    const PATH: &str = "/etc/mongod.conf";
    let text = look.text(PATH).here()?;
    let name = text.lines().find_map(|line| line.trim().strip_prefix("replSetName:"))?;
    let name = name.trim().trim_matches('"');
    Some(Group { mode: Some("replica set".to_owned()), ..group("database", "mongodb", name, PATH) })
}
