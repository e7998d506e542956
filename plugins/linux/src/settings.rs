//! Takes one kind's table out of the plugin's settings, strictly. It never falls back to a default after a mistake.

use exhibit_plugin::OutcomeKind;
use serde::de::DeserializeOwned;

use crate::look::Look;

/// The table `name`, its default when there is none; none when it is wrong, which an outcome then says.
pub(crate) fn table<T: DeserializeOwned + Default>(look: &mut Look<'_>, name: &str) -> Option<T> {
    let Some(value) = look.job.settings.get(name) else { return Some(T::default()) };
    match T::deserialize(value) {
        Ok(table) => Some(table),
        Err(error) => {
            look.seen.outcome(
                OutcomeKind::NotConfigured,
                format!("settings.{name}: {error}"),
                format!("correct the table {name} in the settings of the linux plugin; nothing of this kind was observed"),
            );
            None
        }
    }
}
