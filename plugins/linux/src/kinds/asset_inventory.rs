//! `asset.inventory` of a Linux host: one asset, the host itself. It asks nobody else about it.

pub(crate) mod hardware;

use std::collections::BTreeMap;

use exhibit_plugin::{
    Entry, Job, Observation,
    kinds::asset_inventory::{Asset, AssetInventory, KIND},
};

use crate::{debian, look::Look, os_release::OsRelease};

pub(crate) const ENTRY: Entry = Entry {
    kind: KIND,
    reads: &[
        "/etc/machine-id",
        "/etc/hostname",
        "/etc/os-release",
        "uname(2)",
        "/sys/class/dmi/id/*",
        "/proc/cpuinfo",
        "/proc/meminfo",
        "/sys/block/*",
        "/sys/class/net/*",
        "ip -j address show",
        "/var/lib/dpkg/status (for roles)",
    ],
    needs: &["root: the serial number of the machine"],
    observe,
};

/// Packages that give a host a role when they are installed.
const ROLES: [(&str, &[&str]); 10] = [
    ("certificate_authority", &["step-ca", "easy-rsa"]),
    (
        "container_host",
        &["docker.io", "docker-ce", "containerd", "containerd.io", "podman", "lxd", "incus"],
    ),
    (
        "database",
        &[
            "postgresql",
            "mariadb-server",
            "mysql-server",
            "mongodb-org-server",
            "redis-server",
            "valkey-server",
        ],
    ),
    ("directory", &["slapd", "samba-ad-dc", "freeipa-server"]),
    ("file_server", &["nfs-kernel-server", "samba", "vsftpd", "proftpd-core"]),
    ("kubernetes_node", &["kubelet", "k3s", "microk8s"]),
    ("mail_server", &["postfix", "exim4-daemon-light", "exim4-daemon-heavy", "dovecot-core"]),
    ("name_server", &["bind9", "unbound", "knot", "pdns-server", "dnsmasq"]),
    ("virtualisation_host", &["libvirt-daemon-system", "proxmox-ve", "xen-system-amd64"]),
    (
        "web_server",
        &[
            "nginx",
            "nginx-core",
            "nginx-full",
            "nginx-light",
            "apache2",
            "caddy",
            "lighttpd",
            "haproxy",
        ],
    ),
];

/// The namespace the kernel starts with (`PROC_PID_INIT_INO` of linux/proc_ns.h).
const FIRST_PID_NAMESPACE: &str = "pid:[4026531836]";

fn observe(job: &Job) -> Observation {
    let mut look = Look::new(job);
    let os = OsRelease::read(&mut look);
    let host_name = look.text("/etc/hostname").here().map(|text| text.trim().to_owned());
    let (mut kernel, mut architecture, mut name) = (None, None, host_name.unwrap_or_default());
    if look.host.is_live() {
        look.seen.method("uname(2)");
        let uname = rustix::system::uname();
        kernel = Some(uname.release().to_string_lossy().into_owned());
        architecture = Some(uname.machine().to_string_lossy().into_owned());
        // The name in force counts, the file is for the next start.
        name = uname.nodename().to_string_lossy().into_owned();
    }
    let machine_id = look.text("/etc/machine-id").here().map(|text| text.trim().to_owned());
    let machine_id = machine_id.filter(|id| !id.is_empty() && id != "uninitialized");
    let (cpus, cpu_model) = hardware::processors(&mut look);
    let virtualisation = virtualisation(&mut look);
    let kind = match virtualisation.as_deref() {
        Some("docker" | "podman" | "lxc" | "systemd-nspawn" | "container") => "container",
        Some("none") | None => "host",
        Some(_) => "virtual_machine",
    };
    let asset = Asset {
        // A host without a machine id is known by its target alone.
        id: machine_id.unwrap_or_else(|| job.target.clone()),
        name,
        kind: kind.to_owned(),
        vendor: hardware::dmi(&mut look, "sys_vendor"),
        model: hardware::dmi(&mut look, "product_name"),
        serial: hardware::dmi(&mut look, "product_serial"),
        os: os.get("PRETTY_NAME").or_else(|| os.get("NAME")),
        kernel,
        architecture,
        virtualisation,
        cpus,
        cpu_model,
        memory_bytes: hardware::memory(&mut look),
        disks: hardware::disks(&mut look),
        interfaces: hardware::interfaces(&mut look),
        roles: roles(&mut look),
        location: None,
        labels: BTreeMap::new(),
    };
    look.seen.document(AssetInventory { assets: vec![asset] }, 1);
    look.done()
}

