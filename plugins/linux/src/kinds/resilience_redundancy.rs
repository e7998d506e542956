//! `resilience.redundancy` of a Linux host: software RAID, LVM, ZFS, btrfs, multipath, bonded links, failover
//! addresses, clusters and replication of databases as configured.
//!
//! It starts no check, asks no other member, and opens no file of passwords.

mod services_settings;
mod storage;
mod volumes;

use std::collections::BTreeMap;

use exhibit_plugin::{
    Entry, Job, Observation, OutcomeKind,
    kinds::resilience_redundancy::{Group, KIND, Redundancy},
};

use crate::look::Look;

pub(crate) const ENTRY: Entry = Entry {
    kind: KIND,
    reads: &[
        "/proc/mdstat, /proc/net/bonding/*",
        "/sys/fs/btrfs/*, /sys/block/dm-*: multipath",
        "/etc/lvm/backup/*: segments of logical volumes",
        "zpool status -P",
        "/etc/keepalived/keepalived.conf, /etc/corosync/corosync.conf: without passwords and keys",
        "settings of PostgreSQL, MySQL and MariaDB, MongoDB, Redis: replication only",
    ],
    needs: &["CAP_DAC_READ_SEARCH: /etc/lvm/backup, /etc/keepalived and settings of databases"],
    observe,
};

fn observe(job: &Job) -> Observation {
    let mut look = Look::new(job);
    if !look.host.is_live() {
        look.seen.outcome(
            OutcomeKind::NotApplicable,
            format!(
                "arrays, pools, paths and links belong to a running host, and {} is only a file tree",
                job.root.display()
            ),
            "observe the running host with root '/'; what files say was still observed",
        );
    }
    let mut groups = storage::md(&mut look);
    groups.extend(storage::btrfs(&mut look));
    groups.extend(storage::multipath(&mut look));
    groups.extend(storage::bonds(&mut look));
    groups.extend(volumes::lvm(&mut look));
    groups.extend(volumes::zfs(&mut look));
    groups.extend(services_settings::all(&mut look));
    let rows = groups.len();
    look.seen.document(Redundancy { groups }, rows);
    look.done()
}

fn group(kind: &str, technology: &str, name: &str, source: &str) -> Group {
    Group {
        id: format!("{technology}:{name}"),
        kind: kind.to_owned(),
        technology: technology.to_owned(),
        mode: None,
        members: None,
        healthy: None,
        tolerates: None,
        state: "unknown".to_owned(),
        settings: BTreeMap::new(),
        source: source.to_owned(),
    }
}

fn number(count: usize) -> Option<u32> {
    u32::try_from(count).ok()
}

