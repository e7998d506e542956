//! `config.desired_state` of a Linux host: Puppet, Chef, Salt, Ansible (pull) and CFEngine as their last run left it, and
//! the image that an ostree or bootc host boots. It starts none of them and reads no catalog.

mod image;
mod reports;

use exhibit_plugin::kinds::config_desired_state::{DesiredState, KIND, StateManager};
use exhibit_plugin::{Entry, Job, Observation};
use jiff::Timestamp;

use crate::{
    jobs,
    look::{Found, Look},
    services, url,
};

pub(crate) const ENTRY: Entry = Entry {
    kind: KIND,
    reads: &[
        "last_run_summary.yaml of Puppet, /etc/puppetlabs/puppet/puppet.conf, /etc/puppet/puppet.conf",
        "/var/chef/backup, /etc/chef/client.rb, /var/chef/cache/last_run.json (where a handler writes it)",
        "/var/cache/salt/minion (time of the newest state), /etc/salt/minion",
        "/root/.ansible/pull, /var/lib/ansible, /var/log/ansible.log (last recap)",
        "/var/cfengine/promise_summary.log, /var/cfengine/policy_server.dat",
        "/ostree, /proc/cmdline, /etc/ostree/remotes.d/*.conf, rpm-ostree status --json",
        "timers and cron lines that call one of them",
    ],
    needs: &["CAP_DAC_READ_SEARCH for the state folders of the agents"],
    observe,
};

fn observe(job: &Job) -> Observation {
    let mut look = Look::new(job);
    let jobs = jobs::find(&mut look);
    let mut managers = Vec::new();
    for product in &PRODUCTS {
        managers.extend(manager(&mut look, &jobs, product));
    }
    let image = image::find(&mut look);
    let rows = managers.len() + usize::from(image.is_some());
    look.seen.document(DesiredState { managers, image }, rows);
    look.done()
}

/// One product: how it is recognised and where it leaves its trace.
struct Product {
    name: &'static str,
    /// Units and names of processes.
    services: &'static [(&'static str, &'static str)],
    /// Programs that timers and cron lines start.
    programs: &'static [&'static str],
    /// Files or folders of which one shows that it was set up here.
    marks: &'static [&'static str],
    /// File and setting that name the server.
    server: &'static [(&'static str, &'static str)],
    /// Files of its last run, and what reads them.
    reports: &'static [&'static str],
    read: fn(&str) -> reports::Report,
}

const PRODUCTS: [Product; 5] = [
    Product {
        name: "puppet",
        services: &[("puppet.service", "puppet")],
        programs: &["puppet"],
        marks: &["/etc/puppetlabs/puppet", "/etc/puppet/puppet.conf"],
        server: &[
            ("/etc/puppetlabs/puppet/puppet.conf", "server"),
            ("/etc/puppet/puppet.conf", "server"),
        ],
        reports: &[
            "/opt/puppetlabs/puppet/public/last_run_summary.yaml",
            "/opt/puppetlabs/puppet/cache/state/last_run_summary.yaml",
            "/var/lib/puppet/state/last_run_summary.yaml",
            "/var/cache/puppet/public/last_run_summary.yaml",
        ],
        read: reports::puppet,
    },
    Product {
        name: "chef",
        services: &[("chef-client.service", "chef-client"), ("cinc-client.service", "cinc-client")],
        programs: &["chef-client", "cinc-client", "chef-solo"],
        marks: &["/etc/chef/client.rb", "/etc/cinc/client.rb"],
        server: &[
            ("/etc/chef/client.rb", "chef_server_url"),
            ("/etc/cinc/client.rb", "chef_server_url"),
        ],
        reports: &["/var/chef/cache/last_run.json", "/var/chef/reports/run_status.json"],
        read: reports::chef,
    },
    Product {
        name: "salt",
        services: &[("salt-minion.service", "salt-minion")],
        programs: &["salt-call"],
        marks: &["/etc/salt/minion"],
        server: &[("/etc/salt/minion", "master"), ("/etc/salt/minion.d/master.conf", "master")],
        reports: &["/var/cache/salt/minion/sls.p", "/var/cache/salt/minion/highstate.cache.p"],
        read: reports::time_only,
    },
    Product {
        name: "ansible",
        services: &[],
        programs: &["ansible-pull", "ansible-playbook"],
        marks: &["/root/.ansible/pull", "/var/log/ansible.log", "/var/log/ansible-pull.log"],
        server: &[],
        reports: &["/var/log/ansible-pull.log", "/var/log/ansible.log"],
        read: reports::ansible,
    },
    Product {
        name: "cfengine",
        services: &[("cfengine3.service", "cf-execd"), ("cf-execd.service", "cf-execd")],
        programs: &["cf-agent"],
        marks: &["/var/cfengine/policy_server.dat"],
        server: &[("/var/cfengine/policy_server.dat", "")],
        reports: &["/var/cfengine/promise_summary.log"],
        read: reports::time_only,
    },
];

