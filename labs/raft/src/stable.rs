//! A state saved whole: for those who write no log file of their own.
//!
//! [`Stable::save`] replaces the file with one that holds the state and the snapshot ([`fs::replace`]), so
//! that after a power loss at any moment the disk holds the old one or the new one, whole.
//! It writes everything every time; an append-only log is faster, and part of no exercise.

use crate::observation::{Persisted, persisted};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::cell::RefCell;
use std::io;
use std::rc::Rc;
use windtunnel::sync::Mutex;
use windtunnel::{NodeId, fold, fs, node, spawn};

/// What was saved last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Saved<S> {
    /// The state.
    pub state: S,
    /// The snapshot; empty if there was none.
    pub snapshot: Vec<u8>,
}

/// A place on the node's disk that holds one state and one snapshot. (Figure 2, "Persistent
/// state"; section 7 for the snapshot)
///
/// ```no_run
/// # use lab_raft::{Stable, Term};
/// # use windtunnel::NodeId;
/// # async fn example() -> std::io::Result<()> {
/// let stable = Stable::named("raft");
/// let (term, voted_for): (Term, Option<NodeId>) = match stable.load().await? {
///     Some(saved) => saved.state,
///     None => Default::default(), // the first start
/// };
/// stable.save(&(term.next(), voted_for), b"").await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Stable(Rc<Inner>);

#[derive(Debug)]
struct Inner {
    file: String,
    newest: RefCell<Newest>,
    /// Held by the one task that writes; counts what is durable.
    durable: Rc<Mutex<u64>>,
}

/// The latest state handed over, and which one that is, counted from 1.
#[derive(Clone, Debug, Default)]
struct Newest {
    number: u64,
    image: Rc<Vec<u8>>,
    sizes: (u64, u64),
}

/// Begins each file: the third byte is the version of what follows.
const MARK: [u8; 4] = *b"RS1\n";

/// What is in the file between mark and checksum.
#[derive(Serialize, Deserialize)]
struct Image {
    node: NodeId,
    #[serde(with = "serde_bytes")]
    state: Vec<u8>,
    #[serde(with = "serde_bytes")]
    snapshot: Vec<u8>,
}

const CHECKSUM_BYTES: usize = 8;

impl Stable {
    /// The place of that name. Several names do not disturb each other; the name becomes a file
    /// name. Keep one `Stable` for a name and clone it: only clones wait for each other.
    #[must_use]
    pub fn named(name: &str) -> Self {
        let file = format!("{name}.stable");
        Stable(Rc::new(Inner { file, newest: RefCell::default(), durable: Rc::new(Mutex::new(0)) }))
    }

    /// What was saved last, or nothing on the first start.
    ///
    /// What is returned survives a power loss: that it can be read is not enough. A process that was killed
    /// after the rename and before the sync of the directory leaves a state in the cache that nobody was promised,
    /// and whoever acts on it now would break a promise later. So the first `load` writes it once more.
    ///
    /// # Errors
    ///
    /// When the file is not what this server saved: one that has lost its vote must not start.
    pub async fn load<S: DeserializeOwned>(&self) -> io::Result<Option<Saved<S>>> {
        let file = &self.0.file;
        let content = match fs::read(file).await {
            Ok(content) => content,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(io::Error::new(error.kind(), format!("{file} cannot be read: {error}"))),
        };
        let image = checked(&content).ok_or_else(|| {
            invalid(format!("{file} is damaged: its checksum is wrong; the disk lost or changed what was synced"))
        })?;
        let image = image
            .strip_prefix(&MARK)
            .ok_or_else(|| invalid(format!("{file} is of another version; start the server that wrote it")))?;
        let unreadable = |error| invalid(format!("{file} holds a state of another type: {error}"));
        let Image { node, state, snapshot } = postcard::from_bytes(image).map_err(unreadable)?;
        if node != node::id() {
            let own = node::id();
            return Err(invalid(format!("{file} belongs to {node}, and this is {own}; give each server its own disk")));
        }
        let state = postcard::from_bytes(&state).map_err(unreadable)?;
        let durable = self.0.durable.lock().await;
        if *durable == 0 {
            self.replace_file(&content).await?;
        }
        Ok(Some(Saved { state, snapshot }))
    }

    /// Saves a state and a snapshot, and returns when they are safe from a power loss. (Figure 2:
    /// "updated on stable storage before responding to RPCs")
    ///
    /// The state is taken at the call, not at the first `.await`. Of saves that run at the same
    /// time the newest wins, and each returns when its own state or a newer one is safe. A save
    /// whose future is dropped goes on.
    ///
    /// # Errors
    ///
    /// What the disk answered. Then the state saved before may be there, whole, or this one: the server must stop.
    pub fn save<S: Serialize>(
        &self,
        state: &S,
        snapshot: &[u8],
    ) -> impl Future<Output = io::Result<()>> + 'static + use<S> {
        let mine = self.hand_over(state, snapshot);
        let stable = self.clone();
        let task = spawn(async move { stable.write_up_to(mine).await });
        async move { task.await.unwrap_or_else(|_| Err(io::Error::other("the node is down"))) }
    }

    /// Makes this the newest state, and says which one it is.
    fn hand_over(&self, state: &impl Serialize, snapshot: &[u8]) -> u64 {
        let state = postcard::to_stdvec(state).unwrap_or_else(|error| panic!("a state's Serialize failed: {error}"));
        let sizes = (state.len() as u64, snapshot.len() as u64);
        let image = Image { node: node::id(), state, snapshot: snapshot.to_vec() };
        let mut image = postcard::to_extend(&image, MARK.to_vec()).expect("byte strings serialise");
        let checksum = fold::of_bytes(&image).to_le_bytes();
        image.extend_from_slice(&checksum);
        let mut newest = self.0.newest.borrow_mut();
        *newest = Newest { number: newest.number + 1, image: Rc::new(image), sizes };
        newest.number
    }

    async fn write_up_to(&self, mine: u64) -> io::Result<()> {
        let mut durable = self.0.durable.lock().await;
        if *durable >= mine {
            return Ok(());
        }
        let Newest { number, image, sizes: (state_bytes, snapshot_bytes) } = self.0.newest.borrow().clone();
        self.replace_file(&image).await?;
        *durable = number;
        persisted(&Persisted::State { state_bytes, snapshot_bytes });
        Ok(())
    }

    async fn replace_file(&self, content: &[u8]) -> io::Result<()> {
        let file = &self.0.file;
        let named = |error: io::Error| io::Error::new(error.kind(), format!("{file} cannot be written: {error}"));
        fs::replace(file, content).await.map(drop).map_err(named)
    }
}

/// The image, if its checksum is right.
fn checked(content: &[u8]) -> Option<&[u8]> {
    let (image, checksum) = content.split_last_chunk::<CHECKSUM_BYTES>()?;
    (fold::of_bytes(image).to_le_bytes() == *checksum).then_some(image)
}

fn invalid(message: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, message)
}

#[cfg(all(test, feature = "sim"))]
mod tests;
