//! [`select!`](crate::select): the first of several futures that is ready.

/// Waits for the first of several futures, with the syntax of `tokio::select!`.
///
/// When more than one is ready, the one written first wins: tokio's own macro draws from a
/// generator that no seed reaches, so that a run would not repeat.
///
/// ```no_run
/// # async fn example(mut stop: windtunnel::sync::oneshot::Receiver<()>) {
/// use windtunnel::time::{sleep, Duration};
/// windtunnel::select! {
///     _ = &mut stop => println!("stopped"),
///     () = sleep(Duration::from_millis(100)) => println!("time for a heartbeat"),
/// }
/// # }
/// ```
#[macro_export]
macro_rules! select {
    (biased; $($branches:tt)*) => { $crate::__private::tokio::select! { biased; $($branches)* } };
    ($($branches:tt)*) => { $crate::__private::tokio::select! { biased; $($branches)* } };
}
