use super::*;
use crate::failed::Failed;
use crate::judge::{Interest, Judge};
use crate::protocol::{Row, RowKind};
use crate::watch::Broken;
use windtunnel::line::{CallId, ControlId, DiskReply, Effect, Event, OperationId, TimerId};
use windtunnel::world::disk::{DiskWeather, Loss, LostOperation, PowerLossReport, UnsyncedOperation};
use windtunnel::world::{
    Command, Intervention, LinkWeather, LostMessage, Moment, PowerLoss, Record, Recording, WhyLost,
};
use windtunnel::{EventNumber, Nanos, NodeId, Ppm};

/// Takes observations for what they say; counts go on.
struct Literal;

impl Judge for Literal {
    fn new(_: u32) -> Self {
        Literal
    }

    fn observed(&mut self, _: Moment, _: NodeId, _: &str, _: &[u8]) -> Result<Interest, Failed> {
        Ok(Interest::None)
    }

    fn narrate(&mut self, _: NodeId, _: &str, body: &[u8]) -> Option<String> {
        String::from_utf8(body.to_vec()).ok()
    }

    fn run(text: &str) -> Option<Run> {
        Run::read("log ", text)
    }
}

/// A millisecond an event.
fn at(event: u64) -> Nanos {
    Nanos::from_millis(event)
}

fn record(event: u64, node: u32, what: Event, effects: Vec<Effect>) -> Record {
    Record { event: EventNumber(event), at: at(event), node: NodeId(node), what, effects, hash: 0 }
}

fn timer() -> Event {
    Event::Timer(TimerId { slot: 1, generation: 1 })
}

fn shows(text: &str) -> Effect {
    Effect::Observe { kind: "text".into(), body: text.into() }
}

fn sends(to: u32, call: u64) -> Effect {
    Effect::Send { to: NodeId(to), call: CallId(call), method: "ask".into(), body: Vec::new() }
}

fn strike(after: u64, command: Command) -> Intervention {
    Intervention { after: EventNumber(after), at: at(after), command }
}

fn link(to: u32, weather: LinkWeather) -> Command {
    Command::Link { from: NodeId(1), to: NodeId(to), weather }
}

fn disk(weather: DiskWeather) -> Command {
    Command::Disk { node: NodeId(1), weather: Box::new(weather) }
}

fn broken(event: u64, node: u32, nodes: impl IntoIterator<Item = u32>) -> Broken {
    let failed = Failed::new("the-rule", "The rule is broken.").on(nodes.into_iter().map(NodeId));
    Broken { failed, moment: Moment { at: at(event), event: EventNumber(event) }, node: NodeId(node) }
}

fn all(recording: &Recording) -> Vec<Row> {
    rows::<Literal>(recording, 3)
}

fn story(recording: &Recording, broken: &Broken, nodes: u32) -> Vec<Row> {
    let mut rows = rows::<Literal>(recording, nodes);
    mark(&mut rows, broken);
    of_failure::<Literal>(&rows, broken, nodes)
}

/// Node and words, with the arrow if there is one.
fn told(rows: &[Row]) -> Vec<(u32, String)> {
    let words = |row: &Row| match (row.peer, &row.peer_text) {
        (Some(peer), Some(did)) => format!("{} -> {}: {did}", row.text, peer.0),
        _ => row.text.clone(),
    };
    rows.iter().map(|row| (row.node.0, words(row))).collect()
}

fn expected<'a>(rows: impl IntoIterator<Item = (u32, &'a str)>) -> Vec<(u32, String)> {
    rows.into_iter().map(|(node, text)| (node, text.to_owned())).collect()
}

fn interventions(interventions: Vec<Intervention>) -> Recording {
    Recording { interventions, ..Recording::default() }
}

