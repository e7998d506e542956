//! RFC 6962 vectors, and every pair of sizes up to 70 against the recursive definition.

use std::convert::Infallible;

use super::*;

/// The definition of RFC 6962 §2.1, recomputed at each call.
struct Leaves(Vec<Digest>);

impl Leaves {
    fn of(count: u64) -> Self {
        Self((0..count).map(|n| leaf_hash(&n.to_be_bytes())).collect())
    }

    fn mth(hashes: &[Digest]) -> Digest {
        match hashes {
            [] => empty_root(),
            [one] => *one,
            many => {
                let k = many.len().next_power_of_two() / 2;
                node_hash(&Self::mth(&many[..k]), &Self::mth(&many[k..]))
            }
        }
    }

    fn root(&self, size: u64) -> Digest {
        Self::mth(&self.0[..usize::try_from(size).unwrap()])
    }
}

impl Nodes for Leaves {
    type Error = Infallible;

    fn node(&mut self, node: Node) -> Result<Digest, Infallible> {
        let width = 1_usize << node.level;
        let start = usize::try_from(node.index).unwrap() * width;
        Ok(Self::mth(&self.0[start..start + width]))
    }
}

#[test]
fn rfc_6962_reference_tree_has_its_published_roots() {
    // Inputs and roots of the reference test data that Certificate Transparency implementations share.
    let inputs = [
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    ];
    let roots = [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ];
    let mut leaves = Leaves(inputs.iter().map(|i| leaf_hash(&hex::decode(i).unwrap())).collect());
    for (size, expected) in (1_u64..).zip(roots) {
        assert_eq!(root(size, &mut leaves).unwrap().to_string(), expected);
    }
}

#[test]
fn every_inclusion_up_to_70_verifies_and_nothing_else_does() {
    let mut leaves = Leaves::of(70);
    for size in 1..=70 {
        let top = leaves.root(size);
        assert_eq!(root(size, &mut leaves), Ok(top));
        for index in 0..size {
            let leaf = leaves.0[usize::try_from(index).unwrap()];
            let path = prove_inclusion(index, size, &mut leaves).unwrap();
            assert_eq!(verify_inclusion(index, size, &leaf, &path, &top), Ok(()));
            let other = (index + 1) % size;
            if other != index {
                assert!(verify_inclusion(other, size, &leaf, &path, &top).is_err());
            }
            let longer = [path.as_slice(), &[top]].concat();
            assert!(verify_inclusion(index, size, &leaf, &longer, &top).is_err());
            assert!(verify_inclusion(size, size, &leaf, &path, &top).is_err());
        }
    }
}

#[test]
fn every_consistency_up_to_70_verifies_and_no_other_root_does() {
    let mut leaves = Leaves::of(70);
    for new in 0..=70 {
        for old in 0..=new {
            let (old_root, new_root) = (leaves.root(old), leaves.root(new));
            let path = prove_consistency(old, new, &mut leaves).unwrap();
            assert_eq!(verify_consistency((old, &old_root), (new, &new_root), &path), Ok(()));
            let wrong = leaf_hash(b"wrong");
            assert!(verify_consistency((old, &wrong), (new, &new_root), &path).is_err());
            if old != 0 {
                assert!(verify_consistency((old, &old_root), (new, &wrong), &path).is_err());
            }
            let longer = [path.as_slice(), &[wrong]].concat();
            assert!(verify_consistency((old, &old_root), (new, &new_root), &longer).is_err());
        }
    }
    assert!(verify_consistency((2, &leaves.root(2)), (1, &leaves.root(1)), &[]).is_err());
}

#[test]
fn largest_sizes_do_not_overflow() {
    let zero = Digest::ZERO;
    assert!(verify_inclusion(u64::MAX - 1, u64::MAX, &zero, &[], &zero).is_err());
    assert!(verify_consistency((u64::MAX - 1, &zero), (u64::MAX, &zero), &[zero; 64]).is_err());
}
