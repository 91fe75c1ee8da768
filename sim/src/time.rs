//! Time as a node sees it: [`sleep`], [`timeout`], [`interval`], [`Instant`], [`SystemTime`].
//!
//! Each node has two clocks of its own. The monotonic one ([`Instant`]) may drift, the wall clock
//! ([`SystemTime`]) may also be off and jump; neither agrees with those of other nodes.

use crate::executor::context::current;
use crate::executor::timers::Alarm;
use crate::units::Nanos;
use std::future::{Future, poll_fn};
use std::ops::{Add, AddAssign, Sub};
use std::pin::{Pin, pin};
use std::task::{Context as PollContext, Poll};

pub use std::time::Duration;

/// A reading of this node's monotonic clock. Means nothing on another node or after a restart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(Nanos);

impl Instant {
    /// The clock now. It stands still while the node handles one event.
    ///
    /// # Panics
    /// Outside of a node.
    #[must_use]
    pub fn now() -> Self {
        Instant(current().clock.get().monotonic)
    }

    /// How long ago that was; zero for an instant to come.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        Instant::now().duration_since(*self)
    }

    /// The span from `earlier` to this instant; zero if it is the other way round.
    #[must_use]
    pub const fn duration_since(&self, earlier: Instant) -> Duration {
        self.0.saturating_sub(earlier.0).to_duration()
    }
}

impl Add<Duration> for Instant {
    type Output = Instant;
    fn add(self, span: Duration) -> Instant {
        Instant(self.0.saturating_add(span.into()))
    }
}

impl AddAssign<Duration> for Instant {
    fn add_assign(&mut self, span: Duration) {
        *self = *self + span;
    }
}

impl Sub<Duration> for Instant {
    type Output = Instant;
    fn sub(self, span: Duration) -> Instant {
        Instant(self.0.saturating_sub(span.into()))
    }
}

impl Sub for Instant {
    type Output = Duration;
    fn sub(self, earlier: Instant) -> Duration {
        self.duration_since(earlier)
    }
}

/// A reading of this node's wall clock, which may be off and may jump, backwards too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SystemTime(Nanos);

impl SystemTime {
    /// 1970-01-01 00:00:00 UTC.
    pub const UNIX_EPOCH: SystemTime = SystemTime(Nanos::ZERO);

    /// The clock now.
    ///
    /// # Panics
    /// Outside of a node.
    #[must_use]
    pub fn now() -> Self {
        SystemTime(current().clock.get().wall)
    }

    /// The span from `earlier` to this time, or how far `earlier` lies ahead.
    ///
    /// # Errors
    /// With the span the other way round, when `earlier` is later.
    pub const fn duration_since(&self, earlier: SystemTime) -> Result<Duration, Duration> {
        if self.0.0 >= earlier.0.0 {
            Ok(self.0.saturating_sub(earlier.0).to_duration())
        } else {
            Err(earlier.0.saturating_sub(self.0).to_duration())
        }
    }
}

/// Waits for so long on this node's clock.
pub fn sleep(span: Duration) -> Sleep {
    let context = current();
    let deadline = context.clock.get().monotonic.saturating_add(span.into());
    Sleep(Alarm::new(context, deadline))
}

/// Waits until this node's clock shows `deadline`.
pub fn sleep_until(deadline: Instant) -> Sleep {
    Sleep(Alarm::new(current(), deadline.0))
}

/// A wait, armed at its first poll; dropping it cancels it.
#[derive(Debug)]
pub struct Sleep(Alarm);

impl Sleep {
    /// When it ends.
    #[must_use]
    pub const fn deadline(&self) -> Instant {
        Instant(self.0.at())
    }

    /// Makes it end at another time, whether or not it has ended.
    pub fn reset(mut self: Pin<&mut Self>, deadline: Instant) {
        self.0.reset(deadline.0);
    }
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, poll_context: &mut PollContext<'_>) -> Poll<()> {
        self.0.poll(poll_context)
    }
}

/// The deadline passed first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("deadline has elapsed")]
pub struct Elapsed;

/// Gives a future so much time; drops it when the time is over.
///
/// # Errors
/// [`Elapsed`] if the time was over first. A future that is ready in time wins.
pub async fn timeout<F: Future>(span: Duration, future: F) -> Result<F::Output, Elapsed> {
    timeout_at(Instant::now() + span, future).await
}

/// Gives a future time until `deadline`.
///
/// # Errors
/// [`Elapsed`] if the deadline passed first.
pub async fn timeout_at<F: Future>(deadline: Instant, future: F) -> Result<F::Output, Elapsed> {
    let mut future = pin!(future);
    let mut alarm = Alarm::new(current(), deadline.0);
    poll_fn(|poll_context| {
        if let Poll::Ready(value) = future.as_mut().poll(poll_context) {
            return Poll::Ready(Ok(value));
        }
        alarm.poll(poll_context).map(|()| Err(Elapsed))
    })
    .await
}

/// Ticks at once and then every `period`.
///
/// # Panics
/// If the period is zero.
pub fn interval(period: Duration) -> Interval {
    assert!(!period.is_zero(), "an interval needs a period above zero");
    Interval { period, next: Instant::now() }
}

/// Ticks at a fixed rate. A late tick is made up for at once, as tokio's does by default.
#[derive(Debug)]
pub struct Interval {
    period: Duration,
    next: Instant,
}

impl Interval {
    /// Waits for the next tick and says when it was due.
    pub async fn tick(&mut self) -> Instant {
        let due = self.next;
        if Instant::now() < due {
            sleep_until(due).await;
        }
        self.next = due + self.period;
        due
    }

    /// Makes the next tick come one period from now.
    pub fn reset(&mut self) {
        self.next = Instant::now() + self.period;
    }
}
