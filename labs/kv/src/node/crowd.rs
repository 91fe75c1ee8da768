//! A crowd of clerks in one node, each with little to do: what does the server keep of each?

use crate::contract::{Clerk, PutError, Version};
use crate::node::SERVER;

/// The key of them all.
const KEY: &str = "crowd";

/// Lets each of so many clerks do one put of a version that is yet to come, and then each the next put of the one key. All
/// clerks live until the end.
///
/// # Errors
/// With what a clerk answered that it must not.
pub async fn put<C: Clerk>(clerks: u32, value_bytes: usize) -> Result<(), String> {
    let clerks: Vec<C> = (0..clerks).map(|_| C::connect(SERVER)).collect();
    for clerk in &clerks {
        expect(clerk.put("nobody's", "", Version(1)).await, Err(PutError::NoKey))?;
    }
    let value = "x".repeat(value_bytes);
    for (version, clerk) in (0..).map(Version).zip(&clerks) {
        expect(clerk.put(KEY, &value, version).await, Ok(()))?;
    }
    Ok(())
}

fn expect(told: Result<(), PutError>, expected: Result<(), PutError>) -> Result<(), String> {
    if told == expected { Ok(()) } else { Err(format!("a put was answered {told:?} instead of {expected:?}")) }
}
