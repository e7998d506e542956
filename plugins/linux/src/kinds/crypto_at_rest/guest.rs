//! Decides whether this host is a virtual machine, whose disks may be encrypted below it; it asks no provider.

use crate::look::Look;

/// Makers of virtual hardware as `sys_vendor` or `product_name` name them.
const VIRTUAL: [&str; 12] = [
    "QEMU",
    "KVM",
    "VMware",
    "VirtualBox",
    "innotek",
    "Xen",
    "Amazon EC2",
    "Google Compute Engine",
    "Virtual Machine",
    "OpenStack",
    "DigitalOcean",
    "Bochs",
];

/// True when anything says so. Bare-metal instances of clouds count as machines of their own.
pub(crate) fn is_guest(look: &mut Look<'_>) -> bool {
    let cpu = look.text("/proc/cpuinfo").here().unwrap_or_default();
    let flagged = cpu
        .lines()
        .find(|line| line.starts_with("flags"))
        .is_some_and(|line| line.split_ascii_whitespace().any(|flag| flag == "hypervisor"));
    if flagged || look.host.exists("/sys/hypervisor/type") {
        return true;
    }
    ["sys_vendor", "product_name"].into_iter().any(|name| {
        let text = look.text(&format!("/sys/class/dmi/id/{name}")).here().unwrap_or_default();
        !text.contains(".metal") && VIRTUAL.iter().any(|maker| text.contains(maker))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds::testing;

    fn guest(files: &[(&str, &str)]) -> bool {
        let root = testing::planted(files);
        is_guest(&mut Look::new(&testing::job(root.path())))
    }

    #[test]
    fn any_sign_of_a_hypervisor_is_enough() {
        assert!(guest(&[("/proc/cpuinfo", "flags\t\t: fpu hypervisor\n")]));
        assert!(guest(&[("/sys/class/dmi/id/sys_vendor", "QEMU\n")]));
        assert!(guest(&[("/sys/hypervisor/type", "xen\n")]));
    }

    #[test]
    fn real_hardware_is_none() {
        assert!(!guest(&[
            ("/proc/cpuinfo", "flags : fpu\n"),
            ("/sys/class/dmi/id/sys_vendor", "LENOVO\n")
        ]));
        assert!(!guest(&[]));
    }
}
