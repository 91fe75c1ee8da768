//! The store, asked until it answers.

use lab_mapreduce::store::{self, StoreError};
use std::time::Duration;
use windtunnel::net::{self, Request};
use windtunnel::time::sleep;

/// A call without an answer is given up after, and asked again. It may have been carried out.
const PATIENCE: Duration = Duration::from_secs(1);

/// After no answer, or a refusal, it is left alone for so long.
const PAUSE: Duration = Duration::from_millis(100);

/// Asks the store, again and again until it says yes or no.
///
/// # Errors
/// If it says no.
pub async fn ask<T, R>(request: R) -> Result<T, StoreError>
where
    R: Request<Reply = Result<T, StoreError>> + Clone,
{
    loop {
        match net::call(store::node(), request.clone()).timeout(PATIENCE).await {
            Ok(Err(StoreError::Unavailable)) | Err(_) => sleep(PAUSE).await,
            Ok(answer) => return answer,
        }
    }
}
