//! What the first heartbeat after a day's end says of that day.

use exhibit_proto::statement::{Closed, Heartbeat};

use crate::collector::statement;
use crate::world::World;

#[tokio::test]
async fn the_first_heartbeat_after_a_day_says_what_was_sealed_in_it() {
    let world = World::simple().await;
    world.enrol().await;
    assert_eq!(world.once().await.code, Some(0));
    assert_eq!(world.once().await.code, Some(0));
    let closed = || {
        let envelopes = world.collector.with(|state| state.envelopes.clone());
        let beats = envelopes.iter().map(|envelope| statement(envelope));
        let beats = beats.filter_map(|said| said.predicate_as::<Heartbeat>().ok());
        beats.map(|beat| (beat.capsule.seq, beat.closes)).collect::<Vec<_>>()
    };
    assert_eq!(closed(), [(1, None), (3, None)]);
    let day = |text: &str| {
        let spool = rusqlite::Connection::open(world.state().join("spool.db")).unwrap();
        let changed = spool.execute("UPDATE meta SET value = ?1 WHERE key = 'day'", [text]);
        assert_eq!(changed.unwrap(), 1);
    };
    // The day that is open began yesterday.
    let yesterday = (jiff::Timestamp::now() - jiff::SignedDuration::from_hours(24))
        .strftime("%Y-%m-%d")
        .to_string();
    day(&format!("{yesterday} 1 1"));
    assert_eq!(world.once().await.code, Some(0));
    let ended = Closed { day: yesterday.clone(), first: 1, last: 4 };
    assert_eq!(closed()[2..], [(5, Some(ended))]);
    // It is told once; a clock that was ahead, and the day of another epoch, close nothing.
    assert_eq!(world.once().await.code, Some(0));
    day("9999-12-31 1 5");
    assert_eq!(world.once().await.code, Some(0));
    day(&format!("{yesterday} 7 1"));
    assert_eq!(world.once().await.code, Some(0));
    assert_eq!(closed()[3..], [(7, None), (9, None), (11, None)]);
}
