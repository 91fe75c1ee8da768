//! What a tester may ask for and flight cannot make: one table, and how often each was asked for.

use crate::units::{Nanos, Ppm};
use crate::world::disk::DiskWeather;
use crate::world::{Command, LinkWeather};
use std::collections::BTreeMap;

/// Something of the tunnel that flight cannot make.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unmade {
    /// What, as `power-loss`.
    pub what: &'static str,
    /// Why not.
    pub why: &'static str,
}

/// All of them.
pub const UNMADE: [Unmade; 12] = [
    POWER_LOSS,
    DISK,
    SLOW,
    CLOCK_JUMP,
    CLOCK_DRIFT,
    AT_EVENT,
    LOSS,
    DUPLICATION,
    REORDERING,
    BANDWIDTH,
    TESTER_LINK,
    TESTER_EFFECT,
];

const POWER_LOSS: Unmade = Unmade {
    what: "power-loss",
    why: "the machine cannot be switched off, and a killed process leaves its page cache to the next one",
};
const DISK: Unmade = Unmade { what: "disk", why: "faults of a real disk take a file system of one's own, and root" };
const SLOW: Unmade = Unmade { what: "slow", why: "a real processor takes no time by the event" };
const CLOCK_JUMP: Unmade = Unmade { what: "clock-jump", why: "all processes share the machine's clock" };
const CLOCK_DRIFT: Unmade = Unmade { what: "clock-drift", why: "all processes share the machine's clock" };
const AT_EVENT: Unmade =
    Unmade { what: "at-event", why: "real nodes act at once, and no event has the same number again" };
const LOSS: Unmade = Unmade { what: "loss", why: "TCP sends again what is lost" };
const DUPLICATION: Unmade = Unmade { what: "duplication", why: "TCP hands over each byte once" };
const REORDERING: Unmade = Unmade { what: "reordering", why: "TCP hands over bytes in order" };
const BANDWIDTH: Unmade = Unmade { what: "bandwidth", why: "the proxies do not make a link narrow" };
const TESTER_LINK: Unmade =
    Unmade { what: "tester-link", why: "the tester has a control port to each node and no link" };
const TESTER_EFFECT: Unmade =
    Unmade { what: "tester-effect", why: "in flight the tester has no disk, and no peer knows its address" };

impl Unmade {
    /// What a call or a disk operation of the tester itself is: refused.
    pub(super) const OF_TESTER: Unmade = TESTER_EFFECT;

    /// What of a command flight cannot make; the rest of it is made.
    #[must_use]
    pub fn of(command: &Command) -> Vec<Unmade> {
        let is_tester = |from: &crate::NodeId, to: &crate::NodeId| from.0 == 0 || to.0 == 0;
        match command {
            Command::PowerLoss(_) => vec![POWER_LOSS],
            Command::Disk { weather, .. } if is_sound(weather) => Vec::new(),
            Command::Disk { .. } => vec![DISK],
            Command::Slow { per_event: Nanos::ZERO, .. } | Command::ClockDrift { ppm: 0, .. } => Vec::new(),
            Command::Slow { .. } => vec![SLOW],
            Command::ClockJump { .. } => vec![CLOCK_JUMP],
            Command::ClockDrift { .. } => vec![CLOCK_DRIFT],
            Command::AtEvent { .. } => vec![AT_EVENT],
            Command::Cut { from, to } | Command::Mend { from, to } | Command::Link { from, to, .. }
                if is_tester(from, to) =>
            {
                vec![TESTER_LINK]
            }
            Command::Link { weather, .. } => of_link(weather),
            Command::Start(_)
            | Command::Kill(_)
            | Command::Pause(_)
            | Command::Resume(_)
            | Command::Cut { .. }
            | Command::Mend { .. }
            | Command::Control { .. }
            | Command::ForgetAtEvents => Vec::new(),
        }
    }
}

/// Whether a disk does what it is told, late at most: a real one takes its own time.
fn is_sound(disk: &DiskWeather) -> bool {
    let rates = [disk.slow_ppm, disk.error_ppm, disk.sync_error_ppm, disk.bit_rot_ppm];
    disk.capacity.is_none() && rates.iter().all(|rate| *rate == Ppm::NEVER)
}

fn of_link(weather: &LinkWeather) -> Vec<Unmade> {
    let mut unmade = Vec::new();
    let mut rate = |ppm: Ppm, what| unmade.extend((ppm != Ppm::NEVER).then_some(what));
    rate(weather.loss_ppm, LOSS);
    rate(weather.duplicate_ppm.max(weather.late_copy_ppm), DUPLICATION);
    rate(weather.reorder_ppm, REORDERING);
    unmade.extend(weather.bandwidth.map(|_| BANDWIDTH));
    unmade
}

/// How often each was asked for and skipped.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Skipped(BTreeMap<Unmade, u64>);

impl Skipped {
    pub(super) fn count(&mut self, unmade: Unmade) {
        *self.0.entry(unmade).or_default() += 1;
    }

    /// What was skipped, and how often, in the order of the names.
    pub fn iter(&self) -> impl Iterator<Item = (Unmade, u64)> {
        self.0.iter().map(|(unmade, count)| (*unmade, *count))
    }

    /// Whether everything was made that was asked for.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::{EventNumber, NodeId};
    use std::collections::BTreeSet;

    #[test]
    fn each_stands_in_the_table_once() {
        let names: BTreeSet<_> = UNMADE.iter().map(|unmade| unmade.what).collect();
        assert_eq!(names.len(), UNMADE.len());
    }

    #[test]
    fn of_a_links_weather_only_what_is_on_is_unmade() {
        let link = |weather| Unmade::of(&Command::Link { from: NodeId(1), to: NodeId(2), weather });
        assert_eq!(link(LinkWeather::default()), []);
        let lossy = LinkWeather { loss_ppm: Ppm(1), bandwidth: Some(1), ..LinkWeather::default() };
        assert_eq!(link(lossy), [LOSS, BANDWIDTH]);
    }

    #[test]
    fn the_end_of_a_fault_and_a_disk_without_one_are_not_skipped() {
        let disk = |weather| Unmade::of(&Command::Disk { node: NodeId(1), weather: Box::new(weather) });
        assert_eq!(disk(DiskWeather::default()), []);
        assert_eq!(disk(DiskWeather { capacity: Some(0), ..DiskWeather::default() }), [DISK]);
        assert_eq!(disk(DiskWeather { sync_error_ppm: Ppm(1), ..DiskWeather::default() }), [DISK]);
        let slow = |per_event| Unmade::of(&Command::Slow { node: NodeId(1), per_event });
        assert_eq!((slow(Nanos::ZERO), slow(Nanos(1))), (vec![], vec![SLOW]));
    }

    #[test]
    fn a_command_at_an_event_is_skipped_whatever_it_is() {
        let command = Command::AtEvent { event: EventNumber(1), command: Box::new(Command::Kill(NodeId(1))) };
        assert_eq!(Unmade::of(&command), [AT_EVENT]);
    }
}