#[test]
fn questions_in_a_row_are_one_row_with_a_count_and_what_happened_in_between_parts_them() {
    let asked =
        |event, node| record(event, node, Event::Control { id: ControlId(event), body: Vec::new() }, Vec::new());
    let records = vec![
        asked(1, 1),
        asked(2, 2),
        asked(3, 1),
        asked(4, 1),
        asked(5, 2),
        record(6, 2, timer(), Vec::new()),
        asked(7, 2),
        asked(8, 1),
    ];
    let rows = all(&Recording { records, ..Recording::default() });
    let told: Vec<(u64, u32, &str)> = rows.iter().map(|row| (row.event, row.node.0, row.text.as_str())).collect();
    let asked = "asked by the test";
    assert_eq!(
        told,
        [(1, 1, "asked by the test ×4"), (2, 2, "asked by the test ×2"), (6, 2, "timer goes off"), (7, 2, asked)]
    );
}

#[test]
fn links_that_are_struck_say_how_and_when_they_are_fair_again() {
    let fair = LinkWeather { latency: [Nanos::from_micros(500), Nanos::from_millis(7)], ..LinkWeather::default() };
    let slow = LinkWeather { latency: [Nanos::from_millis(50), Nanos::from_millis(57)], ..fair };
    let lossy = LinkWeather { loss_ppm: Ppm(102_500), ..slow };
    let rows = all(&interventions(vec![
        strike(0, link(2, fair)),
        strike(0, link(3, fair)),
        strike(1, link(3, slow)),
        strike(2, link(3, slow)),
        strike(3, link(3, lossy)),
        strike(4, link(3, fair)),
        strike(5, link(2, lossy)),
        strike(6, link(2, LinkWeather::default())),
        strike(6, link(3, LinkWeather::default())),
    ]));
    let words = [
        (1, "link to 2: 500..7000 µs"),
        (1, "link to 3: 500..7000 µs"),
        (1, "link to 3: 50..57 ms"),
        (1, "link to 3: 10.25 % lost, 50..57 ms"),
        (1, "link to 3 fair again"),
        (1, "link to 2: 10.25 % lost, 50..57 ms"),
        (1, "link to 2 fair again"),
    ];
    assert_eq!(told(&rows), expected(words));
    let kinds: Vec<RowKind> = rows.iter().map(|row| row.kind).collect();
    let (set, struck, fair) = (RowKind::Control, RowKind::Fault, RowKind::Observation);
    assert_eq!(kinds, [set, set, struck, struck, fair, struck, fair]);
}

#[test]
fn links_of_a_node_that_are_struck_alike_at_once_are_one_row() {
    let lossy = LinkWeather { loss_ppm: Ppm(100_000), ..LinkWeather::default() };
    let commands = [2, 3].map(|to| Effect::Command(Box::new(link(to, lossy))));
    let records = vec![record(1, 0, Event::Changed, commands.to_vec())];
    let rows = all(&Recording { records, ..Recording::default() });
    assert_eq!(told(&rows), expected([(1, "link to 2 3: 10 % lost")]));
}

#[test]
fn a_disk_that_is_struck_says_how_and_when_it_is_fair_again() {
    let failing = DiskWeather { sync_error_ppm: Ppm(50_000), capacity: Some(4_096), ..DiskWeather::default() };
    let struck = vec![strike(1, disk(failing)), strike(2, disk(DiskWeather::default()))];
    let words = [(1, "disk: 5 % of syncs fail, room for 4096 bytes"), (1, "disk fair again")];
    assert_eq!(told(&all(&interventions(struck))), expected(words));
}

