//! Reads the two extended attributes that widen rights: access lists (acl(5)) and file capabilities (capabilities(7)).
//! Pure; a value it does not understand stays visible as such.

use exhibit_plugin::kinds::access_resource_permissions::Grant;
use exhibit_plugin::plugin::CAPABILITIES;

/// Name of the access list.
pub(super) const ACL: &str = "system.posix_acl_access";
/// Name of the capabilities.
pub(super) const CAPABILITY: &str = "security.capability";

/// `cap_net_raw=ep`; groups of equal flags are separated by a space.
pub(super) fn capabilities(value: &[u8]) -> String {
    read_capabilities(value).unwrap_or_else(|| "not understood".to_owned())
}

fn read_capabilities(value: &[u8]) -> Option<String> {
    let word = |index: usize| {
        let bytes = value.get(index * 4..index * 4 + 4)?;
        Some(u32::from_le_bytes(bytes.try_into().ok()?))
    };
    let magic = word(0)?;
    // Version 1 has 32 capabilities, version 3 names the user namespace besides.
    let (low, high) = match (magic >> 24, value.len()) {
        (1, 12) => ((word(1)?, word(2)?), (0, 0)),
        (2, 20) | (3, 24) => ((word(1)?, word(2)?), (word(3)?, word(4)?)),
        _ => return None,
    };
    let permitted = u64::from(low.0) | u64::from(high.0) << 32;
    let inheritable = u64::from(low.1) | u64::from(high.1) << 32;
    let effective = magic & 1 == 1;
    let mut groups: Vec<(String, Vec<String>)> = Vec::new();
    for number in 0..64_usize {
        let bit = 1_u64 << number;
        let mut flags = String::new();
        if effective && permitted & bit != 0 {
            flags.push('e');
        }
        if inheritable & bit != 0 {
            flags.push('i');
        }
        if permitted & bit != 0 {
            flags.push('p');
        }
        if flags.is_empty() {
            continue;
        }
        let name = CAPABILITIES
            .get(number)
            .map_or_else(|| format!("cap_{number}"), |name| format!("cap_{name}"));
        match groups.iter_mut().find(|(known, _)| *known == flags) {
            Some((_, names)) => names.push(name),
            None => groups.push((flags, vec![name])),
        }
    }
    let words: Vec<String> =
        groups.into_iter().map(|(flags, names)| format!("{}={flags}", names.join(","))).collect();
    Some(words.join(" "))
}

/// The named entries of an access list; none when it is not understood. `user` and `group` name an id.
pub(super) fn access_list(
    value: &[u8],
    user: &dyn Fn(u32) -> String,
    group: &dyn Fn(u32) -> String,
) -> Option<Vec<Grant>> {
    let (version, entries) = value.split_first_chunk::<4>()?;
    if u32::from_le_bytes(*version) != 2 || !entries.len().is_multiple_of(8) {
        return None;
    }
    let fields: Vec<(u16, u16, u32)> = entries
        .chunks_exact(8)
        .filter_map(|entry| {
            let short =
                |at: usize| Some(u16::from_le_bytes(entry.get(at..at + 2)?.try_into().ok()?));
            Some((short(0)?, short(2)?, u32::from_le_bytes(entry.get(4..8)?.try_into().ok()?)))
        })
        .collect();
    // The mask bounds every named entry.
    let mask = fields.iter().find(|(tag, ..)| *tag == 0x10).map_or(7, |(_, rights, _)| *rights);
    let grants = fields.iter().filter_map(|(tag, rights, id)| {
        let principal = match tag {
            0x02 => format!("user:{}", user(*id)),
            0x08 => format!("group:{}", group(*id)),
            _ => return None,
        };
        let words = [(4, "read"), (2, "write"), (1, "execute")];
        let rights = words
            .into_iter()
            .filter(|(bit, _)| rights & mask & bit != 0)
            .map(|(_, word)| word.to_owned())
            .collect();
        Some(Grant { principal, rights })
    });
    Some(grants.collect())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn capabilities_are_named_as_getcap_names_them() {
        let mut value = 0x0200_0001_u32.to_le_bytes().to_vec();
        for word in [1_u32 << 13 | 1 << 10, 0, 0, 0] {
            value.extend(word.to_le_bytes());
        }
        assert_eq!(capabilities(&value), "cap_net_bind_service,cap_net_raw=ep");
        value[4..8].copy_from_slice(&0_u32.to_le_bytes());
        value[12..16].copy_from_slice(&(1_u32 << 7).to_le_bytes());
        assert_eq!(capabilities(&value), "cap_bpf=ep");
        assert_eq!(capabilities(b"short"), "not understood");
    }

    #[test]
    fn named_entries_are_bounded_by_the_mask() {
        let mut value = 2_u32.to_le_bytes().to_vec();
        let entries = [(1, 6, u32::MAX), (2, 7, 1000), (8, 4, 4), (0x10, 5, 0), (0x20, 0, 0)];
        for (tag, rights, id) in entries {
            value.extend(u16::to_le_bytes(tag));
            value.extend(u16::to_le_bytes(rights));
            value.extend(u32::to_le_bytes(id));
        }
        let name = |id: u32| id.to_string();
        let grants = access_list(&value, &name, &name).unwrap();
        assert_eq!(grants[0].principal, "user:1000");
        assert_eq!(grants[0].rights, ["read", "execute"]);
        assert_eq!(grants[1].principal, "group:4");
        assert_eq!(grants.len(), 2);
        assert_eq!(access_list(&value[..6], &name, &name), None);
    }

    proptest! {
        #[test]
        fn any_bytes_are_answered(value in prop::collection::vec(any::<u8>(), 0..64)) {
            let name = |id: u32| id.to_string();
            drop(access_list(&value, &name, &name));
            prop_assert!(!capabilities(&value).contains('\n'));
        }
    }
}
