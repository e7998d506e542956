//! Reads a manifest of any size as it comes, one item at a time. Holds no more than one item, whatever the bytes say.

use std::cell::Cell;
use std::fmt;
use std::io::{self, Read};
use std::rc::Rc;

use exhibit_proto::bundle::Item;
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};

use super::Outline;

/// Bytes that may come from one item to the next: an envelope names far less.
const MAX_ITEM: u64 = 4 << 20;

/// Counts bytes between items, so that no single value of a hostile manifest fills memory.
#[derive(Clone, Default)]
pub(super) struct Meter(Rc<Cell<u64>>);

pub(super) struct Watched<R> {
    inner: R,
    meter: Meter,
}

impl Meter {
    pub(super) fn watch<R>(&self, inner: R) -> Watched<R> {
        Watched { inner, meter: self.clone() }
    }
}

impl<R: Read> Read for Watched<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        let count = self.meter.0.get().saturating_add(read as u64);
        self.meter.0.set(count);
        if count > MAX_ITEM {
            let what =
                format!("one item, or what stands before the items, is over {MAX_ITEM} bytes");
            return Err(io::Error::new(io::ErrorKind::InvalidData, what));
        }
        Ok(read)
    }
}

pub(super) fn manifest(
    reader: impl Read,
    meter: &Meter,
    take: &mut dyn FnMut(Item),
) -> Result<Outline, serde_json::Error> {
    let mut reader = serde_json::Deserializer::from_reader(reader);
    let outline = Whole { meter, take }.deserialize(&mut reader)?;
    reader.end()?;
    Ok(outline)
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Field {
    Schema,
    GeneratedAt,
    Checkpoint,
    Selection,
    Items,
}

struct Whole<'a> {
    meter: &'a Meter,
    take: &'a mut dyn FnMut(Item),
}

impl<'de> DeserializeSeed<'de> for Whole<'_> {
    type Value = Outline;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Outline, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Whole<'_> {
    type Value = Outline;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a manifest")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Outline, A::Error> {
        let (mut schema, mut generated_at) = (None, None);
        let (mut checkpoint, mut selection, mut listed) = (None, None, None);
        while let Some(field) = map.next_key()? {
            match field {
                Field::Schema => once(&mut schema, map.next_value()?, "schema")?,
                Field::GeneratedAt => once(&mut generated_at, map.next_value()?, "generated_at")?,
                Field::Checkpoint => once(&mut checkpoint, map.next_value()?, "checkpoint")?,
                Field::Selection => once(&mut selection, map.next_value()?, "selection")?,
                Field::Items => {
                    let items = Items { meter: self.meter, take: &mut *self.take };
                    once(&mut listed, map.next_value_seed(items)?, "items")?;
                }
            }
        }
        let lacking = |name| move || A::Error::missing_field(name);
        Ok(Outline {
            schema: schema.ok_or_else(lacking("schema"))?,
            generated_at: generated_at.ok_or_else(lacking("generated_at"))?,
            checkpoint: checkpoint.ok_or_else(lacking("checkpoint"))?,
            selection: selection.ok_or_else(lacking("selection"))?,
            listed: listed.ok_or_else(lacking("items"))?,
        })
    }
}

fn once<T, E: serde::de::Error>(
    slot: &mut Option<T>,
    value: T,
    name: &'static str,
) -> Result<(), E> {
    if slot.replace(value).is_some() { Err(E::duplicate_field(name)) } else { Ok(()) }
}

struct Items<'a> {
    meter: &'a Meter,
    take: &'a mut dyn FnMut(Item),
}

impl<'de> DeserializeSeed<'de> for Items<'_> {
    type Value = Vec<u64>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Vec<u64>, D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Items<'_> {
    type Value = Vec<u64>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of items")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Vec<u64>, A::Error> {
        let mut listed = Vec::new();
        while let Some(item) = items.next_element::<Item>()? {
            self.meter.0.set(0);
            listed.push(item.index);
            (self.take)(item);
        }
        Ok(listed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use exhibit_proto::bundle::{Manifest, SCHEMA, Selection};
    use exhibit_proto::checkpoint::Checkpoint;
    use exhibit_proto::digest::Digest;
    use exhibit_proto::leaf::EntryType;

    fn text(items: u64) -> String {
        let digest = Digest::of(b"d");
        let item = |index| Item {
            index,
            entry_type: EntryType::Evidence,
            logged: "2026-11-22T10:00:00.000Z".into(),
            envelope: digest,
            documents: Vec::new(),
        };
        let manifest = Manifest {
            schema: SCHEMA.into(),
            generated_at: "2026-11-22T10:00:00.000Z".into(),
            checkpoint: Checkpoint { origin: "log.example/1".into(), size: 4, root: digest },
            selection: Selection::default(),
            items: (0..items).map(item).collect(),
        };
        serde_json::to_string(&manifest).unwrap()
    }

    fn walk(text: &str) -> Result<(Outline, Vec<Item>), serde_json::Error> {
        let (meter, mut items) = (Meter::default(), Vec::new());
        let outline = manifest(meter.watch(text.as_bytes()), &meter, &mut |item| items.push(item))?;
        Ok((outline, items))
    }

    #[test]
    fn items_come_one_by_one_as_the_whole_manifest_has_them() {
        let text = text(3);
        let (outline, items) = walk(&text).unwrap();
        let whole: Manifest = serde_json::from_str(&text).unwrap();
        assert_eq!((items, outline.listed), (whole.items, vec![0, 1, 2]));
        assert_eq!((outline.selection, outline.checkpoint), (whole.selection, whole.checkpoint));
    }

    #[test]
    fn doubled_unknown_and_missing_fields_and_trailing_bytes_are_refused() {
        let fine = text(1);
        for bad in [
            fine.replacen(r#""schema""#, r#""schema":"x","schema""#, 1),
            fine.replacen(r#""schema""#, r#""more":1,"schema""#, 1),
            fine.replacen(r#""index""#, r#""more":1,"index""#, 1),
            fine.replacen(r#""generated_at":"2026-11-22T10:00:00.000Z","#, "", 1),
            format!("{fine} 1"),
            format!("[{fine}]"),
        ] {
            assert!(walk(&bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn one_endless_value_is_refused_before_it_fills_memory() {
        let long = "x".repeat(usize::try_from(MAX_ITEM).unwrap() + 10);
        let bad = text(1).replacen("urn:exhibit", &format!("{long}urn:exhibit"), 1);
        assert!(walk(&bad).unwrap_err().to_string().contains("is over"));
        // Many items may be longer together.
        let many = text(20_000);
        assert!(many.len() as u64 > MAX_ITEM / 2 && walk(&many).is_ok());
    }
}
