//! What stands in the files of a node's disk, for the tester: a bound on the state besides the snapshot takes off what
//! is there of the snapshot, and nothing for one that is in memory alone.

use std::io;
use windtunnel::fs;

/// How often these bytes stand in the files, whatever these are called.
///
/// # Errors
/// When a file goes, or its disk fails, meanwhile.
pub async fn count(bytes: &[u8]) -> io::Result<u64> {
    let mut count = 0;
    let mut paths = vec![".".to_owned()];
    while let Some(path) = paths.pop() {
        if fs::metadata(&path).await?.directory {
            paths.extend(fs::read_dir(&path).await?.into_iter().map(|name| format!("{path}/{name}")));
        } else {
            count += occurrences(&fs::read(&path).await?, bytes);
        }
    }
    Ok(count)
}

/// Those that do not overlap. Most places are ruled out by their first byte.
fn occurrences(content: &[u8], bytes: &[u8]) -> u64 {
    let is_one = |window: &[u8]| window.first() == bytes.first() && window == bytes;
    let (mut rest, mut count) = (content, 0);
    while let Some(at) = rest.windows(bytes.len().max(1)).position(is_one) {
        rest = &rest[at + bytes.len()..];
        count += 1;
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;
    use windtunnel::Seed;
    use windtunnel::world::{Outcome, Simulation, Tester};

    #[test]
    fn bytes_are_counted_in_all_files_below_the_root_and_without_overlap() {
        assert_eq!(occurrences(b"aaaaa", b"aa"), 2);
        assert_eq!(occurrences(b"a", b"aa"), 0);
        let node = || async {
            fs::create_dir_all("state/old").await.unwrap();
            fs::write("snapshot", b"one state, one state").await.unwrap();
            fs::write("state/old/1", b"[one state]").await.unwrap();
            assert_eq!(count(b"one state").await.unwrap(), 3);
            assert_eq!(count(b"two states").await.unwrap(), 0);
            windtunnel::node::stop("it has counted");
        };
        let body = |tester: Tester| async move {
            while tester.is_running(windtunnel::NodeId(1)) {
                windtunnel::time::sleep(std::time::Duration::from_millis(1)).await;
            }
        };
        let report = Simulation::new(Seed(1)).nodes(1, node).run(body);
        assert!(matches!(report.outcome, Outcome::Finished(())), "{:?}", report.outcome);
        assert_eq!(report.counters.stops, 1);
    }
}
