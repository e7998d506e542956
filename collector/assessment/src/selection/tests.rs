use super::*;

fn labels(pairs: &[(&str, &str)]) -> Labels {
    let map: BTreeMap<String, String> =
        pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    map.try_into().unwrap()
}

fn selects(text: &str, pairs: &[(&str, &str)]) -> bool {
    text.parse::<Selection>().unwrap().selects("host:4711", &labels(pairs))
}

#[test]
fn a_selection_reads_as_people_read_it() {
    let web = [("environment", "production"), ("owner", "web team"), ("criticality", "high")];
    for (text, expected) in [
        ("all", true),
        ("none", false),
        ("environment", true),
        ("service", false),
        ("environment = production", true),
        ("environment != production", false),
        ("environment=production and owner=\"web team\"", true),
        ("environment = test or criticality in (high, \"very high\")", true),
        ("environment = test or criticality = low and owner = \"web team\"", false),
        ("(environment = test or criticality = high) and not owner = nobody", true),
        ("not (environment = production)", false),
        ("not not environment = production", true),
        ("owner like \"web*\"", true),
        ("owner like \"w?b team\"", true),
        ("owner like web", false),
        ("target = host:4711", true),
        ("target like \"aws:*\"", false),
        ("service = shop", false),
        ("service != shop", false),
        ("not service = shop", true),
    ] {
        assert_eq!(selects(text, &web), expected, "{text}");
    }
    assert!(selects("\"Cost Centre\" = \"4\"", &[("Cost Centre", "4")]));
    assert!(selects("\"and\" = x", &[("and", "x")]));
}

#[test]
fn what_cannot_be_read_is_refused_with_its_place_and_the_way_out() {
    for (text, at, says) in [
        ("", 1, "write `all`"),
        ("environment = ", 15, "expected a value"),
        ("environment == production", 13, "one `=`"),
        ("environment production", 13, "write `=`"),
        ("environment = production owner = x", 26, "expected `and`"),
        ("(environment = production", 26, "expected `)`"),
        ("owner = \"web", 9, "not closed"),
        ("owner in high", 10, "in brackets"),
        ("owner = a && b = c", 11, "double quotes"),
        ("and = x", 1, "double quotes"),
        ("target", 7, "is compared"),
        ("owner in (a, )", 14, "expected a value"),
    ] {
        let error = text.parse::<Selection>().unwrap_err();
        assert_eq!(error.at, at, "{error}");
        assert!(error.what.contains(says), "{error}");
        assert!(error.to_string().contains(&format!("{text:?}")));
    }
    assert!(format!("{}a", "(".repeat(1000)).parse::<Selection>().is_err());
    assert!("a ".repeat(2000).parse::<Selection>().is_err());
}

#[test]
fn patterns_take_bounded_time() {
    let pattern = format!("owner like \"{}b\"", "*a".repeat(200));
    assert!(!selects(&pattern, &[("owner", &"a".repeat(500))]));
}

#[test]
fn a_selection_is_its_text_on_the_wire() {
    let selection: Selection = serde_json::from_str("\" environment = test \"").unwrap();
    assert_eq!(serde_json::to_string(&selection).unwrap(), "\"environment = test\"");
    assert!(serde_json::from_str::<Selection>("\"environment = \"").is_err());
}

#[test]
fn labels_that_no_selection_could_name_are_refused() {
    for (key, value) in [("", "x"), ("target", "x"), ("a\"b", "x"), ("a\n", "x"), ("a", "\u{7}")] {
        let map = BTreeMap::from([(key.to_owned(), value.to_owned())]);
        assert!(Labels::try_from(map).is_err(), "{key:?}");
    }
    let both = labels(&[("a", "1"), ("b", "1")]).with(&labels(&[("b", "2")])).unwrap();
    assert_eq!(both.iter().collect::<Vec<_>>(), [("a", "1"), ("b", "2")]);
}
