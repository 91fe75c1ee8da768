//! What is kept of a run: what was lost, and why.

#[path = "support/echo.rs"]
mod echo;

use echo::Echo;
use std::collections::BTreeSet;
use std::time::Duration;
use windtunnel::net;
use windtunnel::time::sleep;
use windtunnel::world::{Outcome, Recorded, Report, Simulation, Tester, WhyLost};
use windtunnel::{NodeId, Seed, fs};

const A: NodeId = NodeId(1);

/// Answers after 20 ms, and has one byte more that it never syncs.
async fn server() {
    net::serve(|_, Echo(text)| async move {
        sleep(Duration::from_millis(20)).await;
        text
    });
    let Ok(file) = fs::File::create("unsynced").await else { return };
    let _ = file.write_at(0, b"x").await;
}

async fn echo() {
    let _ = net::call(A, Echo("one".into())).timeout(Duration::from_millis(100)).await;
}

/// Loses one message for each reason, and power.
async fn loses(tester: Tester) {
    let calling = windtunnel::spawn(echo());
    sleep(Duration::from_millis(15)).await; // it is asked, and has not answered
    tester.cut(A, NodeId::TESTER);
    let _ = calling.await;
    tester.mend(A, NodeId::TESTER);
    let calling = windtunnel::spawn(echo());
    sleep(Duration::from_micros(1)).await; // the request is on its way
    tester.cut(NodeId::TESTER, A);
    let _ = calling.await;
    tester.mend(NodeId::TESTER, A);
    tester.power_loss(A);
    echo().await;
    let _ = net::call(NodeId(9), Echo("who?".into())).timeout(Duration::from_millis(10)).await;
}

fn run(seed: u64, record: Recorded) -> Report<()> {
    let report = Simulation::new(Seed(seed)).nodes(1, server).with(|options| options.record = record).run(loses);
    assert!(matches!(report.outcome, Outcome::Finished(())), "{:?}", report.outcome);
    report
}

#[test]
fn what_is_lost_is_kept_with_its_ends_its_name_and_the_reason() {
    let recording = run(7, Recorded::Everything).recording.expect("the run was recorded");
    let lost: Vec<_> = recording
        .lost
        .iter()
        .map(|lost| (lost.from, lost.to, lost.request.as_deref().unwrap_or("reply"), lost.why))
        .collect();
    let tester = NodeId::TESTER;
    let reasons = [
        (A, tester, "reply", WhyLost::Cut),
        (tester, A, "echo", WhyLost::Cut),
        (tester, A, "echo", WhyLost::NoPower),
        (tester, NodeId(9), "echo", WhyLost::NoSuchNode),
    ];
    assert_eq!(lost, reasons);
    // What is lost where it arrives is lost then, not when it was sent.
    let sent = |lost: usize| {
        let before = recording.records.iter().take_while(|record| record.event <= recording.lost[lost].after);
        before.last().expect("something came before").at
    };
    assert_eq!(recording.lost[0].at, sent(0), "lost as it was sent");
    assert!(recording.lost[1].at > sent(1), "lost on arrival");
}

#[test]
fn what_a_power_loss_took_is_kept_and_recording_it_changes_nothing() {
    let mut seen = BTreeSet::new();
    for seed in 0..50 {
        let (plain, told) = (run(seed, Recorded::Nothing), run(seed, Recorded::Everything));
        assert_eq!((plain.trace_hash, plain.counters), (told.trace_hash, told.counters));
        let recording = told.recording.expect("the run was recorded");
        let [loss] = &recording.power_losses[..] else { panic!("there was one power loss") };
        assert_eq!(loss.node, A);
        assert!(recording.records.iter().any(|record| record.event == loss.after && record.node == NodeId::TESTER));
        assert_eq!(loss.report.unsynced_operations, 2, "a name and a byte");
        seen.extend(loss.report.lost_operations.iter().map(ToString::to_string));
    }
    let lost: Vec<_> = seen.iter().map(String::as_str).collect();
    assert_eq!(lost, ["creation of unsynced", "write of 1 bytes to unsynced at 0"]);
}