/// State by numbers alone.
fn state(members: Option<u32>, healthy: Option<u32>) -> &'static str {
    match (members, healthy) {
        (Some(_), Some(0)) => "failed",
        (Some(members), Some(healthy)) if healthy < members => "degraded",
        (Some(_), Some(_)) => "healthy",
        (None, _) | (_, None) => "unknown",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::kinds::testing::{body, job, planted};

    fn row<'a>(body: &'a Value, id: &str) -> &'a Value {
        let rows = body["groups"].as_array().unwrap();
        rows.iter().find(|row| row["id"] == id).unwrap_or(&Value::Null)
    }

    fn numbers(row: &Value) -> (Value, Value, Value, Value, Value) {
        let get = |name: &str| row[name].clone();
        (get("mode"), get("members"), get("healthy"), get("tolerates"), get("state"))
    }

    fn whole() -> tempfile::TempDir {
        planted(&[
            (
                "/proc/mdstat",
                "Personalities : [raid1] [raid6]\nmd0 : active raid1 sdb1[1](F) sda1[0]\n      1046528 blocks super 1.2 [2/1] [U_]\n\n\
                 md1 : active raid6 sde[3] sdd[2] sdc[1] sdb[0]\n      2093056 blocks super 1.2 level 6, 512k chunk [4/4] [UUUU]\n      [=>....]  resync =  9.1% (1/2) finish=1min speed=1K/sec\n\n\
                 md2 : active raid0 sdx[0] sdy[1]\n      100 blocks\n\nmd3 : inactive sdq[0](S)\n      5 blocks\nunused devices: <none>\n",
            ),
            ("/sys/fs/btrfs/0f-1/allocation/data/raid1/total_bytes", "1\n"),
            ("/sys/fs/btrfs/0f-1/allocation/metadata/dup/total_bytes", "1\n"),
            ("/sys/fs/btrfs/0f-1/devices/sda/x", ""),
            ("/sys/fs/btrfs/0f-1/devinfo/1/missing", "0\n"),
            ("/sys/fs/btrfs/0f-1/devinfo/2/missing", "1\n"),
            ("/sys/block/dm-3/dm/uuid", "mpath-3600a\n"),
            ("/sys/block/dm-3/dm/name", "mpatha\n"),
            ("/sys/block/dm-3/slaves/sdf/x", ""),
            ("/sys/block/dm-3/slaves/sdg/x", ""),
            ("/sys/block/sdf/device/state", "running\n"),
            ("/sys/block/sdg/device/state", "offline\n"),
            (
                "/proc/net/bonding/bond0",
                "Bonding Mode: IEEE 802.3ad Dynamic link aggregation\nMII Status: up\n\nSlave Interface: eth0\nMII Status: up\nPermanent HW addr: 00:11\n\nSlave Interface: eth1\nMII Status: down\n",
            ),
            (
                "/etc/lvm/backup/vg0",
                "vg0 {\n\tid = \"x\"\n\tlogical_volumes {\n\t\tdata {\n\t\t\tstatus = [\"VISIBLE\"]\n\t\t\tsegment_count = 1\n\t\t\tsegment1 {\n\t\t\t\ttype = \"raid5\"\n\t\t\t\tdevice_count = 3\n\t\t\t}\n\t\t}\n\t\tplain {\n\t\t\tsegment1 {\n\t\t\t\ttype = \"striped\"\n\t\t\t\tstripe_count = 1\n\t\t\t}\n\t\t}\n\t}\n}\n",
            ),
            (
                "/etc/keepalived/keepalived.conf",
                "vrrp_instance WEB {\n  state BACKUP\n  priority 90\n  nopreempt\n  authentication {\n    auth_type PASS\n    auth_pass SECRET1\n  }\n  virtual_ipaddress {\n    192.0.2.9/24\n    192.0.2.10/24\n  }\n}\nvirtual_server 192.0.2.9 80 {\n  state OTHER\n  priority 1\n}\n",
            ),
            (
                "/etc/corosync/corosync.conf",
                "totem {\n  cluster_name: prod\n  crypto_cipher: aes256\n}\nquorum {\n  two_node: 1\n}\nnodelist {\n  node {\n    name: a\n  }\n  node {\n    name: b\n  }\n}\n",
            ),
            (
                "/etc/postgresql/15/main/postgresql.conf",
                "synchronous_standby_names = 'FIRST 1 (s1, s2)' # c\nprimary_conninfo = 'host=a password=SECRET2'\nwal_level = replica\n",
            ),
            ("/var/lib/postgresql/15/main/standby.signal", ""),
            ("/etc/postgresql/16/old/postgresql.conf", "primary_conninfo = 'host=b'\n"),
            ("/var/lib/postgresql/16/old/PG_VERSION", "16\n"),
            (
                "/etc/mysql/my.cnf",
                "[client]\npassword=SECRET3\n[mysqld]\nserver-id = 1\nlog_bin = x\nwsrep_on=ON\nwsrep_cluster_address=gcomm://a,b,c\nwsrep_sst_auth=u:SECRET4\n",
            ),
            ("/etc/redis/redis.conf", "replicaof 10.0.0.1 6379\nmasterauth SECRET5\n"),
            (
                "/etc/mongod.conf",
                "replication:\n  replSetName: rs0\nsecurity:\n  keyFile: /SECRET6\n",
            ),
        ])
    }

    #[test]
    fn every_kind_of_redundancy_is_told_with_its_state_and_no_secret() {
        let root = whole();
        let seen = body(KIND, &observe(&job(root.path())));
        assert!(!seen.to_string().contains("SECRET"), "{seen}");
        assert_eq!(
            numbers(row(&seen, "md:md0")),
            (json!("raid1"), json!(2), json!(1), json!(1), json!("degraded"))
        );
        assert_eq!(
            numbers(row(&seen, "md:md1")),
            (json!("raid6"), json!(4), json!(4), json!(2), json!("rebuilding"))
        );
        assert_eq!(
            numbers(row(&seen, "md:md2")),
            (json!("raid0"), json!(2), Value::Null, json!(0), json!("unknown"))
        );
        assert_eq!(row(&seen, "md:md3")["state"], "failed");
        assert_eq!(
            numbers(row(&seen, "btrfs:0f-1")),
            (json!("raid1"), json!(2), json!(1), json!(0), json!("degraded"))
        );
        assert_eq!(row(&seen, "btrfs:0f-1")["settings"]["metadata"], "dup");
        assert_eq!(
            numbers(row(&seen, "multipath:mpatha")),
            (Value::Null, json!(2), json!(1), json!(1), json!("degraded"))
        );
        assert_eq!(numbers(row(&seen, "bond:bond0")).4, "degraded");
        assert_eq!(
            numbers(row(&seen, "lvm:vg0/data")),
            (json!("raid5"), json!(3), Value::Null, json!(1), json!("configured"))
        );
        assert_eq!(row(&seen, "lvm:vg0/plain"), &Value::Null);
        let vrrp = row(&seen, "keepalived:WEB");
        assert_eq!(
            (&vrrp["mode"], &vrrp["settings"]),
            (
                &json!("BACKUP"),
                &json!({"addresses": "2", "auth_pass": "set", "auth_type": "PASS", "nopreempt": "yes", "priority": "90"})
            )
        );
        let cluster = row(&seen, "corosync:prod");
        assert_eq!(
            (&cluster["members"], &cluster["settings"]["two_node"]),
            (&json!(2), &json!("1"))
        );
        let postgres = row(&seen, "postgresql:15/main");
        assert_eq!(
            (&postgres["mode"], &postgres["settings"]["primary_conninfo"]),
            (&json!("standby"), &json!("set"))
        );
        assert_eq!(
            (&row(&seen, "mysql:mysqld")["mode"], &row(&seen, "mysql:mysqld")["members"]),
            (&json!("galera"), &json!(3))
        );
        // A promoted server keeps its line to the old primary.
        assert_eq!(row(&seen, "postgresql:16/old")["mode"], "primary");
        assert_eq!(row(&seen, "redis:redis")["mode"], "replica");
        assert_eq!(row(&seen, "mongodb:rs0")["state"], "configured");
    }

    #[test]
    fn a_host_without_any_has_an_empty_list() {
        assert_eq!(body(KIND, &observe(&job(planted(&[]).path())))["groups"], json!([]));
    }

    #[test]
    fn pools_are_read_vdev_by_vdev() {
        let text = "  pool: tank\n state: DEGRADED\nconfig:\n\n\tNAME        STATE     READ WRITE CKSUM\n\ttank        DEGRADED     0     0     0\n\t  mirror-0  DEGRADED     0     0     0\n\t    /dev/sda  ONLINE       0     0     0\n\t    /dev/sdb  UNAVAIL      0     0     0\n\t  /dev/sdc  ONLINE       0     0     0\n\tlogs\n\t  /dev/sdd  ONLINE       0     0     0\n\nerrors: No known data errors\n";
        let groups = volumes::pools(text);
        let tank = &groups[0];
        assert_eq!((tank.id.as_str(), tank.mode.as_deref()), ("zfs:tank", Some("mirror disk")));
        assert_eq!((tank.members, tank.healthy, tank.tolerates), (Some(3), Some(2), Some(0)));
        assert_eq!(tank.state, "degraded");
    }
}
