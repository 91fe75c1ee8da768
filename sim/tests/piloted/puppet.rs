//! A node that does what it is told over its control port, in words.

use serde::{Deserialize, Serialize};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::Path;
use std::rc::Rc;
use std::time::Duration;
use windtunnel::time::sleep;
use windtunnel::world::Tester;
use windtunnel::{NodeId, fs, net, node, spawn};

/// How long a call waits.
pub const DEADLINE: Duration = Duration::from_millis(400);

#[derive(Serialize, Deserialize)]
struct Whisper(String);

impl net::Request for Whisper {
    type Reply = String;
    const NAME: &'static str = "whisper";
}

/// The same, to be answered after so many milliseconds.
#[derive(Serialize, Deserialize)]
struct Later(u64, String);

impl net::Request for Later {
    type Reply = String;
    const NAME: &'static str = "later";
}

/// What a node has heard, and how often.
type Heard = Rc<RefCell<BTreeMap<String, u64>>>;

fn hear(heard: &Heard, from: NodeId, words: &str) -> String {
    node::observe("heard", &words);
    *heard.borrow_mut().entry(words.to_owned()).or_default() += 1;
    format!("{} heard `{words}` from {from}", node::name())
}

/// What a node runs.
pub async fn main() {
    // In the tunnel it has none.
    let config = std::env::args_os().skip_while(|argument| argument != "--config").nth(1).unwrap_or_default();
    let is_marked = |mark| !config.is_empty() && Path::new(&config).with_file_name(mark).exists();
    if is_marked("slow") {
        std::thread::sleep(Duration::from_millis(300)); // in its first step: it becomes ready as late
    }
    if is_marked("doomed") {
        node::stop("doomed from the start");
    }
    let heard = Heard::default();
    let (whispers, later) = (heard.clone(), heard.clone());
    net::serve(move |from, Whisper(words)| {
        let reply = hear(&whispers, from, &words);
        async { reply }
    });
    net::serve(move |from, Later(millis, words)| {
        let reply = hear(&later, from, &words);
        async move {
            sleep(Duration::from_millis(millis)).await;
            reply
        }
    });
    node::control(move |body| {
        let heard = heard.clone();
        async move {
            let order = String::from_utf8(body).expect("orders are text");
            match order.strip_prefix("count ") {
                Some(words) => heard.borrow().get(words).copied().unwrap_or_default().to_string().into_bytes(),
                None => obey(&order).await.into_bytes(),
            }
        }
    });
    node::observe("up", &());
}

async fn obey(order: &str) -> String {
    let (verb, rest) = order.split_once(' ').unwrap_or((order, ""));
    match verb {
        "pid" => std::process::id().to_string(),
        "call" => {
            let (peer, words) = rest.split_once(' ').expect("call <peer> <words>");
            let peer = NodeId(peer.parse().expect("a node's number"));
            // What causes what, for the order in which a tester sees it.
            node::observe("said", &words);
            match net::call(peer, Whisper(words.to_owned())).timeout(DEADLINE).await {
                Ok(reply) => reply,
                Err(error) => error.to_string(),
            }
        }
        "later" => {
            let (peer, rest) = rest.split_once(' ').expect("later <peer> <milliseconds> <words>");
            let (millis, words) = rest.split_once(' ').expect("later <peer> <milliseconds> <words>");
            let peer = NodeId(peer.parse().expect("a node's number"));
            let request = Later(millis.parse().expect("milliseconds"), words.to_owned());
            match net::call(peer, request).timeout(DEADLINE * 5).await {
                Ok(reply) => reply,
                Err(error) => error.to_string(),
            }
        }
        "chatter" => {
            let (peer, words) = rest.split_once(' ').expect("chatter <peer> <words>");
            let (peer, words) = (NodeId(peer.parse().expect("a node's number")), words.to_owned());
            spawn(async move {
                for number in 0_u64.. {
                    let words = format!("{words}-{number}");
                    node::observe("said", &words);
                    let _ = net::call(peer, Whisper(words)).timeout(DEADLINE).await;
                }
            });
            "chattering".to_owned()
        }
        "show" => {
            let count: u64 = rest.parse().expect("a number");
            (0..count).for_each(|number| node::observe("shown", &number));
            "shown".to_owned()
        }
        "write" => {
            let file = fs::OpenOptions::new().append(true).create(true).open("words").await.expect("a file");
            file.append(rest.as_bytes()).await.expect("room");
            "written".to_owned()
        }
        "sync" => {
            let count: u64 = rest.parse().expect("a number");
            let file = fs::OpenOptions::new().append(true).create(true).open("words").await.expect("a file");
            for _ in 0..count {
                file.sync_all().await.expect("a disk");
            }
            fs::sync_dir(".").await.expect("a disk");
            node::observe("synced", &count);
            "synced".to_owned()
        }
        "read" => String::from_utf8(fs::read("words").await.unwrap_or_default()).expect("text"),
        "panic" => panic!("{rest}"),
        "stop" => node::stop(rest),
        _ => format!("no such order: {order}"),
    }
}

/// Gives a node an order and waits for the answer.
pub async fn order(tester: &Tester, node: u32, words: &str) -> String {
    match tester.control(NodeId(node), words.as_bytes().to_vec()).await {
        Ok(answer) => String::from_utf8(answer).expect("answers are text"),
        Err(failure) => format!("{failure:?}"),
    }
}
