//! What the tester or a schedule did to the world: one row for each node, however many links are meant.

use super::disk;
use super::teller::{Teller, When};
use crate::judge::Judge;
use crate::protocol::RowKind;
use windtunnel::NodeId;
use windtunnel::world::Command;

/// What happens to links that begin at one node, and where these links end.
type Group = (NodeId, RowKind, String, Vec<u32>);

impl<J: Judge> Teller<'_, J> {
    pub(super) fn commands<'a>(&mut self, when: When, commands: impl IntoIterator<Item = &'a Command>) {
        let mut groups: Vec<Group> = Vec::new();
        let mut mended = false;
        for command in commands {
            match command {
                Command::Cut { from, to } => gather(&mut groups, *from, *to, RowKind::Fault, "cut"),
                Command::Link { from, to, weather } => {
                    if let Some((kind, words)) = self.weathers.link(when, (*from, *to), weather) {
                        gather(&mut groups, *from, *to, kind, &words);
                    }
                }
                Command::Mend { .. } => mended = true,
                other => self.strike(when, other),
            }
        }
        for (from, kind, words, ends) in groups {
            let ends: Vec<String> = ends.iter().map(u32::to_string).collect();
            let text = match words.as_str() {
                "cut" => format!("cut to {}", ends.join(" ")),
                words => format!("link to {}{words}", ends.join(" ")),
            };
            self.push(when, from, kind, text);
        }
        if mended {
            self.control(when, NodeId::TESTER, "mends links");
        }
    }

    fn strike(&mut self, when: When, command: &Command) {
        let (node, kind, text) = match command {
            Command::Kill(node) => (*node, RowKind::Fault, "killed".to_owned()),
            Command::PowerLoss(node) => (*node, RowKind::Fault, self.power_loss(when, *node)),
            Command::Pause(node) => (*node, RowKind::Fault, "paused".to_owned()),
            Command::Resume(node) => (*node, RowKind::Observation, "resumed".to_owned()),
            Command::Slow { node, per_event } if per_event.0 > 0 => (*node, RowKind::Fault, "slow".to_owned()),
            Command::ClockJump { node, by_ns } => (*node, RowKind::Fault, format!("clock {:+} ms", by_ns / 1_000_000)),
            Command::ClockDrift { node, ppm } if *ppm != 0 => (*node, RowKind::Fault, format!("drift {ppm:+} ppm")),
            Command::Disk { node, weather } => match self.weathers.disk(when, *node, weather) {
                Some((kind, text)) => (*node, kind, text),
                None => return,
            },
            _ => return,
        };
        self.push(when, node, kind, text);
    }

    /// Without a report nothing was there to lose: the machine had no power before.
    fn power_loss(&mut self, when: When, node: NodeId) -> String {
        while self.power_losses.next_if(|next| next.after < when.event).is_some() {}
        let told = self.power_losses.next_if(|next| (next.after, next.node) == (when.event, node));
        told.map_or_else(|| "power loss".to_owned(), |told| disk::power_loss(&told.report))
    }
}

fn gather(groups: &mut Vec<Group>, from: NodeId, to: NodeId, kind: RowKind, words: &str) {
    let known = groups.iter_mut().find(|(node, _, known, _)| (*node, known.as_str()) == (from, words));
    match known {
        Some((.., ends)) if ends.contains(&to.0) => {}
        Some((.., ends)) => ends.push(to.0),
        None => groups.push((from, kind, words.to_owned(), vec![to.0])),
    }
}