fn manager(look: &mut Look<'_>, jobs: &[jobs::Planned], product: &Product) -> Option<StateManager> {
    let mut services = product.services.iter();
    let service = services.find_map(|(unit, process)| services::find(look, unit, process));
    let scheduled_by = jobs::calling(jobs, product.programs);
    let mark = product.marks.iter().find(|path| look.host.exists(path));
    if service.is_none() && scheduled_by.is_empty() && mark.is_none() {
        return None;
    }
    let server =
        product.server.iter().find_map(|(path, key)| setting(&look.text(path).here()?, key));
    let mut one = StateManager {
        name: product.name.to_owned(),
        active: service.and_then(|service| service.active),
        enabled: service.and_then(|service| service.enabled),
        source: mark.map_or_else(|| product.name.to_owned(), |path| (*path).to_owned()),
        scheduled_by,
        server,
        last_run: None,
        last_result: None,
        version: None,
        changed: None,
        failed: None,
        total: None,
        no_operation: None,
    };
    for path in product.reports {
        let Found::Here(facts) = look.facts(path) else { continue };
        // The caches of Salt are pickled objects: their time alone is used.
        let is_text = !path.ends_with(".p");
        let text = if is_text { look.text(path).here() } else { Some(String::new()) };
        let Some(text) = text else { continue };
        let report = (product.read)(&text);
        let written = facts.modified.and_then(|time| Timestamp::from_second(time.as_second()).ok());
        one.last_run = report.time.or(written);
        one.last_result = report.result();
        (one.version, one.changed, one.failed) = (report.version, report.changed, report.failed);
        (one.total, one.no_operation) = (report.total, report.no_operation);
        (*path).clone_into(&mut one.source);
        break;
    }
    Some(one)
}

/// Host of `key = value`, `key: value` or `key "value"`; the whole first line for an empty key. Never with credentials.
fn setting(text: &str, key: &str) -> Option<String> {
    let value =
        text.lines().map(str::trim).filter(|line| !line.starts_with('#')).find_map(|line| {
            let rest = line.strip_prefix(key)?;
            let is_whole = key.is_empty() || rest.starts_with([' ', '\t', '=', ':']);
            is_whole
                .then(|| rest.trim_start_matches([' ', '\t', '=', ':']).trim_matches(['"', '\'']))
        })?;
    url::host(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds::testing::{body, job, outcomes, planted};

    #[test]
    fn the_last_run_of_puppet_and_ansible_is_told() {
        let root = planted(&[
            (
                "/etc/puppetlabs/puppet/puppet.conf",
                "[main]\n# server = no\nserver = puppet.example.org\n",
            ),
            (
                "/opt/puppetlabs/puppet/public/last_run_summary.yaml",
                "---\nversion:\n  config: 1763800000\n  puppet: 8.1.0\nresources:\n  changed: 2\n  failed: 1\n  total: 211\n\
                 application:\n  run_mode: agent\n  initial_environment: production\ntime:\n  total: 3.2\n  last_run: 1795340000\n\
                 events:\n  failure: 1\n  success: 2\n  total: 3\n",
            ),
            (
                "/etc/cron.d/pull",
                "*/30 * * * * root ansible-pull -U https://u:PLANTED@git.example/x\n",
            ),
            (
                "/var/log/ansible-pull.log",
                "2026-11-22 10:00:00,123 p=1 u=root | PLAY RECAP ****\n\
                 2026-11-22 10:00:00,124 p=1 u=root | localhost : ok=10 changed=0 unreachable=0 failed=0 skipped=3\n",
            ),
            ("/etc/salt/minion", "master: salt.example.org\n"),
            ("/var/cache/salt/minion/sls.p", "binary"),
        ]);
        let observation = observe(&job(root.path()));
        let body = body(KIND, &observation);
        assert_eq!(outcomes(&observation), [""; 0]);
        let list = body["managers"].as_array().unwrap();
        let names: Vec<_> = list.iter().map(|one| one["name"].as_str().unwrap()).collect();
        assert_eq!(names, ["ansible", "puppet", "salt"]);
        assert_eq!(list[0]["last_result"], "unchanged");
        assert_eq!(list[0]["scheduled_by"][0], "/etc/cron.d/pull:1");
        let puppet = &list[1];
        assert_eq!(puppet["server"], "puppet.example.org");
        assert_eq!(puppet["last_run"], "2026-11-22T09:33:20Z");
        assert_eq!((&puppet["changed"], &puppet["failed"]), (&2.into(), &1.into()));
        assert_eq!((&puppet["total"], &puppet["last_result"]), (&211.into(), &"failed".into()));
        assert_eq!(puppet["version"], "1763800000");
        assert_eq!(puppet["no_operation"], false);
        assert!(list[2]["last_run"].is_string() && list[2]["last_result"].is_null());
        assert!(!body.to_string().contains("PLANTED"));
    }

    #[test]
    fn an_image_is_told_by_what_was_booted() {
        let root = planted(&[
            (
                "/proc/cmdline",
                "root=UUID=x ostree=/ostree/boot.1/fedora-coreos/4f53cda18c2baa0c0354bb5f9a3ecbe5ed12ab4d8e11ba873c2f11161202b945/0",
            ),
            (
                "/etc/ostree/remotes.d/fedora.conf",
                "[remote \"fedora\"]\nurl=https://x\ngpg-verify=true\n",
            ),
            ("/ostree/repo/config", "[core]\nmode=bare\n"),
        ]);
        let body = body(KIND, &observe(&job(root.path())));
        assert_eq!(body["image"]["mechanism"], "ostree");
        assert_eq!(body["image"]["reference"], "fedora-coreos");
        assert_eq!(body["image"]["signed"], true);
        assert_eq!(body["managers"], serde_json::json!([]));
    }
}
