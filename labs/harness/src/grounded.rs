//! Why a story does not fly. All others use starts, kills, cuts, delays and control requests alone; what they call a crash is a kill in
//! flight.

/// It takes the power away.
pub const POWER: &str = "it is about power that is lost, and a real machine cannot be switched off";
/// It loses messages.
pub const LOSS: &str = "it is about messages that are lost, and TCP sends them again";
/// It breaks disks.
pub const DISKS: &str = "it is about disks that fail, and a real one does not on demand";
/// It reorders or doubles messages.
pub const OVERTAKES: &str = "it lets messages overtake each other or come twice, and TCP hands over all in order, once";
/// It makes clocks run apart.
pub const CLOCKS: &str = "it slows clocks or sets them apart, and all processes share the machine's";
/// It strikes behind an event.
pub const EVENTS: &str = "it strikes behind an event of a certain number, and the events of real nodes have none";
/// It counts what only the tunnel sees.
pub const COUNTS: &str =
    "it counts calls or bytes on the network, or what nodes hold in memory, which only the tunnel sees";

/// Stories by the reason for which they do not fly.
pub type Grounded = [(&'static str, &'static [&'static str])];

/// Why the story of that name does not fly; nothing if it does.
#[must_use]
pub fn reason(grounded: &Grounded, story: &str) -> Option<&'static str> {
    grounded.iter().find(|(_, stories)| stories.contains(&story)).map(|(reason, _)| *reason)
}
