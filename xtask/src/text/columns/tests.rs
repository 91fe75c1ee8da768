use super::*;

fn row(event: u64, node: u32, text: &str) -> Row {
    let (kind, text) = (RowKind::Observation, text.to_owned());
    Row { event, at_ns: event * 1_000_000, node: NodeId(node), kind, text, peer: None, peer_text: None }
}

fn message(event: u64, from: u32, sent: &str, to: u32, did: &str) -> Row {
    Row { kind: RowKind::Message, peer: Some(NodeId(to)), peer_text: Some(did.to_owned()), ..row(event, from, sent) }
}

fn here(row: Row) -> Row {
    Row { kind: RowKind::Violation, ..row }
}

#[test]
fn more_nodes_than_columns_are_parted_into_tables_of_those_who_took_part() {
    let vote = |event, to, did| message(event, 4, "request_vote", to, did);
    let rows = [
        row(1, 4, "candidate of 2"),
        vote(2, 1, "votes for node 4"),
        vote(3, 2, "follower of 2"),
        vote(4, 3, "follower of 2"),
        vote(5, 5, "votes for node 4"),
        here(row(6, 4, "leader of 2")),
    ];
    assert_eq!(
        render(&rows, 80),
        [
            "     time  node 1           node 2           node 3           node 4",
            "  0.001 s                                                     candidate of 2",
            "  0.002 s  votes for node 4 ◀──────────────────────────────── request_vote",
            "  0.003 s                   follower of 2 ◀────────────────── request_vote",
            "  0.004 s                                    follower of ◀─── request_vote",
            "                                             2",
            "",
            "     time  node 4                            node 5",
            "  0.005 s  request_vote ───────────────────▶ votes for node 4",
            "  0.006 s  leader of 2   ← here",
        ]
    );
}

#[test]
fn a_receiver_that_showed_nothing_needs_no_column() {
    let sent = |to| Row { peer: Some(NodeId(to)), ..row(1, 1, "append_entries") };
    let lines = render(&[sent(2), sent(3), sent(4), sent(5)], 80);
    assert_eq!(lines[0], "     time  node 1");
    assert_eq!(lines.len(), 5);
}

#[test]
fn what_broke_is_shown_whole_in_every_column_and_direction() {
    let did = "votes for node 3, which is behind, and says so at some length";
    let others: Vec<Row> = (1..=4).map(|node| row(node.into(), node, "starts again")).collect();
    let deciding = |row: Row| render(&[&*others, &[here(row)]].concat(), 80).split_off(5);
    for to in 1..=4 {
        for from in (1..=4).filter(|from| *from != to) {
            let lines = deciding(message(9, from, "request_vote", to, did));
            let told = lines.iter().flat_map(|line| line.split_whitespace());
            let told: Vec<&str> = told.filter(|word| did.split(' ').any(|known| known == *word)).collect();
            assert_eq!(told, did.split(' ').collect::<Vec<_>>(), "{lines:#?}");
            assert!(lines.last().unwrap().ends_with("← here") && lines.len() <= 5, "{lines:#?}");
            assert!(lines.iter().all(|line| line.chars().count() <= 80), "{lines:#?}");
        }
    }
    assert_eq!(
        deciding(message(9, 1, "request_vote", 4, "votes for node 3")),
        [
            "  0.009 s  request_vote ────────────────────────────────────▶ votes for node 3",
            "                                                              ← here",
        ]
    );
    assert_eq!(
        deciding(message(9, 3, "request_vote", 2, "votes for node 3")),
        ["  0.009 s                   votes for ◀───── request_vote", "                            node 3   ← here",]
    );
    assert_eq!(
        deciding(row(9, 4, "commits 12 entries")),
        [
            "  0.009 s                                                     commits 12 entries",
            "                                                              ← here",
        ]
    );
}

#[test]
fn a_message_that_made_nobody_show_anything_says_to_whom_it_went() {
    let silent = Row { peer_text: None, ..message(2, 1, "request_vote", 3, "") };
    let lines = render(&[row(1, 2, "follower of 1"), silent, row(3, 3, "follower of 1")], 80);
    assert_eq!(lines[2], "  0.002 s  request_vote to 3");
}
