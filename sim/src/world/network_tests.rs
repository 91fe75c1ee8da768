use super::*;

const LINK: (NodeId, NodeId) = (NodeId(1), NodeId(2));
const PING: Method = Method::Borrowed("ping");

fn network(weather: LinkWeather) -> Network {
    Network::new(Seed(7), 3, weather)
}

fn routes(weather: LinkWeather, messages: usize) -> Vec<Route> {
    let mut network = network(weather);
    (0..messages).map(|_| network.route(Nanos::ZERO, LINK, &PING, false, 64)).collect()
}

#[test]
fn a_calm_link_loses_nothing_and_keeps_its_bounds() {
    for route in routes(LinkWeather::default(), 10_000) {
        let arrival = route.arrival.expect("a calm link loses nothing");
        assert!((Nanos::from_millis(1)..=Nanos::from_millis(10)).contains(&arrival));
        assert_eq!(route.copy, None);
    }
}

#[test]
fn loss_duplication_and_tail_meet_their_rates() {
    let rough = LinkWeather {
        loss_ppm: Ppm(100_000),
        duplicate_ppm: Ppm(200_000),
        tail_ppm: Ppm(300_000),
        ..LinkWeather::default()
    };
    let routes = routes(rough, 100_000);
    let lost = routes.iter().filter(|route| route.arrival.is_none()).count();
    let copied = routes.iter().filter(|route| route.copy.is_some()).count();
    let late = routes.iter().filter(|route| route.arrival > Some(Nanos::from_millis(10))).count();
    assert!((9_500..10_500).contains(&lost), "{lost} lost of 100,000 at 10 %");
    assert!((17_400..18_600).contains(&copied), "{copied} copies: 20 % of the 90 % that arrive");
    assert!((26_200..27_800).contains(&late), "{late} late: 30 % of the 90 % that arrive");
}

#[test]
fn late_copies_meet_their_rate_and_move_nothing_else() {
    let rough = LinkWeather { late_copy_ppm: Ppm(200_000), ..LinkWeather::default() };
    let mut network = network(rough);
    let late = (0..100_000).filter_map(|_| network.late_copy(LINK, &PING));
    let [mut copies, mut latest] = [0, 0];
    for late in late {
        copies += 1;
        latest = late.0.max(latest);
    }
    assert!((19_400..20_600).contains(&copies), "{copies} late copies of 100,000 at 20 %");
    assert!((Nanos::from_millis(195)..=Nanos::from_millis(200)).contains(&Nanos(latest)), "the tail's most: {latest}");
    let after = network.route(Nanos::ZERO, LINK, &PING, false, 64);
    assert_eq!(after, routes(LinkWeather::default(), 1)[0]);
}

#[test]
fn messages_that_are_held_back_are_overtaken() {
    let rough =
        LinkWeather { reorder_ppm: Ppm(250_000), reorder_by: [Nanos::from_millis(50); 2], ..LinkWeather::default() };
    let late = routes(rough, 100_000).iter().filter(|route| route.arrival > Some(Nanos::from_millis(50))).count();
    assert!((24_200..25_800).contains(&late), "{late} held back of 100,000 at 25 %");
}

#[test]
fn switching_a_fault_on_leaves_all_other_decisions_as_they_were() {
    let calm = routes(LinkWeather::default(), 1_000);
    let lossy = routes(LinkWeather { loss_ppm: Ppm(300_000), ..LinkWeather::default() }, 1_000);
    for (calm, lossy) in calm.iter().zip(&lossy) {
        assert!(lossy.arrival.is_none() || lossy.arrival == calm.arrival);
    }
}

#[test]
fn another_rpc_on_the_same_link_moves_nothing() {
    let mut alone = network(LinkWeather::default());
    let mut shared = network(LinkWeather::default());
    for _ in 0..100 {
        shared.route(Nanos::ZERO, LINK, &Method::Borrowed("other"), false, 64);
        shared.route(Nanos::ZERO, LINK, &PING, true, 64);
        assert_eq!(alone.route(Nanos::ZERO, LINK, &PING, false, 64), shared.route(Nanos::ZERO, LINK, &PING, false, 64));
    }
}

#[test]
fn a_narrow_link_makes_messages_wait_and_then_drops_them() {
    let narrow = LinkWeather {
        bandwidth: Some(1_000),
        latency: [Nanos::ZERO, Nanos::ZERO],
        queue_limit: Nanos::from_secs(2),
        ..LinkWeather::default()
    };
    let mut network = network(narrow);
    let mut arrivals = (0..6).map(|_| network.route(Nanos::ZERO, LINK, &PING, false, 1_000).arrival);
    for second in 1..=3 {
        assert_eq!(arrivals.next(), Some(Some(Nanos::from_secs(second))));
    }
    assert!(arrivals.all(|arrival| arrival.is_none()), "the queue is longer than two seconds");
}

#[test]
fn a_cut_has_a_direction() {
    let mut network = network(LinkWeather::default());
    network.set_cut(NodeId(1), NodeId(2), true);
    assert_eq!(network.route(Nanos::ZERO, LINK, &PING, false, 1).arrival, None);
    assert!(network.route(Nanos::ZERO, (NodeId(2), NodeId(1)), &PING, false, 1).arrival.is_some());
}
