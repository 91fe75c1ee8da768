//! Who this node is, what it shows the tester, and how it ends itself: [`id`], [`peers`], [`control`], [`observe`],
//! [`stop`].

use crate::executor::context::current;
use crate::line::Effect;
use crate::units::NodeId;
use serde::Serialize;
use std::fmt;
use std::future::Future;
use std::path::PathBuf;
use std::rc::Rc;

/// This node's id.
///
/// # Panics
/// As all functions here: outside of a node.
#[must_use]
pub fn id() -> NodeId {
    current().start.node
}

/// This node's name.
#[must_use]
pub fn name() -> String {
    current().start.name.clone()
}

/// All nodes, this one included, in order.
#[must_use]
pub fn members() -> Vec<NodeId> {
    current().start.members()
}

/// All nodes, group by group: servers and their clients, say. All are in one group unless the test has parted them.
#[must_use]
pub fn groups() -> Vec<Vec<NodeId>> {
    current().start.groups.clone()
}

/// All other nodes of this node's group, in order.
#[must_use]
pub fn peers() -> Vec<NodeId> {
    let context = current();
    let own = context.start.groups.iter().find(|group| group.contains(&context.start.node));
    own.into_iter().flatten().copied().filter(|member| *member != context.start.node).collect()
}

/// A number that the test gives its nodes, by its name; nothing if it gives none. What names there are says the lab.
#[must_use]
pub fn setting(name: &str) -> Option<u64> {
    current().start.settings.get(name).copied()
}

/// Where this node's files are on the disk of a real machine, in flight; nothing in a simulation. It is for services that leave their
/// files to a library of their own: who has only [`fs`](crate::fs) needs no such place, and is the same in both.
#[must_use]
pub fn directory() -> Option<PathBuf> {
    current().directory.clone()
}

/// Answers what the tester asks over the control port. A later handler takes the place of this one.
pub fn control<F: Future<Output = Vec<u8>> + 'static>(handler: impl Fn(Vec<u8>) -> F + 'static) {
    current().handlers.serve_control(Rc::new(move |body| Box::pin(handler(body))));
}

/// Shows the tester something, under the name of its kind.
///
/// # Panics
/// If the value's own `Serialize` fails.
pub fn observe(kind: &'static str, value: &impl Serialize) {
    let context = current();
    if context.dead.get() {
        return;
    }
    let body = crate::net::encode(&context, value);
    context.emit(Effect::Observe { kind: kind.into(), body });
}

/// Calls `hook` before others can learn what this node has become: before each reply that one of its handlers
/// gives, and at the end of every step, when all its tasks are idle and what it did leaves it.
///
/// What the hook does belongs to the step; what it makes ready at the end runs in the next one.
pub fn before_output(hook: impl FnMut() + 'static) {
    current().add_before_output(Box::new(hook));
}

/// Ends this node for good, as `std::process::exit` ends a process, and says why: the disk cannot be trusted any
/// more, say. It is down like a killed one until somebody starts it again.
///
/// No panic, and by itself no failure: a server that cannot keep its promises must not go on. The step ends here, nothing
/// of this node runs any more, and what it did before leaves it. Not to be called while a `Drop` runs for a panic.
///
/// ```no_run
/// # use windtunnel::{fs, node};
/// # async fn example(journal: fs::File) {
/// if let Err(error) = journal.sync_all().await {
///     node::stop(format!("the journal cannot be written: {error}")); // nobody knows what is on the disk
/// }
/// # }
/// ```
///
/// # Panics
/// Outside of a node, and in the body of a test.
pub fn stop(reason: impl fmt::Display) -> ! {
    current().stop(reason.to_string())
}

#[cfg(all(test, feature = "sim", madsim))]
mod tests {
    use super::*;
    use crate::Seed;
    use crate::world::{Outcome, Simulation, Tester};

    /// A node that answers with what it knows of the others, and of a setting.
    async fn tells() {
        control(|_| async {
            let ids = |nodes: Vec<NodeId>| nodes.into_iter().map(|node| node.0).collect::<Vec<_>>();
            let groups: Vec<Vec<u32>> = groups().into_iter().map(ids).collect();
            let told = format!(
                "{:?} {:?} {groups:?} {:?} {:?}",
                ids(peers()),
                ids(members()),
                setting("limit"),
                setting("other")
            );
            told.into_bytes()
        });
    }

    #[test]
    fn peers_are_of_the_own_group_and_settings_are_those_of_the_test() {
        let body = |tester: Tester| async move {
            let mut told = Vec::new();
            for node in [1, 4] {
                let answer = tester.control(NodeId(node), Vec::new()).await.expect("it runs");
                told.push(String::from_utf8(answer).expect("it is text"));
            }
            told
        };
        let simulation = Simulation::new(Seed(1)).nodes(5, tells).with(|options| {
            options.groups = vec![3];
            options.settings.insert("limit".to_owned(), 7);
        });
        let Outcome::Finished(told) = simulation.run(body).outcome else { panic!("nothing fails") };
        let all = "[1, 2, 3, 4, 5] [[1, 2, 3], [4, 5]] Some(7) None";
        assert_eq!(told, [format!("[2, 3] {all}"), format!("[5] {all}")]);
    }
}
