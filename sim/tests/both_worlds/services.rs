//! What every node serves, for bodies to call.

use serde::{Deserialize, Serialize};
use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;
use windtunnel::collections::HashMap;
use windtunnel::net::{self, CallError, Request};
use windtunnel::{NodeId, fs, node, rand, spawn};

/// Long enough for whatever answers at all.
pub const PATIENCE: Duration = Duration::from_secs(10);
/// Short enough to wait for.
pub const DEADLINE: Duration = Duration::from_millis(150);

macro_rules! rpc {
    ($(#[$doc:meta])* $name:ident($($field:ty),*) -> $reply:ty as $text:literal) => {
        $(#[$doc])*
        #[derive(Debug, Serialize, Deserialize)]
        pub struct $name($(pub $field),*);

        impl Request for $name {
            type Reply = $reply;
            const NAME: &'static str = $text;
        }
    };
}

rpc!(
    /// Answers with what it was asked.
    Echo(String) -> String as "echo"
);
rpc!(
    /// Adds up, and answers with the sum since the start.
    Count(u32) -> u32 as "count"
);
rpc!(
    /// Says to the caller that it has been asked, and never answers.
    Hang() -> () as "hang"
);
rpc!(
    /// Never answers.
    Never() -> () as "never"
);
rpc!(
    /// What `Hang` says.
    Hangs() -> () as "hangs"
);
rpc!(
    /// Ends the node that is asked.
    Stop() -> () as "stop"
);
rpc!(
    /// A text of so many bytes.
    Long(u64) -> String as "long"
);
rpc!(
    /// The names in the root of the node that is asked.
    Names() -> Vec<String> as "names"
);
rpc!(
    /// Writes a file, without a sync.
    Keep(String) -> () as "keep"
);
rpc!(
    /// Reads it.
    Kept() -> String as "kept"
);

rpc!(
    /// The next words of a stream.
    Draw(u64) -> Vec<u64> as "draw"
);
rpc!(
    /// In which order a map of the numbers below 64 gives them out.
    Order() -> Vec<u32> as "order"
);

/// The stream that `Draw` draws from.
pub const STREAM: &str = "both worlds";

/// As a map has them.
pub fn order() -> Vec<u32> {
    (0..64).map(|number| (number, ())).collect::<HashMap<u32, ()>>().keys().copied().collect()
}

pub fn serve() {
    net::serve(|_, Draw(count)| async move {
        let stream = rand::stream(STREAM);
        (0..count).map(|_| stream.word()).collect()
    });
    net::serve(|_, Order()| async { order() });
    net::serve(|_, Names()| async { fs::read_dir(".").await.expect("the root is there") });
    net::serve(|_, Keep(text)| async move { fs::write("kept", text.as_bytes()).await.expect("there is room") });
    net::serve(|_, Kept()| async {
        String::from_utf8(fs::read("kept").await.expect("it was written")).expect("it was text")
    });
    net::serve(|_, Echo(text)| async move { text });
    let sum = Rc::new(Cell::new(0));
    net::serve(move |_, Count(more)| {
        sum.set(sum.get() + more);
        let sum = sum.get();
        async move { sum }
    });
    net::serve(|from, Hang()| async move {
        let _ = net::call(from, Hangs()).timeout(PATIENCE).await;
        std::future::pending().await
    });
    net::serve(|_, Never()| std::future::pending());
    net::serve(|_, Stop()| async { node::stop("it was asked to") });
    net::serve(|_, Long(count)| async move { "x".repeat(count as usize) });
}

/// Calls `to` and returns when it has the request, which it never answers.
pub async fn hang(to: NodeId) -> windtunnel::task::JoinHandle<Result<(), CallError>> {
    let (sender, asked) = windtunnel::sync::oneshot::channel();
    let sender = Cell::new(Some(sender));
    net::serve(move |_, Hangs()| {
        if let Some(sender) = sender.take() {
            let _ = sender.send(());
        }
        async {}
    });
    let call = spawn(async move { net::call(to, Hang()).timeout(PATIENCE).await });
    asked.await.expect("the peer says that it hangs");
    call
}

pub async fn echo(to: NodeId, text: &str) -> Result<String, CallError> {
    net::call(to, Echo(text.into())).timeout(PATIENCE).await
}
