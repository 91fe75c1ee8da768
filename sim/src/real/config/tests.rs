//! What is refused of a configuration, and with which words.

use super::*;

const GOOD: &str = r#"cluster = "demo"
node = 1
listen = "127.0.0.1:7001"
data = "data/1"
seed = 7
log_level = "debug"
peers = [
{ node = 1, address = "127.0.0.1:7001" },
{ node = 2, address = "[::1]:7002" },
]
[control]
listen = "127.0.0.1:8001"
token = "0123456789abcdef"
wait = true
"#;

fn parse(text: &str) -> Result<NodeConfig, String> {
    NodeConfig::parse(text, Path::new("node.toml")).map_err(|error| error.to_string())
}

#[test]
fn a_whole_configuration_is_read() {
    let config = parse(GOOD).unwrap();
    assert_eq!((config.node, config.seed, config.log_level), (NodeId(1), Seed(7), LogLevel::Debug));
    assert_eq!(config.peers[&NodeId(2)].port(), 7002);
    assert!(config.control.as_ref().is_some_and(|control| control.wait));
    assert!(!format!("{config:?}").contains("0123456789abcdef"), "the token is not shown");
}

#[test]
fn what_is_left_out_has_a_value() {
    let config = parse(
        "cluster = 'c'\nnode = 1\nlisten = '127.0.0.1:1'\ndata = 'd'\npeers = [{ node = 1, address = '127.0.0.1:1' }]",
    );
    let config = config.unwrap();
    assert_eq!((config.control, config.seed, config.log_level), (None, Seed(0), LogLevel::Info));
}

/// Each wrong configuration, made from the good one, and what is said of it.
#[test]
fn errors_name_file_line_and_fix() {
    let wrong = [
        ("node = 2,", "node = 1,", "node.toml:9: node 1 is in `peers` twice: give each node one address"),
        (
            "node = 1\n",
            "node = 3\n",
            "node.toml:2: `node` is 3, which is not in `peers`: list every member there, this node included",
        ),
        ("node = 1\n", "node = 0\n", "node.toml:2: node 0 is the tester's id: nodes count from 1"),
        (
            "\"127.0.0.1:7001\"\n",
            "\"0.0.0.0:7001\"\n",
            "node.toml:3: 0.0.0.0:7001 is reachable from other machines, and nothing is encrypted: use 127.0.0.1, or set `allow_remote = true`",
        ),
        (
            "127.0.0.1:8001",
            "192.168.0.1:8001",
            "node.toml:12: the control port listens on this machine only: use 127.0.0.1 instead of 192.168.0.1:8001",
        ),
        (
            "[::1]:7002",
            "localhost",
            "node.toml:9: `localhost` is no address: write an IP address and a port, as in 127.0.0.1:7001",
        ),
        (
            "0123456789abcdef",
            "secret",
            "node.toml:13: `token` needs at least 16 characters, drawn at random for each flight",
        ),
        ("\"demo\"", "\"\"", "node.toml:1: `cluster` needs a name of 1 to 200 bytes"),
    ];
    for (good, bad, said) in wrong {
        assert!(GOOD.contains(good), "{good}");
        assert_eq!(parse(&GOOD.replacen(good, bad, 1)).unwrap_err(), said);
    }
}

#[test]
fn unknown_and_missing_keys_are_named() {
    let error = parse(&GOOD.replace("seed = 7", "sede = 7")).unwrap_err();
    assert!(error.starts_with("node.toml:5: unknown field `sede`, expected one of"), "{error}");
    let error = parse(&GOOD.replace("data = \"data/1\"\n", "")).unwrap_err();
    assert!(error.contains("missing field `data`"), "{error}");
    let error = parse("cluster = ").unwrap_err();
    assert!(error.starts_with("node.toml:1: "), "{error}");
}

#[test]
fn remote_addresses_need_to_be_allowed_and_the_control_port_never_is() {
    let remote = GOOD.replacen("127.0.0.1:7001\"\n", "10.0.0.1:7001\"\n", 1).replace("seed = 7", "allow_remote = true");
    assert!(parse(&remote).is_ok());
    let error = parse(&remote.replace("127.0.0.1:8001", "10.0.0.1:8001")).unwrap_err();
    assert!(error.contains("the control port listens on this machine only"), "{error}");
}

#[test]
fn members_are_in_the_groups_that_are_said_and_settings_are_numbers() {
    let config = parse(GOOD).unwrap();
    assert_eq!((config.groups.len(), config.groups[0].len()), (1, config.peers.len()), "all in one unless it is said");
    assert!(config.settings.is_empty());
    let text = "cluster = 'c'\nnode = 1\nlisten = '127.0.0.1:1'\ndata = 'd'\nsettings = { limit = 7 }\n\
                peers = [{ node = 1, address = '127.0.0.1:1', group = 1 }, { node = 3, address = '127.0.0.1:3', group = 2 }, \
                { node = 2, address = '127.0.0.1:2', group = 1 }]";
    let config = parse(text).unwrap();
    assert_eq!(config.groups, [vec![NodeId(1), NodeId(2)], vec![NodeId(3)]]);
    assert_eq!(config.settings.get("limit"), Some(&7));
    let error = parse(&text.replace("limit = 7", "limit = 'x'")).unwrap_err();
    assert!(error.starts_with("node.toml:5: "), "{error}");
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let error = NodeConfig::read(Path::new("no/such/node.toml")).unwrap_err();
    assert!(error.to_string().starts_with("no/such/node.toml: the configuration cannot be read: "), "{error}");
}
