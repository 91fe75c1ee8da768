//! What a lab's worker said of itself last, so that a wrong name is answered before a build of minutes.
//! It holds as long as the labs' sources are what they were then; a cache, so nothing here is an error.

use crate::fingerprint::Fingerprint;
use crate::house::House;
use crate::seeds::random_name;
use lab_harness::protocol::{Hello, TraceHash};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

#[derive(Debug, Serialize, Deserialize)]
struct Known {
    /// The labs' sources at that time.
    labs: TraceHash,
    hello: Hello,
}

/// The hello that a build would come to, if that is known.
pub fn hello(house: &House, lab: &str) -> Option<Hello> {
    let text = std::fs::read_to_string(path(house, lab)).ok()?;
    let known: Known = serde_json::from_str(&text).ok()?;
    (known.hello.lab == lab && known.labs == Fingerprint::of_labs(house).whole).then_some(known.hello)
}

/// Keeps a hello for the next time.
pub fn remember(house: &House, hello: &Hello) {
    if house.check_lab(&hello.lab).is_err() {
        return;
    }
    let known = Known { labs: Fingerprint::of_labs(house).whole, hello: hello.clone() };
    let path = path(house, &hello.lab);
    let temporary = path.with_extension(random_name());
    let Some(directory) = path.parent() else { return };
    let written = std::fs::create_dir_all(directory)
        .and_then(|()| std::fs::write(&temporary, serde_json::to_vec(&known)?))
        .and_then(|()| std::fs::rename(&temporary, &path));
    if written.is_err() {
        let _ = std::fs::remove_file(&temporary);
    }
}

fn path(house: &House, lab: &str) -> PathBuf {
    house.output.join("labs").join(format!("{lab}.json"))
}
