use super::*;

fn admitted(seq: u64, prev: Digest) -> Admitted {
    Admitted {
        entry_type: EntryType::Evidence,
        key: Digest::of(b"key"),
        link: Link { epoch: 1, seq, prev },
        begins: Digest::ZERO,
        replaced: None,
        brings: None,
        digest: Digest::of(b"envelope"),
        documents: Vec::new(),
        seen: None,
        run: None,
    }
}

#[test]
fn chain_accepts_next_and_gap_and_refuses_another_past() {
    let before = Digest::of(b"before");
    assert_eq!(chain(&admitted(1, Digest::ZERO), None, None), Ok(None));
    assert!(chain(&admitted(1, before), None, None).is_err());
    assert_eq!(chain(&admitted(2, before), None, Some(before)), Ok(None));
    let other = chain(&admitted(2, before), None, Some(Digest::of(b"other")));
    let other = other.unwrap_err();
    assert_eq!(other.kind, RefusalKind::Invalid);
    let against = other.against.unwrap();
    assert_eq!((against.over, against.held), (Over::Predecessor, Digest::of(b"other")));
    assert_eq!(chain(&admitted(9, before), None, None), Ok(None));
}

#[test]
fn a_taken_place_answers_its_own_envelope_and_refuses_another() {
    let own = admitted(1, Digest::ZERO);
    assert_eq!(chain(&own, Some((7, own.digest)), None), Ok(Some(7)));
    let other = chain(&own, Some((7, Digest::of(b"x"))), None).unwrap_err();
    assert_eq!(other.kind, RefusalKind::Conflict);
    assert!(other.reason.contains("sequence number 1"));
    assert_eq!(other.against.map(|against| against.over), Some(Over::Number));
}

#[test]
fn a_replaced_key_gets_its_old_receipts_and_nothing_new() {
    let late = Admitted { replaced: Some(40), ..admitted(1, Digest::ZERO) };
    assert_eq!(chain(&late, Some((7, late.digest)), None), Ok(Some(7)));
    for own in [None, Some((7, Digest::of(b"x")))] {
        let refused = chain(&late, own, None).unwrap_err();
        assert_eq!(refused.kind, RefusalKind::Forbidden);
        assert!(refused.reason.contains("entry 40"));
    }
}

#[test]
fn the_first_statement_of_an_epoch_follows_the_rotation() {
    let rotation = Digest::of(b"rotation");
    let begins = |prev| Admitted { begins: rotation, ..admitted(1, prev) };
    assert_eq!(chain(&begins(rotation), None, None), Ok(None));
    assert!(chain(&begins(Digest::ZERO), None, None).is_err());
}
