//! Callbacks as Jasmin makes them.

use super::super::change::StateChange;
use super::Rendered;

/// The request that tells it; none where it was not asked for.
///
/// # Errors
/// Why it cannot be told, for people.
pub(crate) fn render(_: &StateChange) -> Result<Option<Rendered>, String> {
    Ok(None)
}

/// Whether an answer says that it was taken.
pub(crate) fn is_taken(status: u16, _: &[u8]) -> bool {
    (200..300).contains(&status)
}
