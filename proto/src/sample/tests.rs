use super::*;
use crate::leaf::EntryType;

const ORIGIN: &str = "log.example/1";
const ENTRY: u64 = 41;

/// Ten accounts of two hosts.
fn accounts() -> String {
    let line = |at: usize| {
        let host = if at.is_multiple_of(3) { "b" } else { "a" };
        format!(r#"{{"item":{{"name":"u{at}"}},"row":{at},"target":"host:{host}"}}"#)
    };
    list((0..10).map(line).collect())
}

fn frozen(size: Size, each_target: bool) -> Population {
    let text = accounts();
    let source = Source {
        entries: 40,
        kind: Some("identity.accounts".parse().unwrap()),
        rows: Some("/accounts".into()),
        fields: vec!["name".into()],
        targets: "all".into(),
        selected: 2,
        without: 0,
    };
    Population {
        title: "All accounts".into(),
        audit: None,
        source,
        digest: Digest::of(text.as_bytes()),
        items: 10,
        draw: Plan::new(size, each_target),
        sealed: None,
    }
}

fn leaf_of() -> Digest {
    let (env, key) = (Digest::of(b"e"), Digest::of(b"k"));
    let rx = "2026-11-22T10:00:00.000Z".to_owned();
    leaf(&Leaf { v: 1, t: EntryType::Decision, env, key, link: None, rx })
}

fn draw_of(population: &Population, number: &str) -> (Drawn, Vec<u64>) {
    let drawn = population.drawn((ORIGIN, ENTRY, leaf_of()), accounts().as_bytes(), number);
    let (drawn, text) = drawn.unwrap();
    let row = |line: &str| {
        let value: serde_json::Value = serde_json::from_str(line).unwrap();
        value["row"].as_u64().unwrap()
    };
    (drawn, text.lines().map(row).collect())
}

/// Made with Python's hashlib out of the words of this room's description.
#[test]
fn another_implementation_draws_the_same() {
    let (drawn, rows) = draw_of(&frozen(Size::Items(4), false), "1729");
    let leaf = "011987d9f0bb3a36554c1768572477ccf1f643084214644217ff1f0c3ba7e829";
    assert_eq!(drawn.leaf.to_string(), leaf);
    let seed = "e8f7021d34ffa32766468e99c712dfd2ad496ef023197cab00d43ca2f44d3d77";
    assert_eq!(drawn.seed.to_string(), seed);
    assert_eq!(rows, [8, 9, 4, 0]);
    let digest = "0cfd5c24bbe25aaf50bf15213a86ae65def104593f039a40d824db421b61f337";
    assert_eq!((drawn.digest.to_string().as_str(), drawn.items), (digest, 4));
    let (drawn, rows) = draw_of(&frozen(Size::Percent(30), true), "1730");
    assert_eq!(rows, [8, 5, 9, 6], "two of six, then two of four");
    let digest = "f05c43de21c8354d5757269f6dc0a508bf06590b20f5750106dc8cb8ac10ad3e";
    assert_eq!(drawn.digest.to_string(), digest);
}

#[test]
fn every_line_is_as_likely_as_any_other_and_a_larger_sample_begins_with_the_smaller() {
    let text = accounts();
    let all = lines(text.as_bytes()).unwrap();
    let (mut often, draws) = (vec![0_u32; all.len()], 4000);
    for number in 0..draws {
        let seed = seed(ORIGIN, ENTRY, &leaf_of(), &number.to_string());
        let small = draw(&seed, &all, &Plan::new(Size::Items(3), false)).unwrap();
        let large = draw(&seed, &all, &Plan::new(Size::Percent(50), false)).unwrap();
        assert_eq!((small.len(), large.len()), (3, 5));
        assert_eq!(small, large[..3]);
        for line in small {
            often[all.iter().position(|other| *other == line).unwrap()] += 1;
        }
    }
    // 1200 each is expected, with a deviation of 29; six of them are beyond all chance, and the draws never change.
    assert!(often.iter().all(|times| times.abs_diff(1200) < 174), "{often:?}");
}

#[test]
fn a_number_list_seal_or_claim_that_differs_is_told() {
    let (drawn, _) = draw_of(&frozen(Size::Items(4), false), "1729");
    let (other, _) = draw_of(&frozen(Size::Items(4), false), "1730");
    assert_eq!(drawn.is(&drawn.clone()), Ok(()));
    assert!(drawn.is(&other).unwrap_err().to_string().starts_with("the number is 1729, and 1730"));
    let at = (ORIGIN, ENTRY, leaf_of());
    let mut population = frozen(Size::Items(4), false);
    population.sealed = Some(Digest::of(b"1729"));
    assert!(population.drawn(at, accounts().as_bytes(), "1729").is_ok());
    let wrong = population.drawn(at, accounts().as_bytes(), "1730").unwrap_err();
    assert!(matches!(wrong, SampleError::Seal { .. }), "{wrong}");
    let shorter = accounts().replacen("u1", "x1", 1);
    let wrong = population.drawn(at, shorter.as_bytes(), "1729").unwrap_err();
    assert!(wrong.to_string().starts_with("the digest of the list"), "{wrong}");
    population.items = 11;
    assert!(population.drawn(at, accounts().as_bytes(), "1729").is_err());
    for bad in ["", " 1", "1\n2", &"1".repeat(201)] {
        assert!(matches!(number(bad, None), Err(SampleError::Number(_))), "{bad:?}");
    }
}

#[test]
fn lists_have_one_spelling() {
    let text = accounts();
    assert_eq!(lines(text.as_bytes()).unwrap().len(), 10);
    let again = list(text.lines().rev().chain(text.lines()).map(str::to_owned).collect());
    assert_eq!(again, text);
    let first = text.lines().next().unwrap();
    for (bad, error) in [
        (String::new(), SampleError::Empty),
        (first.to_owned(), SampleError::Unended(1)),
        (format!("{first}\n{first}\n"), SampleError::Order(2)),
        (format!("{first}\n{{}}\n"), SampleError::Line(2)),
        ("[\"host:a\"]\n".to_owned(), SampleError::Line(1)),
        ("{\"target\":\"a\",\"target\":\"b\"}\n".to_owned(), SampleError::Line(1)),
    ] {
        assert_eq!(lines(bad.as_bytes()), Err(error), "{bad}");
    }
    assert_eq!(lines(b"\xff\n"), Err(SampleError::Utf8));
}

#[test]
fn plans_that_draw_nothing_or_otherwise_are_refused() {
    for (size, all, drawn) in [
        (Size::Items(25), 10, 10),
        (Size::Items(25), 1000, 25),
        (Size::Percent(10), 11, 2),
        (Size::Percent(100), 11, 11),
        (Size::Percent(1), 1, 1),
    ] {
        let plan = Plan::new(size, false);
        assert_eq!((plan.check(), plan.of(all)), (Ok(()), drawn), "{plan}");
    }
    for size in [Size::Items(0), Size::Percent(0), Size::Percent(101)] {
        assert!(matches!(Plan::new(size, false).check(), Err(SampleError::Size(_))));
    }
    let odd = Plan { method: "dice".into(), ..Plan::new(Size::Items(1), false) };
    assert_eq!(odd.check(), Err(SampleError::Method("dice".into())));
    assert_eq!(Plan::new(Size::Percent(5), true).to_string(), "5 % (rounded up) of each target");
}

#[test]
fn values_read_back_as_written_and_refuse_unknown_fields() {
    let population = frozen(Size::Items(4), false);
    let value = serde_json::to_value(&population).unwrap();
    assert_eq!(value["source"]["entries"], "40");
    assert_eq!(value["draw"]["size"], serde_json::json!({"items": 4}));
    assert_eq!(serde_json::from_value::<Population>(value.clone()).unwrap(), population);
    let mut more = value;
    more["x"] = 1.into();
    assert!(serde_json::from_value::<Population>(more).is_err());
    let (drawn, _) = draw_of(&population, "1729");
    let value = serde_json::to_value(&drawn).unwrap();
    assert_eq!(serde_json::from_value::<Drawn>(value).unwrap(), drawn);
}
