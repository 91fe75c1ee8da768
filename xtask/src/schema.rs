//! `cargo lab schema`: the JSON schema of scenario files, for editors.

use crate::error::LabError;
use crate::event::Event;
use crate::exit::Exit;
use crate::session::Session;

/// Prints the schema.
pub fn schema(session: &Session<'_>) -> Result<Exit, LabError> {
    let schema = lab_harness::scenario::schema();
    session.console.say(&Event::Schema { schema });
    Ok(Exit::Passed)
}