#[test]
fn a_power_loss_says_what_it_took() {
    let write = |path: &str, loss| LostOperation {
        operation: UnsyncedOperation::Write { path: path.to_owned(), offset: 0, length: 8 },
        loss,
    };
    let fsync = LostOperation { operation: UnsyncedOperation::Sync { path: "vote".to_owned() }, loss: Loss::InFlight };
    let took = |after, lost_operations: Vec<LostOperation>| {
        let report = PowerLossReport { lost_operations, ..PowerLossReport::default() };
        PowerLoss { after: EventNumber(after), node: NodeId(1), report }
    };
    let losses = [2, 3, 4, 5, 6].map(|after| strike(after, Command::PowerLoss(NodeId(1))));
    let recording = Recording {
        interventions: losses.to_vec(),
        power_losses: vec![
            took(1, vec![fsync.clone()]), // of before the recording
            took(2, Vec::new()),
            took(3, vec![write("vote", Loss::Torn)]),
            // At event 4 the machine has no power to lose.
            took(5, vec![write("journal", Loss::Whole), write("journal", Loss::InFlight)]),
            took(6, vec![write("vote", Loss::InFlight), fsync]),
        ],
        ..Recording::default()
    };
    let words = [
        (1, "power loss, nothing lost"),
        (1, "power loss: write of vote lost"),
        (1, "power loss"),
        (1, "power loss: 2 writes lost, last write of journal"),
        (1, "power loss: 2 changes lost, last fsync of vote"),
    ];
    assert_eq!(told(&all(&recording)), expected(words));
}

#[test]
fn a_node_that_stops_says_why_in_its_column() {
    let reason = "the journal cannot be written".to_owned();
    let stopped = record(1, 2, timer(), vec![shows("log 1"), Effect::Stopped { reason }]);
    let rows = all(&Recording { records: vec![stopped], ..Recording::default() });
    let words = [(2, "timer goes off"), (2, "log 1"), (2, "stops: the journal cannot be written")];
    assert_eq!((told(&rows), rows[2].kind), (expected(words), RowKind::Fault));
}

/// Without what came in nobody sees why it stopped: a stop is all that the node shows.
#[test]
fn what_made_a_node_stop_is_in_the_story() {
    let stops = || vec![Effect::Stopped { reason: "a hole".to_owned() }];
    let request = || Event::Request { from: NodeId(1), call: CallId(3), method: "ask".into(), body: Vec::new() };
    let asked = |event| record(event, 2, Event::Control { id: ControlId(event), body: Vec::new() }, Vec::new());
    let done = Event::Disk { operation: OperationId(1), result: Ok(DiskReply::Done) };
    let told_of = |records: Vec<Record>| {
        let event = records.last().expect("there is one").event.0;
        told(&story(&Recording { records, ..Recording::default() }, &broken(event, 2, [2]), 3))
    };
    let stopped = [(2, "stops: a hole"), (2, "the-rule")];
    let expected_after = |first| expected([first].into_iter().chain(stopped));

    let by_request = vec![record(1, 2, timer(), Vec::new()), record(2, 2, request(), stops())];
    assert_eq!(told_of(by_request), expected_after((1, "ask -> 2: takes it")));
    let by_timer = vec![record(1, 2, request(), Vec::new()), record(2, 2, timer(), stops())];
    assert_eq!(told_of(by_timer), expected_after((2, "timer goes off")));
    let question = record(3, 2, Event::Control { id: ControlId(9), body: Vec::new() }, stops());
    assert_eq!(told_of(vec![asked(1), asked(2), question]), expected_after((2, "asked by the test")));
    let reply = Event::Reply { call: CallId(7), result: Ok(Vec::new()) };
    let by_reply = vec![record(1, 2, timer(), vec![sends(3, 7)]), record(2, 2, reply, stops())];
    assert_eq!(told_of(by_reply), expected_after((3, "answers ask -> 2: takes it")));
    let by_disk = vec![record(1, 2, request(), Vec::new()), record(2, 2, done, stops())];
    assert_eq!(told_of(by_disk), expected_after((2, "disk done, after ask of node 1")));
}

#[test]
fn what_a_reply_made_a_node_show_stands_at_the_head_of_an_arrow_from_whoever_replied() {
    let reply = |call| Event::Reply { call: CallId(call), result: Ok(Vec::new()) };
    let records = vec![
        record(1, 1, timer(), vec![sends(2, 1), sends(3, 2)]),
        record(2, 1, reply(1), Vec::new()),
        record(3, 1, reply(2), vec![shows("leader"), shows("log 1")]),
        record(4, 1, reply(9), vec![shows("log 2")]), // its call is not recorded
    ];
    let rows = all(&Recording { records, ..Recording::default() });
    let words =
        [(1, "timer goes off"), (1, "ask"), (1, "ask"), (3, "answers ask -> 1: leader"), (1, "log 1"), (1, "log 2")];
    assert_eq!(told(&rows), expected(words));
}

