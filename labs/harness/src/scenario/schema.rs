//! The JSON Schema of scenario files, for editors.

use super::file::Scenario;

/// The schema, as a JSON value; the descriptions are those of the types.
#[must_use]
pub fn schema() -> serde_json::Value {
    schemars::schema_for!(Scenario).to_value()
}
