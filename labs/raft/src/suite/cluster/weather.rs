//! The network that MIT's tests know beside the calm one.

use super::RaftCluster;
use std::time::Duration;
use windtunnel::world::LinkWeather;
use windtunnel::{Nanos, Ppm};

/// Each message takes so long. (MIT: a request 0 to 26 ms, a reply nothing)
const DELAY: Duration = Duration::from_millis(26);

/// A tenth of requests and a tenth of replies is lost. (MIT: the same, but the caller is told at once)
const LOSS: Ppm = Ppm(100_000);

/// How many messages are held back, so that two calls in three are. (MIT: two replies in three)
const HELD_BACK: Ppm = Ppm(420_000);

/// For how long at least. (MIT: the same)
const HELD_BACK_BY: Duration = Duration::from_millis(200);

/// On top come up to so many milliseconds, of which a link has a share that is drawn. (MIT: the same, drawn for each
/// reply)
const AND_UP_TO: u64 = 2_000;

impl RaftCluster {
    /// Links that are late and lose messages.
    pub fn make_unreliable(&self) {
        self.cluster.set_links(self.unreliable());
    }

    /// Links that are late, lose messages, and hold many back so that later ones arrive first; for how long, is drawn
    /// for each link anew.
    pub fn make_unreliable_and_reordered(&self) {
        let stream = self.cluster.stream("hold-backs");
        for (from, to) in self.cluster.links() {
            let most = HELD_BACK_BY + Duration::from_millis(stream.below(AND_UP_TO));
            let reorder_by = [HELD_BACK_BY, most].map(Nanos::from);
            self.cluster.set_link(from, to, LinkWeather { reorder_ppm: HELD_BACK, reorder_by, ..self.unreliable() });
        }
    }

    /// Links as they were at the beginning.
    pub fn make_reliable(&self) {
        self.cluster.set_links(self.cluster.calm());
    }

    fn unreliable(&self) -> LinkWeather {
        LinkWeather { latency: [Nanos::ZERO, Nanos::from(DELAY)], loss_ppm: LOSS, ..self.cluster.calm() }
    }
}