#[test]
fn messages_lost_near_the_break_between_nodes_of_the_rule_are_in_the_story_and_all_in_the_replay() {
    let lost = |after, from, to, request: Option<&'static str>, why| LostMessage {
        after: EventNumber(after),
        at: at(after),
        from: NodeId(from),
        to: NodeId(to),
        request: request.map(Into::into),
        why,
    };
    let recording = Recording {
        records: vec![record(2_000, 3, timer(), vec![shows("leader")])],
        lost: vec![
            lost(100, 1, 3, Some("append"), WhyLost::Cut), // too long ago
            lost(1_500, 1, 3, Some("append"), WhyLost::Cut),
            lost(1_501, 1, 2, Some("append"), WhyLost::Cut), // 2 has no share in it
            lost(1_502, 3, 1, None, WhyLost::Weather),
            lost(1_503, 1, 3, Some("append"), WhyLost::Cut),
        ],
        ..Recording::default()
    };
    assert_eq!(all(&recording).len(), 7);
    let words = [(3, "reply to 1 lost"), (1, "append to 3 lost: cut ×2"), (3, "leader")];
    assert_eq!(told(&story(&recording, &broken(2_000, 3, [1]), 3)), expected(words));
}

#[test]
fn a_log_that_grows_is_one_row_and_does_not_push_the_cause_out() {
    let mut records = vec![record(1, 2, timer(), vec![shows("votes for 1")])];
    let request = |call| Event::Request { from: NodeId(1), call: CallId(call), method: "ask".into(), body: Vec::new() };
    for event in 2..=101 {
        let (node, what) = if event % 2 == 0 { (1, timer()) } else { (2, request(event)) };
        records.push(record(event, node, what, vec![shows(&format!("log {} of term 1", event / 2))]));
    }
    records.push(record(102, 1, timer(), vec![shows("follower")]));
    records.push(record(103, 1, timer(), vec![shows("log 51 of term 1")]));
    records.push(record(104, 2, timer(), vec![shows("votes for 3")]));
    records.push(record(105, 2, timer(), vec![shows("votes for 4")]));
    let recording = Recording { records, ..Recording::default() };
    let words = [
        (2, "votes for 1"),
        (1, "log 1..50 of term 1"),
        (1, "ask -> 2: log 1..50 of term 1"),
        (1, "follower"),
        (1, "log 51 of term 1"),
        (2, "votes for 3"),
        (2, "votes for 4"),
    ];
    assert_eq!(told(&story(&recording, &broken(105, 2, []), 3)), expected(words));
}

#[test]
fn of_many_nodes_those_of_the_rule_are_shown() {
    let records = (1..=5).map(|node| record(u64::from(node), node, timer(), vec![shows("votes")]));
    let recording = Recording { records: records.collect(), ..Recording::default() };
    let told = told(&story(&recording, &broken(5, 5, [1, 3]), 5));
    assert_eq!(told, expected([(1, "votes"), (3, "votes"), (5, "votes")]));
}

/// With a look back over all rows for each question this would take a minute.
#[test]
fn a_long_run_in_which_a_node_is_asked_all_the_time_is_told_in_linear_time() {
    let questions = 100_000;
    let records = (1..=questions).flat_map(|turn| {
        let asked = Event::Control { id: ControlId(turn), body: Vec::new() };
        [record(turn * 2, 1, timer(), Vec::new()), record(turn * 2 + 1, 2, asked, Vec::new())]
    });
    let rows = all(&Recording { records: records.collect(), ..Recording::default() });
    assert_eq!(rows.len() as u64, questions + 1);
    assert_eq!(rows[1].text, "asked by the test ×100000");
}
