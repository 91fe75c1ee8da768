//! Which stories do not fly, and why. All others use starts, kills, cuts, delays and control requests alone; what they
//! call a crash is a kill in flight.

const POWER: &str = "it is about power that is lost, and a real machine cannot be switched off";
const LOSS: &str = "it is about messages that are lost, and TCP sends them again";
const DISKS: &str = "it is about disks that fail, and a real one does not on demand";
const OVERTAKES: &str = "it lets messages overtake each other or come twice, and TCP hands over all in order, once";
const CLOCKS: &str = "it slows clocks, and all processes share the machine's";
const COUNTS: &str = "it counts calls or bytes on the network, which only the tunnel sees";

/// Why the story of that name does not fly; nothing if it does.
pub(super) fn reason(story: &str) -> Option<&'static str> {
    let known = GROUNDED.iter().find(|(_, stories)| stories.contains(&story));
    known.map(|(reason, _)| *reason)
}

const GROUNDED: &[(&str, &[&str])] = &[
    (POWER, &["unsynced_votes", "unsynced_copies", "unsynced_append", "power_loss_around_snapshots"]),
    (
        LOSS,
        &[
            "unreliable_agreement",
            "figure_8_unreliable",
            "unreliable_churn",
            "snapshot_install_unreliable",
            "snapshot_install_unreliable_crash",
            "snapshot_all_crash",
            "snapshot_init",
        ],
    ),
    (DISKS, &["unsound_disks"]),
    (OVERTAKES, &["late_append", "stale_snapshot"]),
    (CLOCKS, &["late_reply"]),
    (COUNTS, &["rpc_bytes", "count", "fast_back_up"]),
];

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_story_that_is_grounded_is_one_of_the_suite_and_stands_here_once() {
        let lab = crate::suite::lab();
        let names: BTreeSet<&str> = lab.tests.iter().map(|test| test.name).collect();
        let grounded: Vec<&str> = GROUNDED.iter().flat_map(|(_, stories)| stories.iter().copied()).collect();
        for story in &grounded {
            assert!(names.contains(story), "{story} is no story of the suite");
        }
        assert_eq!(grounded.iter().collect::<BTreeSet<_>>().len(), grounded.len());
        assert!(lab.tests.iter().any(|test| test.grounded.is_none()), "some fly");
    }
}