/// What the host runs in: a container by its marks, else a guest by its firmware, else unknown.
fn virtualisation(look: &mut Look<'_>) -> Option<String> {
    // An image made for containers keeps their marks when it is started as a machine.
    let machine = look.host.link("/proc/self/ns/pid").as_deref() == Some(FIRST_PID_NAMESPACE);
    if !machine && let Some(engine) = container(look) {
        return Some(engine);
    }
    let release = look.text("/proc/sys/kernel/osrelease").here().unwrap_or_default();
    if release.to_ascii_lowercase().contains("microsoft") {
        return Some("wsl".to_owned());
    }
    let vendor = hardware::dmi(look, "sys_vendor").unwrap_or_default();
    let product = hardware::dmi(look, "product_name").unwrap_or_default();
    let known = [
        ("KVM", "kvm"),
        ("QEMU", "kvm"),
        ("VMware", "vmware"),
        ("VirtualBox", "virtualbox"),
        ("Xen", "xen"),
        ("Amazon EC2", "amazon"),
        ("Google Compute Engine", "google"),
        ("DigitalOcean", "kvm"),
        ("Hetzner", "kvm"),
        ("OpenStack", "kvm"),
    ];
    let both = format!("{vendor} {product}");
    if let Some((_, name)) = known.iter().find(|(mark, _)| both.contains(mark)) {
        return Some((*name).to_owned());
    }
    if vendor == "Microsoft Corporation" && product == "Virtual Machine" {
        return Some("hyper-v".to_owned());
    }
    let flags = look.text("/proc/cpuinfo").here().unwrap_or_default();
    let guest = flags.lines().any(|line| {
        line.starts_with("flags") && line.split_whitespace().any(|flag| flag == "hypervisor")
    });
    if guest {
        return Some("unknown_hypervisor".to_owned());
    }
    // Without firmware tables nothing speaks against a guest.
    (!vendor.is_empty()).then(|| "none".to_owned())
}

fn container(look: &mut Look<'_>) -> Option<String> {
    if look.host.exists("/.dockerenv") {
        return Some("docker".to_owned());
    }
    if look.host.exists("/run/.containerenv") {
        return Some("podman".to_owned());
    }
    let text = look.text("/run/systemd/container").here()?;
    Some(text.trim().to_owned()).filter(|text| !text.is_empty())
}

fn roles(look: &mut Look<'_>) -> Vec<String> {
    let Some(text) = look.text(debian::STATUS).here() else { return Vec::new() };
    let database = debian::Database::parse(&text);
    let found = ROLES.iter().filter(|(_, packages)| packages.iter().any(|name| database.has(name)));
    found.map(|(role, _)| (*role).to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds::testing::{body, job, outcomes, planted};

    #[test]
    fn a_planted_host_is_one_asset_with_its_roles() {
        let root = planted(&[
            ("/etc/machine-id", "4c4c4544003957108052b4c04f384833\n"),
            ("/etc/hostname", "web1\n"),
            ("/etc/os-release", "PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\n"),
            ("/sys/class/dmi/id/sys_vendor", "QEMU\n"),
            ("/proc/cpuinfo", "processor : 0\n"),
            (
                debian::STATUS,
                "Package: nginx\nStatus: install ok installed\nVersion: 1\n\nPackage: postfix\n\
                 Status: deinstall ok config-files\nVersion: 1\n",
            ),
        ]);
        let observation = observe(&job(root.path()));
        let body = body(KIND, &observation);
        let asset = &body["assets"][0];
        assert_eq!(asset["id"], "4c4c4544003957108052b4c04f384833");
        assert_eq!((&asset["name"], &asset["type"]), (&"web1".into(), &"virtual_machine".into()));
        assert_eq!(asset["virtualisation"], "kvm");
        assert_eq!(asset["roles"], serde_json::json!(["web_server"]));
        assert_eq!(asset["kernel"], serde_json::Value::Null);
        assert_eq!(outcomes(&observation), [""; 0]);
    }

    #[test]
    fn an_empty_tree_is_an_asset_of_which_little_is_known() {
        let body = body(KIND, &observe(&job(planted(&[]).path())));
        assert_eq!(body["assets"][0]["id"], "host:test");
        assert_eq!(body["assets"][0]["virtualisation"], serde_json::Value::Null);
    }

    #[test]
    fn this_machine_is_described_twice_in_the_same_words() {
        assert_eq!(body(KIND, &observe(&job("/"))), body(KIND, &observe(&job("/"))));
    }
}
